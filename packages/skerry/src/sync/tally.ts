// How much of what goes to a machine has gone.

/** What is on its way. */
export interface Sending {
  /** The file that is sent now, as bytes (paths.ts). */
  readonly path: string;
  /** How many are not there yet. */
  readonly files: number;
  /** Sent, of all that was to be sent since nothing was. */
  readonly bytes: number;
  readonly of: number;
}

export class Tally {
  readonly #left = new Map<string, { size: number; sent: number }>();
  #path = '';
  #bytes = 0;
  #of = 0;

  /** Undefined where nothing is on its way. */
  get sending(): Sending | undefined {
    const [first] = this.#left.keys();
    if (first === undefined) return undefined;
    const path = this.#left.has(this.#path) ? this.#path : first;
    return { path, files: this.#left.size, bytes: this.#bytes, of: this.#of };
  }

  /** A file is to be sent. */
  add(path: string, size: number): void {
    this.done(path);
    this.#left.set(path, { size, sent: 0 });
    this.#of += size;
  }

  /** It is larger or smaller than it was. */
  resize(path: string, size: number): void {
    const file = this.#left.get(path);
    if (!file) return;
    this.#of += size - file.size;
    file.size = size;
  }

  sent(path: string, bytes: number): void {
    const file = this.#left.get(path);
    if (!file) return;
    file.sent += bytes;
    this.#bytes += bytes;
    this.#path = path;
  }

  /** It is there, or will not be. */
  done(path: string): void {
    const file = this.#left.get(path);
    if (!file) return;
    this.#left.delete(path);
    this.#bytes += file.size - file.sent;
    if (this.#left.size === 0) [this.#bytes, this.#of, this.#path] = [0, 0, ''];
  }
}
