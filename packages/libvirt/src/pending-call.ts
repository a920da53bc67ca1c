import { TimeoutError } from './errors.ts';
import type { ProcedureInfo } from './procedures.ts';
import type { LibvirtStream } from './stream.ts';

/** How long a call may take, and how to give up on it. */
export interface CallOptions {
  /**
   * Stops waiting and rejects with the signal's reason. libvirt has no cancel: the daemon goes on,
   * and the call keeps its slot on this connection until the answer comes.
   */
  readonly signal?: AbortSignal | undefined;
  /** As `signal`, but rejects with a {@link TimeoutError} after this many milliseconds. */
  readonly timeoutMs?: number | undefined;
}

/** A call from the moment it is made until its reply, which may come after the caller gave up. */
export class PendingCall {
  readonly info: ProcedureInfo;
  /** Encoded; its serial is set when it is sent. */
  readonly packet: Buffer;
  readonly stream: LibvirtStream | undefined;
  readonly promise: Promise<unknown>;
  #settled = false;
  #resolve!: (value: unknown) => void;
  #reject!: (error: unknown) => void;
  #timer: NodeJS.Timeout | undefined;
  #signal: AbortSignal | undefined;
  readonly #onAbort = (): void => this.reject(this.#signal?.reason);
  /** Called once when the caller gives up or gets an answer. */
  onSettled: () => void = () => {};

  constructor(info: ProcedureInfo, packet: Buffer, stream: LibvirtStream | undefined) {
    this.info = info;
    this.packet = packet;
    this.stream = stream;
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  /** Starts the caller's deadline. */
  watch({ signal, timeoutMs }: CallOptions): void {
    if (signal?.aborted) {
      this.reject(signal.reason);
      return;
    }
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    if (timeoutMs !== undefined && Number.isFinite(timeoutMs)) {
      const expire = (): void => this.reject(new TimeoutError(this.info.name, timeoutMs));
      this.#timer = setTimeout(expire, timeoutMs);
    }
  }

  get settled(): boolean {
    return this.#settled;
  }

  resolve(value: unknown): void {
    if (this.#settle()) this.#resolve(value);
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#reject(error);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
    this.onSettled();
    return true;
  }
}
