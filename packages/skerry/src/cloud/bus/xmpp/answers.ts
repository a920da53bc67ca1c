// The requests that are being answered, and the answers of the last minute: after a fault a request may come twice, and
// is to be done once.
import type { Element } from '../../xml/element.ts';

const KEEP_MS = 60_000;
const KEEP_LENGTH = 16 * 1024 * 1024;

interface Answered {
  readonly stanzas: readonly Element[];
  readonly length: number;
  readonly at: number;
}

export class Answers {
  readonly #running = new Map<string, AbortController>();
  /** The oldest first. */
  readonly #answered = new Map<string, Answered>();
  #length = 0;
  readonly #now: () => number;

  constructor(now: () => number = () => performance.now()) {
    this.#now = now;
  }

  /** `running`, or the answer that was given; undefined when the request is new. */
  find(from: string, id: string): 'running' | readonly Element[] | undefined {
    const key = keyOf(from, id);
    return this.#running.has(key) ? 'running' : this.#answered.get(key)?.stanzas;
  }

  begin(from: string, id: string): AbortSignal {
    const work = new AbortController();
    this.#running.set(keyOf(from, id), work);
    return work.signal;
  }

  end(from: string, id: string, stanzas: readonly Element[], length: number): void {
    const key = keyOf(from, id);
    this.#running.delete(key);
    this.#answered.set(key, { stanzas, length, at: this.#now() });
    this.#length += length;
    for (const [old, answer] of this.#answered) {
      if (this.#length <= KEEP_LENGTH && answer.at > this.#now() - KEEP_MS) break;
      this.#answered.delete(old);
      this.#length -= answer.length;
    }
  }

  /** Nobody waits for that answer, or for any answer of theirs. */
  cancel(from: string, id?: string): void {
    for (const [key, work] of this.#running)
      if (id === undefined ? key.startsWith(`${from} `) : key === keyOf(from, id)) work.abort();
  }

  cancelAll(): void {
    for (const work of this.#running.values()) work.abort();
  }
}

/** An address has no blanks. */
function keyOf(from: string, id: string): string {
  return `${from} ${id}`;
}
