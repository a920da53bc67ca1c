import type { FileHandle } from 'node:fs/promises';

const CHUNK = 4 * 2 ** 20;

/** Reads a file from front to back, in big pieces, a few bytes at a time. */
export class ByteReader {
  readonly #file: FileHandle;
  #position: number;
  #buffer: Buffer = Buffer.alloc(0);
  #at = 0;
  #isAtEnd = false;

  constructor(file: FileHandle, position: number) {
    this.#file = file;
    this.#position = position;
  }

  /** Makes `bytes` ready for the calls below; fewer only at the end of the file. Gives how many are ready. */
  async fill(bytes: number): Promise<number> {
    while (!this.#isAtEnd && this.#buffer.length - this.#at < bytes) {
      const rest = this.#buffer.subarray(this.#at);
      const buffer = Buffer.allocUnsafe(rest.length + Math.max(CHUNK, bytes));
      rest.copy(buffer);
      const { bytesRead } = await this.#file.read(
        buffer,
        rest.length,
        buffer.length - rest.length,
        this.#position,
      );
      this.#position += bytesRead;
      this.#buffer = buffer.subarray(0, rest.length + bytesRead);
      this.#at = 0;
      this.#isAtEnd = bytesRead === 0;
    }
    return this.#buffer.length - this.#at;
  }

  u8(): number {
    return this.#buffer.readUInt8(this.#advance(1));
  }

  u32(): number {
    return this.#buffer.readUInt32BE(this.#advance(4));
  }

  /** A view of the next bytes; good until the next `fill`. */
  bytes(count: number): Buffer {
    const at = this.#advance(count);
    return this.#buffer.subarray(at, at + count);
  }

  /** A page's address, and the flags in its lowest bits. */
  address(): { readonly at: number; readonly flags: number } {
    const high = this.u32();
    const low = this.u32();
    return { at: high * 2 ** 32 + (low - (low & 0xfff)), flags: low & 0xfff };
  }

  /** Text after its length in one byte. */
  name(): string {
    return this.bytes(this.u8()).toString('latin1');
  }

  #advance(count: number): number {
    const at = this.#at;
    if (at + count > this.#buffer.length) throw new RangeError('the file ends too early');
    this.#at += count;
    return at;
  }
}
