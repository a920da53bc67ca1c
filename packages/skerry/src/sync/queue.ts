/** What is written to it is read in that order, by one reader. `room` says when to write on. */
export class WriteQueue implements AsyncIterable<Buffer> {
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #ended = false;
  #wakeReader = (): void => {};
  #writers: (() => void)[] = [];
  readonly #limit: number;

  /** @param limit bytes that may wait */
  constructor(limit = 256 * 1024) {
    this.#limit = limit;
  }

  /** After the end it is thrown away. */
  push(chunk: Buffer): void {
    if (this.#ended) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
    this.#wakeReader();
  }

  /** Resolves when less than the limit waits, or nobody reads any more. */
  async room(): Promise<void> {
    while (this.#bytes > this.#limit && !this.#ended)
      await new Promise<void>((resolve) => this.#writers.push(resolve));
  }

  end(): void {
    this.#ended = true;
    this.#wakeReader();
    this.#wakeWriters();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    for (;;) {
      const next = this.#chunks.splice(0);
      if (next.length > 0) {
        const chunk = next.length === 1 && next[0] ? next[0] : Buffer.concat(next);
        yield chunk;
        this.#bytes -= chunk.length;
        this.#wakeWriters();
      } else if (this.#ended) return;
      else await new Promise<void>((resolve) => (this.#wakeReader = resolve));
    }
  }

  #wakeWriters(): void {
    for (const wake of this.#writers.splice(0)) wake();
  }
}
