import { Duplex, type DuplexOptions } from 'node:stream';
import { ProtocolError } from './errors.ts';
import { STATUS, TYPE, type Packet } from './frame.ts';
import { MAX_STREAM_CHUNK } from './limits.ts';

/** What a stream needs of its connection. */
export interface StreamPort {
  /** Sends a stream packet; the callback comes when the socket wants more. */
  send(status: number, data: Buffer, done: () => void): void;
  /** Stops or continues reading the socket: libvirt has no finer flow control. */
  pause(paused: boolean): void;
  /** Reads an error payload. */
  toError(payload: Buffer): Error;
  /** The stream will take no more packets. */
  release(): void;
}

const nothing: Buffer = Buffer.alloc(0);

/**
 * libvirt's stream as a Node Duplex (or only its readable or writable half). Reading slowly stops
 * the socket, and writing honours it. `end()` waits for the daemon's confirmation that all was
 * taken; `destroy()` aborts.
 */
export class LibvirtStream extends Duplex {
  #port: StreamPort | undefined;
  /** We have told the daemon that we are done. */
  #finishing = false;
  /** The daemon has confirmed, or failed. */
  #released = false;
  #onConfirmed: ((error?: Error | null) => void) | undefined;

  constructor(kind: 'read' | 'write' | 'both') {
    super({
      allowHalfOpen: false,
      readable: kind !== 'write',
      writable: kind !== 'read',
      readableHighWaterMark: 512 * 1024,
      writableHighWaterMark: 512 * 1024,
    } as DuplexOptions);
  }

  /** Called by the connection when the daemon's packets may arrive. */
  attach(port: StreamPort): void {
    this.#port = port;
  }

  /** Called by the connection when the daemon never opened the stream: there is nothing to abort. */
  discard(): void {
    this.#finishing = true;
    this.destroy();
  }

  /** Called by the connection for each packet of this stream. */
  receive(packet: Packet): void {
    if (packet.type === TYPE.streamHole) {
      this.#fail(new ProtocolError('the daemon sent a hole on a stream that is not sparse'));
    } else if (packet.status === STATUS.error) {
      this.#fail(this.#port?.toError(packet.payload) ?? new ProtocolError('stream failed'));
    } else if (packet.status === STATUS.ok) {
      this.#confirmed();
    } else if (packet.payload.length === 0) {
      this.#sendFinish();
    } else if (!this.destroyed && this.readable && !this.push(packet.payload)) {
      this.#port?.pause(true);
    }
  }

  override _read(): void {
    this.#port?.pause(false);
  }

  override _write(chunk: Buffer, _encoding: string, callback: () => void): void {
    const port = this.#port;
    if (port === undefined || this.#finishing) {
      callback();
      return;
    }
    const sendFrom = (offset: number): void => {
      const end = Math.min(offset + MAX_STREAM_CHUNK, chunk.length);
      const next = end < chunk.length && !this.#released ? () => sendFrom(end) : callback;
      if (this.#released) callback();
      else port.send(STATUS.continue, chunk.subarray(offset, end), next);
    };
    if (chunk.length === 0) callback();
    else sendFrom(0);
  }

  override _final(callback: (error?: Error | null) => void): void {
    if (this.#released) {
      callback();
      return;
    }
    this.#onConfirmed = callback;
    this.#sendFinish();
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    if (!this.#released && !this.#finishing) {
      this.#finishing = true;
      this.#port?.send(STATUS.error, nothing, () => {});
    }
    this.#release();
    callback(error);
  }

  #sendFinish(): void {
    if (this.#finishing) return;
    this.#finishing = true;
    this.#port?.send(STATUS.ok, nothing, () => {});
  }

  #confirmed(): void {
    this.#finishing = true;
    this.#release();
    if (this.readable && !this.destroyed) this.push(null);
    this.#onConfirmed?.();
    this.#onConfirmed = undefined;
  }

  #fail(error: Error): void {
    this.#finishing = true;
    this.#release();
    this.destroy(error);
  }

  #release(): void {
    if (this.#released) return;
    this.#released = true;
    this.#port?.pause(false);
    this.#port?.release();
  }
}
