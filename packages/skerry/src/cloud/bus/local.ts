// The bus of one process. What is sent is copied, as it would be on a wire: nobody can change another's data.
import {
  type Address,
  type BusConnection,
  BusError,
  type Follower,
  type Presence,
  type RequestHandler,
  type RequestOptions,
} from './bus.ts';
import type { Publication } from './messages.ts';
import { messageOf } from '../../util/message-of.ts';

const REQUEST_MS = 30_000;

/** A bus for all parts of one process. */
export class LocalBus {
  readonly #members = new Map<Address, LocalConnection>();

  /** @throws BusError `refused` when somebody has that address. */
  connect(address: Address): BusConnection {
    if (this.#members.has(address))
      throw new BusError('refused', `'${address}' is on the bus already`);
    const connection = new LocalConnection(address, this.#members);
    this.#members.set(address, connection);
    connection.announce('here');
    return connection;
  }
}

class LocalConnection implements BusConnection {
  readonly address: Address;
  readonly #members: Map<Address, LocalConnection>;
  #handler: RequestHandler | undefined;
  readonly #followers: Follower[] = [];
  readonly #gone = new AbortController();

  constructor(address: Address, members: Map<Address, LocalConnection>) {
    this.address = address;
    this.#members = members;
  }

  get connected(): boolean {
    return !this.#gone.signal.aborted;
  }

  async request(to: Address, body: unknown, options: RequestOptions = {}): Promise<unknown> {
    options.signal?.throwIfAborted();
    const other = this.#members.get(to);
    if (!this.connected) throw new BusError('closed', 'this connection was closed');
    if (!other) throw new BusError('unreachable', `${to} is not on the bus`);
    const timeoutMs = options.timeoutMs ?? REQUEST_MS;
    const deadline = AbortSignal.timeout(timeoutMs);
    const ends = [deadline, this.#gone.signal, other.#gone.signal];
    const signal = AbortSignal.any(options.signal ? [...ends, options.signal] : ends);
    const work = other.#answer(structuredClone(body), this.address, signal);
    return Promise.race([work, endOf(signal)]).catch((error: unknown) => {
      options.signal?.throwIfAborted();
      if (!this.connected) throw new BusError('closed', 'this connection was closed');
      if (other.#gone.signal.aborted) throw new BusError('unreachable', `${to} has gone`);
      if (deadline.aborted)
        throw new BusError('timeout', `${to} did not answer within ${timeoutMs / 1000} s`);
      throw error;
    });
  }

  serve(handler: RequestHandler): void {
    this.#handler = handler;
  }

  publish(publication: Publication): void {
    if (!this.connected) return;
    for (const other of this.#others())
      for (const follower of other.#followers)
        later(() => follower.onPublication(this.address, structuredClone(publication)));
  }

  follow(follower: Follower): void {
    this.#followers.push(follower);
    for (const { address } of this.#others()) later(() => follower.onPresence(address, 'here'));
  }

  announce(presence: Presence): void {
    for (const other of this.#others())
      for (const follower of other.#followers)
        later(() => follower.onPresence(this.address, presence));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.connected) return;
    this.#gone.abort();
    this.#members.delete(this.address);
    this.announce('gone');
  }

  #others(): LocalConnection[] {
    return [...this.#members.values()].filter((member) => member !== this);
  }

  async #answer(body: unknown, from: Address, signal: AbortSignal): Promise<unknown> {
    if (!this.#handler) throw new BusError('unreachable', `${this.address} answers nothing`);
    try {
      return structuredClone(await this.#handler(body, { address: from }, signal));
    } catch (error) {
      throw new BusError('refused', messageOf(error));
    }
  }
}

/** In a turn of its own, in order: a follower that throws hurts nobody else. */
function later(run: () => void): void {
  queueMicrotask(run);
}

function endOf(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
  });
}
