import type { Duplex } from 'node:stream';
import { encodeHeader, encodePacket, type Header } from './frame.ts';

/** Data of this size is sent from where it is. */
const WORTH_NO_COPY = 4096;

/** Puts packets on a byte stream, as few system calls as can be. */
export class PacketSender {
  readonly #socket: Duplex;
  #waiting: Buffer[] = [];

  constructor(socket: Duplex) {
    this.#socket = socket;
  }

  /** What is sent within one turn goes out in one write: each costs a system call and a wake-up. */
  send(packet: Buffer): void {
    if (this.#waiting.push(packet) === 1) process.nextTick(this.#flush);
  }

  /** Sends a stream's packet at once, after all that waits. `done` comes when there is room for more. */
  sendData(header: Header, data: Buffer, done: () => void): void {
    this.#flush();
    if (data.length < WORTH_NO_COPY) {
      this.#socket.write(encodePacket(header, data), () => done());
      return;
    }
    // Header and data go out together, and the data is not copied: it is ours until `done`.
    this.#socket.cork();
    this.#socket.write(encodeHeader(header, data.length));
    this.#socket.write(data, () => done());
    this.#socket.uncork();
  }

  readonly #flush = (): void => {
    const packets = this.#waiting;
    const [first] = packets;
    if (first === undefined || this.#socket.destroyed) return;
    this.#waiting = [];
    this.#socket.write(packets.length === 1 ? first : Buffer.concat(packets));
  };
}
