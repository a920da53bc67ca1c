// The supervisor's part of the guest channel: a virtio port takes one connection, so all commands on one machine share
// it. Their frames are numbered here; credit is counted at the ends.
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { nobodyListens } from '../util/nobody-listens.ts';
import { IS_OFF } from '../util/why-away.ts';
import { FRAME, formatFrame, FrameReader, MAGIC } from './frames.ts';

interface Waiting {
  readonly resolve: () => void;
  readonly reject: (reason: Error) => void;
}

/** The connection to one machine's port. It ends with the machine. */
export class GuestRelay {
  readonly #port: Socket;
  readonly #clients = new Map<number, Duplex>();
  readonly #waiting = new Set<Waiting>();
  #next = 1;
  #instance: string | undefined;

  /** @param path the unix socket QEMU listens on; `onEnd` is called once, when the machine is gone */
  constructor(path: string, onEnd: () => void) {
    const reader = new FrameReader(false);
    this.#port = connect(path);
    // The guest answers when its helper is there: QEMU keeps this for it until then.
    this.#port.write(MAGIC);
    this.#port.on('data', (chunk: Buffer) => {
      for (const { session, type, payload } of reader.push(chunk)) {
        if (type === FRAME.hello) this.#hello(payload.toString('latin1'));
        else if (type === FRAME.bye) this.#bye();
        else this.#deliver(session, type, payload);
      }
    });
    this.#port.on('drain', () => {
      for (const client of this.#clients.values()) client.resume();
    });
    let reason = new Error('the machine ended');
    this.#port.on('error', (error) => {
      reason = nobodyListens(error) ? new Error(IS_OFF, { cause: error }) : error;
    });
    this.#port.on('close', () => {
      onEnd();
      this.#drop();
      for (const { reject } of this.#waiting) reject(reason);
    });
  }

  /** Whether the machine has ended; of no use any more then. */
  get ended(): boolean {
    return this.#port.destroyed;
  }

  /** Resolves when the guest's helper is there, however long that takes; rejects when the machine ends first. */
  ready(): Promise<void> {
    if (this.#instance !== undefined) return Promise.resolve();
    if (this.#port.destroyed) return Promise.reject(new Error('the machine ended'));
    return new Promise((resolve, reject) => {
      this.#waiting.add({ resolve, reject });
    });
  }

  /** Carries the frames of one command. When either side goes, so does the other: the guest kills the command. */
  attach(client: Duplex, head: Buffer): void {
    const session = this.#next++;
    const reader = new FrameReader(true);
    this.#clients.set(session, client);
    const onData = (chunk: Buffer): void => {
      for (const { type, payload } of reader.push(chunk))
        if (!this.#port.write(formatFrame(session, type, payload))) client.pause();
    };
    client.on('error', () => {});
    // A server's sockets stay half open otherwise.
    client.on('end', () => client.destroy());
    client.on('close', () => {
      if (this.#clients.delete(session)) this.#port.write(formatFrame(session, FRAME.close));
    });
    if (head.length > 0) onData(head);
    client.on('data', onData);
  }

  #hello(instance: string): void {
    if (instance !== this.#instance) {
      // A helper that began anew, perhaps in a machine that did, knows nothing of what the old one ran, and listens only
      // after the magic word.
      this.#drop();
      this.#port.write(MAGIC);
    }
    this.#instance = instance;
    for (const { resolve } of this.#waiting) resolve();
    this.#waiting.clear();
  }

  #bye(): void {
    this.#instance = undefined;
    this.#drop();
  }

  #deliver(session: number, type: number, payload: Buffer): void {
    const client = this.#clients.get(session);
    if (!client) return;
    client.write(formatFrame(0, type, payload));
    if (type !== FRAME.exit) return;
    this.#clients.delete(session);
    client.end();
  }

  #drop(): void {
    for (const client of this.#clients.values()) client.destroy();
    this.#clients.clear();
  }
}
