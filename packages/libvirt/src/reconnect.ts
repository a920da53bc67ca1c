import { setTimeout as delay } from 'node:timers/promises';
import { ConnectionClosedError, TimeoutError } from './errors.ts';
import type { Packet } from './frame.ts';
import type { CallOptions } from './pending-call.ts';
import type { Procedure, ProcedureResult } from './procedures.ts';
import type { CallArgs, RpcClient } from './rpc-client.ts';

/** What a connection needs of its wire: one client, or a series of them. */
export interface Link {
  /** Settles with the reason when it is gone for good; never rejects. */
  readonly closed: Promise<ConnectionClosedError>;
  readonly closeError: ConnectionClosedError | undefined;
  onMessage: (packet: Packet) => void;
  call<P extends Procedure>(
    name: P,
    args: CallArgs<P>,
    options?: CallOptions,
  ): Promise<ProcedureResult<P>>;
  /** Resolves when there is a connection. */
  ready(options: CallOptions): Promise<unknown>;
  /** Ends what is connected now as lost. */
  fail(reason: string): void;
  close(): Promise<void>;
}

/** How to get a lost connection back. */
export interface ReconnectOptions {
  /** Wait this long before the first try, twice as long before each further one. Default 100. */
  readonly initialDelayMs?: number;
  /** The longest wait between two tries. Default 5000. */
  readonly maxDelayMs?: number;
  /** Give up when there was no connection for this long. Default 300000, five minutes. */
  readonly giveUpMs?: number;
}

/** Makes the next client. */
export type Redialer = (signal: AbortSignal) => Promise<RpcClient>;

/**
 * A series of clients. When one is lost its calls are rejected, since nobody knows whether the
 * daemon has carried them out; later calls wait for the next client.
 */
export class ReconnectingClient implements Link {
  readonly #redial: Redialer;
  readonly #options: Required<ReconnectOptions>;
  readonly #closed = Promise.withResolvers<ConnectionClosedError>();
  readonly #stop = new AbortController();
  #current: RpcClient | undefined;
  #next = Promise.withResolvers<RpcClient>();
  #closeError: ConnectionClosedError | undefined;
  onMessage: (packet: Packet) => void = () => {};
  /** Prepares a new client before any call may use it. */
  onReconnected: (client: RpcClient) => Promise<void> = async () => {};

  constructor(first: RpcClient, redial: Redialer, options: ReconnectOptions) {
    const { initialDelayMs = 100, maxDelayMs = 5000, giveUpMs = 300_000 } = options;
    this.#redial = redial;
    this.#options = { initialDelayMs, maxDelayMs, giveUpMs };
    this.#adopt(first);
    void this.#keepConnected(first);
  }

  get closed(): Promise<ConnectionClosedError> {
    return this.#closed.promise;
  }

  get closeError(): ConnectionClosedError | undefined {
    return this.#closeError;
  }

  async call<P extends Procedure>(
    name: P,
    args: CallArgs<P>,
    options: CallOptions = {},
  ): Promise<ProcedureResult<P>> {
    const alive = this.#alive();
    if (alive !== undefined) return alive.call(name, args, options);
    using deadline = new Deadline(name, options);
    const client = await this.#wait(deadline.signal);
    return await client.call(name, args, { signal: deadline.signal });
  }

  async ready(options: CallOptions): Promise<void> {
    if (this.#alive() !== undefined) return;
    using deadline = new Deadline('connecting again', options);
    await this.#wait(deadline.signal);
  }

  fail(reason: string): void {
    this.#current?.fail(reason);
  }

  async close(): Promise<void> {
    if (this.#closeError === undefined) {
      this.#end(new ConnectionClosedError('closed by this client', true));
    }
    await this.#current?.close();
  }

  #alive(): RpcClient | undefined {
    return this.#current?.closeError === undefined ? this.#current : undefined;
  }

  async #wait(signal: AbortSignal): Promise<RpcClient> {
    if (this.#closeError !== undefined) throw this.#closeError;
    signal.throwIfAborted();
    // A client that is lost is replaced in a moment, when `closed` has been noticed.
    const next = this.#current === undefined ? this.#next : this.#lost();
    const { promise, reject } = Promise.withResolvers<never>();
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await Promise.race([next.promise, promise]);
    } finally {
      signal.removeEventListener('abort', onAbort);
    }
  }

  #lost(): PromiseWithResolvers<RpcClient> {
    this.#current = undefined;
    this.#next = Promise.withResolvers();
    this.#next.promise.catch(() => {}); // It may be that nobody waits.
    return this.#next;
  }

  #adopt(client: RpcClient): void {
    this.#current = client;
    this.#next.resolve(client);
  }

  async #keepConnected(first: RpcClient): Promise<void> {
    first.onMessage = (packet) => this.onMessage(packet);
    for (let client: RpcClient | undefined = first; client !== undefined;) {
      const reason: ConnectionClosedError = await client.closed;
      if (this.#closeError !== undefined) return;
      if (this.#current !== undefined) this.#lost();
      client = await this.#reconnect(reason);
    }
  }

  /** Tries until there is a client, or it takes too long, or we are closed. */
  async #reconnect(reason: ConnectionClosedError): Promise<RpcClient | undefined> {
    const { initialDelayMs, maxDelayMs, giveUpMs } = this.#options;
    const end = performance.now() + giveUpMs;
    let cause: unknown = reason;
    for (let tries = 0; ; tries++) {
      const longest = Math.min(maxDelayMs, initialDelayMs * 2 ** tries);
      // Many clients of a daemon that restarts should not all come back at the same instant.
      const pause = longest * (0.5 + Math.random() / 2);
      if (performance.now() + pause >= end) break;
      try {
        await delay(pause, undefined, { signal: this.#stop.signal });
        const leftMs = Math.ceil(end - performance.now());
        if (leftMs <= 0) break;
        return await this.#tryOnce(AbortSignal.timeout(leftMs));
      } catch (error) {
        if (this.#closeError !== undefined) return undefined;
        cause = error;
      }
    }
    const message = `${reason.message}; no new connection within ${giveUpMs} ms`;
    this.#end(new ConnectionClosedError(message, false, { cause }));
    return undefined;
  }

  async #tryOnce(timeout: AbortSignal): Promise<RpcClient> {
    const client = await this.#redial(AbortSignal.any([this.#stop.signal, timeout]));
    client.onMessage = (packet) => this.onMessage(packet);
    try {
      await this.onReconnected(client);
      if (client.closeError !== undefined) throw client.closeError;
      this.#stop.signal.throwIfAborted();
    } catch (error) {
      client.fail('it could not be prepared', { cause: error });
      throw error;
    }
    this.#adopt(client);
    return client;
  }

  #end(error: ConnectionClosedError): void {
    this.#closeError = error;
    this.#stop.abort(error);
    this.#next.reject(error);
    this.#closed.resolve(error);
  }
}

/** A caller's signal and time limit as one signal, for what takes several steps. */
class Deadline {
  readonly signal: AbortSignal;
  readonly #timer: NodeJS.Timeout | undefined;

  constructor(what: string, { signal, timeoutMs }: CallOptions) {
    const expired = new AbortController();
    if (timeoutMs !== undefined && Number.isFinite(timeoutMs)) {
      const expire = (): void => expired.abort(new TimeoutError(what, timeoutMs));
      this.#timer = setTimeout(expire, timeoutMs);
    }
    this.signal = signal ? AbortSignal.any([signal, expired.signal]) : expired.signal;
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
  }
}
