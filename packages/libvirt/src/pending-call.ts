import { TimeoutError } from './errors.ts';
import { encodePacket, STATUS, TYPE } from './frame.ts';
import type { ProcedureInfo } from './procedures.ts';
import { writeFields } from './schema.ts';
import type { LibvirtStream } from './stream.ts';
import { XdrWriter } from './xdr.ts';

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

const argumentWriter = new XdrWriter();

/** A call from the moment it is made until its reply, which may come after the caller gave up. */
export class PendingCall {
  readonly info: ProcedureInfo;
  /** Encoded; its serial is set when it is sent. */
  readonly packet: Buffer;
  readonly stream: LibvirtStream | undefined;
  readonly #answer = Promise.withResolvers<unknown>();
  #settled = false;
  #timer: NodeJS.Timeout | undefined;
  #unwatch: (() => void) | undefined;
  /** Called once when the caller gives up or gets an answer. */
  onSettled: (() => void) | undefined;

  constructor(info: ProcedureInfo, args: object, stream: LibvirtStream | undefined) {
    this.info = info;
    this.packet = encodeCall(info, args);
    this.stream = stream;
  }

  get promise(): Promise<unknown> {
    return this.#answer.promise;
  }

  /** Starts the caller's deadline. */
  watch({ signal, timeoutMs }: CallOptions): void {
    if (signal?.aborted) {
      this.reject(signal.reason);
      return;
    }
    if (signal !== undefined) {
      const onAbort = (): void => this.reject(signal.reason);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#unwatch = () => signal.removeEventListener('abort', onAbort);
    }
    if (timeoutMs !== undefined && Number.isFinite(timeoutMs)) {
      const expire = (): void => this.reject(new TimeoutError(this.info.name, timeoutMs));
      this.#timer = setTimeout(expire, timeoutMs);
    }
  }

  get settled(): boolean {
    return this.#settled;
  }

  resolve(value: unknown): void {
    if (this.#settle()) this.#answer.resolve(value);
  }

  reject(error: unknown): void {
    if (this.#settle()) this.#answer.reject(error);
  }

  #settle(): boolean {
    if (this.#settled) return false;
    this.#settled = true;
    clearTimeout(this.#timer);
    this.#unwatch?.();
    this.onSettled?.();
    return true;
  }
}

/** A call without its serial. */
function encodeCall({ program, number, args }: ProcedureInfo, values: object): Buffer {
  argumentWriter.clear();
  writeFields(argumentWriter, args, values);
  const header = { program, procedure: number, type: TYPE.call, serial: 0, status: STATUS.ok };
  return encodePacket(header, argumentWriter.bytes);
}
