import type { ConnectionClosedError } from './errors.ts';
import type { LibvirtEvent } from './event-types.ts';

/** A subscription: iterate it with `for await`; leaving the loop unsubscribes. */
export interface EventStream<E extends LibvirtEvent = LibvirtEvent>
  extends AsyncIterableIterator<E, undefined, undefined>, AsyncDisposable {
  /** Unsubscribes; a waiting loop ends. */
  close(): Promise<void>;
}

/** One listener's events between the socket and the reader's loop. */
export class EventQueue implements EventStream {
  readonly #limit: number;
  readonly #wants: (event: LibvirtEvent) => boolean;
  readonly #onClose: () => Promise<void>;
  readonly #waiting: PromiseWithResolvers<IteratorResult<LibvirtEvent, undefined>>[] = [];
  #events: LibvirtEvent[] = [];
  #dropped = 0;
  #ended = false;
  #error: Error | undefined;
  #closing: Promise<void> | undefined;

  constructor(
    limit: number,
    wants: (event: LibvirtEvent) => boolean,
    onClose: () => Promise<void>,
  ) {
    this.#limit = limit;
    this.#wants = wants;
    this.#onClose = onClose;
  }

  /** Adds an event. A reader that fell behind loses what it has, and is told so. */
  push(event: LibvirtEvent): void {
    if (this.#ended || !this.#wants(event)) return;
    const reader = this.#waiting.shift();
    if (reader !== undefined) {
      reader.resolve({ done: false, value: event });
      return;
    }
    if (this.#events.length >= this.#limit) {
      this.#dropped += this.#events.length;
      this.#events = [];
    }
    this.#events.push(event);
  }

  /** The connection is gone. What was received before can still be read. */
  end(error: ConnectionClosedError): void {
    if (this.#ended) return;
    this.#ended = true;
    if (!error.intended) this.#error = error;
    this.#flush();
  }

  async next(): Promise<IteratorResult<LibvirtEvent, undefined>> {
    if (this.#dropped > 0) {
      const dropped = this.#dropped;
      this.#dropped = 0;
      return { done: false, value: { type: 'resync', reason: 'overflow', dropped } };
    }
    const event = this.#events.shift();
    if (event !== undefined) return { done: false, value: event };
    const reader = Promise.withResolvers<IteratorResult<LibvirtEvent, undefined>>();
    this.#waiting.push(reader);
    if (this.#ended) this.#flush();
    return reader.promise;
  }

  async return(): Promise<IteratorResult<LibvirtEvent, undefined>> {
    await this.close();
    return { done: true, value: undefined };
  }

  close(): Promise<void> {
    this.#ended = true;
    this.#events = [];
    this.#dropped = 0;
    this.#error = undefined;
    this.#flush();
    this.#closing ??= this.#onClose();
    return this.#closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #flush(): void {
    for (const reader of this.#waiting.splice(0)) {
      const error = this.#error;
      this.#error = undefined;
      if (error === undefined) reader.resolve({ done: true, value: undefined });
      else reader.reject(error);
    }
  }
}
