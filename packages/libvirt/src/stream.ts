import { Duplex, type DuplexOptions } from 'node:stream';
import { ProtocolError } from './errors.ts';
import { STATUS, TYPE, type Packet } from './frame.ts';
import { MAX_STREAM_CHUNK } from './limits.ts';

/** A run of zeros that is not sent. What a sparse stream gives and takes between its data. */
export interface Hole {
  readonly holeBytes: number;
}

export interface StreamOptions {
  readonly kind: 'read' | 'write' | 'both';
  /** Holes are told apart from data; the stream is then one of Buffers and {@link Hole}s. */
  readonly sparse?: boolean | undefined;
}

type WriteCallback = (error?: Error | null) => void;

/** What a stream needs of its connection. */
export interface StreamPort {
  /** Sends data or a change of status; the callback comes when the socket wants more. */
  send(status: number, data: Buffer, done: () => void): void;
  sendHole(payload: Buffer, done: () => void): void;
  /** Stops or continues reading the socket: libvirt has no finer flow control. */
  pause(paused: boolean): void;
  /** Reads an error payload. */
  toError(payload: Buffer): Error;
  /** The stream will take no more packets. */
  release(): void;
}

const nothing: Buffer = Buffer.alloc(0);
/** Bytes, or with holes packets, that may wait for a reader or for the socket. */
const BYTES_AHEAD = 512 * 1024;
const PACKETS_AHEAD = 8;
const HOLE_SIZE = 12;

/**
 * libvirt's stream as a Node Duplex (or only its readable or writable half). Reading slowly stops
 * the socket, and writing honours it. `end()` waits for the daemon's confirmation that all was
 * taken; `destroy()` aborts. For web streams use `Duplex.toWeb(stream)`.
 */
export class LibvirtStream extends Duplex {
  #port: StreamPort | undefined;
  /** We have told the daemon that we are done. */
  #finishing = false;
  /** The daemon has confirmed, or failed. */
  #released = false;
  #onConfirmed: WriteCallback | undefined;
  readonly #sparse: boolean;

  constructor({ kind, sparse = false }: StreamOptions) {
    super({
      allowHalfOpen: false,
      readable: kind !== 'write',
      writable: kind !== 'read',
      objectMode: sparse,
      readableHighWaterMark: sparse ? PACKETS_AHEAD : BYTES_AHEAD,
      writableHighWaterMark: sparse ? PACKETS_AHEAD : BYTES_AHEAD,
    } as DuplexOptions);
    this.#sparse = sparse;
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
      this.#receiveHole(packet);
    } else if (packet.status === STATUS.error) {
      this.#fail(this.#port?.toError(packet.payload) ?? new ProtocolError('stream failed'));
    } else if (packet.status === STATUS.ok) {
      this.#confirmed();
    } else if (packet.payload.length === 0) {
      this.#sendFinish();
    } else {
      this.#give(packet.payload);
    }
  }

  #receiveHole({ payload }: Packet): void {
    const size = payload.length === HOLE_SIZE ? payload.readBigInt64BE(0) : -1n;
    if (!this.#sparse) {
      this.#fail(new ProtocolError('the daemon sent a hole on a stream that is not sparse'));
    } else if (size < 0n || size > BigInt(Number.MAX_SAFE_INTEGER)) {
      this.#fail(new ProtocolError(`the daemon sent a hole of ${size} bytes`));
    } else if (size > 0n) {
      this.#give({ holeBytes: Number(size) });
    }
  }

  #give(chunk: Buffer | Hole): void {
    if (!this.destroyed && this.readable && !this.push(chunk)) this.#port?.pause(true);
  }

  override _read(): void {
    this.#port?.pause(false);
  }

  override _write(chunk: Buffer | Hole, _encoding: string, callback: WriteCallback): void {
    this.#sendAll([chunk], callback);
  }

  /** What has piled up goes out at once, so that the daemon never waits for the next packet. */
  override _writev(chunks: { readonly chunk: Buffer | Hole }[], callback: WriteCallback): void {
    this.#sendAll(
      chunks.map(({ chunk }) => chunk),
      callback,
    );
  }

  #sendAll(chunks: readonly (Buffer | Hole)[], callback: WriteCallback): void {
    let waiting = 1;
    const done = (): void => {
      if (--waiting === 0) callback();
    };
    for (const piece of chunks.flatMap(piecesOf)) {
      if (this.#port === undefined || this.#finishing || this.#released) break;
      if (Buffer.isBuffer(piece)) {
        waiting += 1;
        this.#port.send(STATUS.continue, piece, done);
      } else if (Number.isSafeInteger(piece.holeBytes) && piece.holeBytes >= 0) {
        waiting += 1;
        this.#port.sendHole(encodeHole(piece), done);
      } else {
        callback(new ProtocolError('a sparse stream takes Buffers and { holeBytes: number }'));
        return;
      }
    }
    done();
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

/** A chunk in pieces that a packet may hold; of an empty one none: an empty packet means the end. */
function piecesOf(chunk: Buffer | Hole): (Buffer | Hole)[] {
  if (!Buffer.isBuffer(chunk)) return chunk.holeBytes === 0 ? [] : [chunk];
  const pieces: Buffer[] = [];
  for (let at = 0; at < chunk.length; at += MAX_STREAM_CHUNK) {
    pieces.push(chunk.subarray(at, at + MAX_STREAM_CHUNK));
  }
  return pieces;
}

/** The length, then flags: none. */
function encodeHole({ holeBytes }: Hole): Buffer {
  const payload = Buffer.alloc(HOLE_SIZE);
  payload.writeBigInt64BE(BigInt(holeBytes), 0);
  return payload;
}
