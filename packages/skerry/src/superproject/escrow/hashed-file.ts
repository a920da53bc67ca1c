import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

const BUFFER = 1024 * 1024;

/** A file that is written from its beginning to its end, and hashed on the way. */
export class HashedFile implements AsyncDisposable {
  readonly #file: FileHandle;
  readonly #hash = createHash('sha256');
  #pieces: Buffer[] = [];
  #waiting = 0;
  #size = 0;

  private constructor(file: FileHandle) {
    this.#file = file;
  }

  static async create(path: string): Promise<HashedFile> {
    return new HashedFile(await open(path, 'wx'));
  }

  get size(): number {
    return this.#size;
  }

  async write(piece: Buffer): Promise<void> {
    this.#hash.update(piece);
    this.#size += piece.length;
    this.#pieces.push(piece);
    this.#waiting += piece.length;
    if (this.#waiting >= BUFFER) await this.#flush();
  }

  /** Puts all of it on the disk, and gives its SHA-256. */
  async finish(): Promise<string> {
    await this.#flush();
    await this.#file.sync();
    return this.#hash.digest('hex');
  }

  async #flush(): Promise<void> {
    if (this.#waiting > 0) await this.#file.writeFile(Buffer.concat(this.#pieces));
    this.#pieces = [];
    this.#waiting = 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#file.close();
  }
}
