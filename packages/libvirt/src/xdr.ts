import { ProtocolError } from './errors.ts';
import { MAX_PACKET, MAX_STRING } from './limits.ts';
import { writeUuid } from './uuid.ts';

/** A writer that is used again keeps no more than this. */
const KEPT = 64 * 1024;
/** Up to this length a string is written faster by hand than by several native calls. */
const SHORT = 64;

/** Appends XDR values (RFC 4506: big-endian, padded to 4 bytes) to a growing buffer. */
export class XdrWriter {
  #buffer: Buffer = Buffer.allocUnsafe(256);
  #length = 0;

  /** A view of what was written; valid until the next write. */
  get bytes(): Buffer {
    return this.#buffer.subarray(0, this.#length);
  }

  /** Starts over. */
  clear(): void {
    this.#length = 0;
    if (this.#buffer.length > KEPT) this.#buffer = Buffer.allocUnsafe(256);
  }

  int(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeInt32BE(value, at);
  }

  uint(value: number): void {
    const at = this.#reserve(4);
    this.#buffer.writeUInt32BE(value, at);
  }

  hyper(value: bigint): void {
    const at = this.#reserve(8);
    this.#buffer.writeBigInt64BE(value, at);
  }

  uhyper(value: bigint): void {
    const at = this.#reserve(8);
    this.#buffer.writeBigUInt64BE(value, at);
  }

  double(value: number): void {
    const at = this.#reserve(8);
    this.#buffer.writeDoubleBE(value, at);
  }

  /** Refuses NUL: the daemon would cut the string there, and act on another object than asked. */
  string(value: string): void {
    if (value.length <= SHORT && this.#shortAscii(value)) return;
    if (value.includes('\0')) throw new ProtocolError('a string argument contains a NUL character');
    if (!value.isWellFormed()) throw new ProtocolError('a string argument has a lone surrogate');
    const size = Buffer.byteLength(value);
    if (size > MAX_STRING) {
      throw new ProtocolError(
        `a string argument is ${size} bytes long; the limit is ${MAX_STRING}`,
      );
    }
    this.uint(size);
    const at = this.#reserve(padded(size));
    this.#buffer.write(value, at, 'utf8');
    this.#buffer.fill(0, at + size, this.#length);
  }

  /** Writes nothing and returns false when there is another character than 1 to 127. */
  #shortAscii(value: string): boolean {
    const size = value.length;
    const at = this.#reserve(4 + padded(size));
    const buffer = this.#buffer;
    for (let i = 0; i < size; i++) {
      const code = value.charCodeAt(i);
      if (code === 0 || code > 127) {
        this.#length = at;
        return false;
      }
      buffer[at + 4 + i] = code;
    }
    buffer.writeUInt32BE(size, at);
    for (let end = at + 4 + size; end < this.#length; end++) buffer[end] = 0;
    return true;
  }

  opaque(value: Uint8Array): void {
    this.uint(value.length);
    this.fixedOpaque(value);
  }

  fixedOpaque(value: Uint8Array): void {
    const at = this.#reserve(padded(value.length));
    this.#buffer.set(value, at);
    this.#buffer.fill(0, at + value.length, this.#length);
  }

  uuid(value: string): void {
    const at = this.#reserve(16);
    writeUuid(value, this.#buffer, at);
  }

  #reserve(size: number): number {
    const at = this.#length;
    const needed = at + size;
    if (needed > MAX_PACKET) throw new ProtocolError(`the arguments exceed ${MAX_PACKET} bytes`);
    if (needed > this.#buffer.length) {
      const grown = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
      this.#buffer.copy(grown, 0, 0, at);
      this.#buffer = grown;
    }
    this.#length = needed;
    return at;
  }
}

/** Reads XDR values and never past the end; every claim of a length is checked before use. */
export class XdrReader {
  readonly #bytes: Buffer;
  #offset = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  get remaining(): number {
    return this.#bytes.length - this.#offset;
  }

  int(): number {
    return this.#bytes.readInt32BE(this.#take(4));
  }

  uint(): number {
    return this.#bytes.readUInt32BE(this.#take(4));
  }

  hyper(): bigint {
    return this.#bytes.readBigInt64BE(this.#take(8));
  }

  uhyper(): bigint {
    return this.#bytes.readBigUInt64BE(this.#take(8));
  }

  double(): number {
    return this.#bytes.readDoubleBE(this.#take(8));
  }

  /** Decodes loosely: names that are not UTF-8 must not make a whole list unreadable. */
  string(): string {
    const size = this.uint();
    if (size > MAX_STRING) throw new ProtocolError(`string of ${size} bytes exceeds the limit`);
    const at = this.#take(padded(size));
    return this.#bytes.toString('utf8', at, at + size);
  }

  /** A copy, so that a small value does not keep a large packet alive. */
  opaque(): Buffer {
    return this.fixedOpaque(this.uint());
  }

  fixedOpaque(size: number): Buffer {
    const at = this.#take(padded(size));
    return Buffer.from(this.#bytes.subarray(at, at + size));
  }

  /** An array's count, checked against what the rest of the packet could hold. */
  count(minItemSize: number): number {
    const count = this.uint();
    if (count * minItemSize > this.remaining) {
      throw new ProtocolError(`array of ${count} items does not fit in ${this.remaining} bytes`);
    }
    return count;
  }

  #take(size: number): number {
    const at = this.#offset;
    if (size > this.#bytes.length - at) {
      throw new ProtocolError(`packet ends ${size - (this.#bytes.length - at)} bytes too early`);
    }
    this.#offset = at + size;
    return at;
  }
}

function padded(size: number): number {
  // Not `& ~3`: that turns sizes from 2^31 on, which a bad packet may claim, negative.
  return Math.ceil(size / 4) * 4;
}
