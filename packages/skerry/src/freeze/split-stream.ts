// QEMU's migration stream, taken apart: the guest's memory becomes a file that QEMU can map, and what is left, which is
// small, a stream of devices only. Thawing then reads next to nothing, and machines thawed from one file share it in
// the page cache.
//
// The stream (QEMU 2.4 and later): magic word and version; the machine's type; then the memory, in one section that
// begins, goes on in parts and ends; then devices, whose lengths nobody can tell. All of the memory comes before them.
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { ByteReader } from './byte-reader.ts';
import { hashExtents, mergeExtents } from './extents.ts';

const MAGIC = 0x5145564d;
const VERSION = 3;
const SECTION = { start: 1, part: 2, end: 3, configuration: 7, footer: 0x7e } as const;
/** The low bits of the address that begins each record of memory. */
const FLAG = { zero: 0x02, sizes: 0x04, page: 0x08, end: 0x10, sameBlock: 0x20 } as const;
const PAGE = 4096;
/** At least the longest record: address, block's name, page. */
const RECORD = 8 + 256 + PAGE;
const RUN_BYTES = 2 ** 20;

/** The stream is none that this code knows: of another QEMU, cut off, or no stream. */
export class StreamError extends Error {
  override readonly name = 'StreamError';
}

export interface SplitOptions {
  readonly source: FileHandle;
  /** Where in `source` QEMU's stream begins. */
  readonly offset: number;
  /** Of the machine; tells its block of memory from those of its firmware. */
  readonly memoryBytes: number;
  /** What that block is called in `state`: the id of the backend that will have it. */
  readonly blockName: string;
  /** New files. */
  readonly memory: FileHandle;
  readonly state: FileHandle;
  readonly signal?: AbortSignal | undefined;
}

export interface SplitResult {
  /** What was written to `memory`: offsets and lengths, in turns, in bytes. */
  readonly extents: readonly number[];
  /** SHA-256 of those, one after the other. */
  readonly memorySha256: string;
}

/** Fills `memory`, with holes where it is zero, and `state`. @throws StreamError */
export async function splitStream(options: SplitOptions): Promise<SplitResult> {
  await options.memory.truncate(options.memoryBytes);
  try {
    const splitter = new Splitter(options);
    await splitter.run();
    return await splitter.result();
  } catch (error) {
    if (error instanceof RangeError) throw new StreamError('it ends too early', { cause: error });
    throw error;
  }
}

class Splitter {
  readonly #options: SplitOptions;
  readonly #reader: ByteReader;
  /** Pages of the firmware's blocks. */
  readonly #kept: Buffer[] = [];
  readonly #extents: number[] = [];
  readonly #hash = createHash('sha256');
  #mainBlock: string | undefined;
  #block = '';
  #run: Buffer = Buffer.allocUnsafe(RUN_BYTES);
  #runStart = 0;
  #runBytes = 0;
  /** Where the furthest page ends: one before it may be there already. */
  #end = 0;
  /** QEMU sends pages again that were written to meanwhile. */
  #isRepeating = false;

  constructor(options: SplitOptions) {
    this.#options = options;
    this.#reader = new ByteReader(options.source, options.offset);
  }

  async run(): Promise<void> {
    const { state, signal } = this.#options;
    const head = await this.#head();
    const { id, sizes } = await this.#sizes();
    for (let type = 0; type !== SECTION.end;) {
      await this.#reader.fill(RECORD);
      type = this.#reader.u8();
      if (type !== SECTION.part && type !== SECTION.end)
        throw new StreamError(`a section of type ${type} within the memory`);
      expectEqual('section', this.#reader.u32(), id);
      await this.#pages();
      await this.#footer(id);
      signal?.throwIfAborted();
    }
    await this.#flush();
    const end = [u8(SECTION.end), u32(id), ...this.#kept, address(0, FLAG.end), footer(id)];
    await state.write(Buffer.concat([head, sizes, ...end]));
    for (let left = await this.#reader.fill(1); left > 0; left = await this.#reader.fill(1))
      await state.write(Buffer.from(this.#reader.bytes(left)));
  }

  async result(): Promise<SplitResult> {
    if (!this.#isRepeating)
      return { extents: this.#extents, memorySha256: this.#hash.digest('hex') };
    const extents = mergeExtents(this.#extents);
    return { extents, memorySha256: await hashExtents(this.#options.memory, extents) };
  }

  async #head(): Promise<Buffer> {
    const reader = this.#reader;
    await reader.fill(RECORD);
    expectEqual('magic word', reader.u32(), MAGIC);
    expectEqual('version', reader.u32(), VERSION);
    expectEqual('section', reader.u8(), SECTION.configuration);
    const length = reader.u32();
    const machine = reader.bytes(length);
    return Buffer.concat([
      ...[u32(MAGIC), u32(VERSION), u8(SECTION.configuration), u32(length)],
      machine,
    ]);
  }

  /** The list of the blocks of memory; the machine's gets its new name. */
  async #sizes(): Promise<{ id: number; sizes: Buffer }> {
    const { memoryBytes, blockName } = this.#options;
    const reader = this.#reader;
    await reader.fill(RECORD);
    expectEqual('section', reader.u8(), SECTION.start);
    const id = reader.u32();
    const name = reader.name();
    if (name !== 'ram') throw new StreamError(`a section ${name} before the memory`);
    const [instance, version] = [reader.u32(), reader.u32()];
    const total = reader.address();
    expectEqual('flags', total.flags, FLAG.sizes);
    const blocks: Buffer[] = [];
    for (let sum = 0; sum < total.at;) {
      const block = reader.name();
      const bytes = reader.u32() * 2 ** 32 + reader.u32();
      sum += bytes;
      const isMain = this.#mainBlock === undefined && bytes === memoryBytes;
      if (isMain) this.#mainBlock = block;
      blocks.push(text(isMain ? blockName : block), address(bytes, 0));
    }
    if (this.#mainBlock === undefined) throw new StreamError(`no block of ${memoryBytes} bytes`);
    expectEqual('flags', reader.address().flags, FLAG.end);
    await this.#footer(id);
    const head = [u8(SECTION.start), u32(id), text(name), u32(instance), u32(version)];
    const list = [address(total.at, FLAG.sizes), ...blocks, address(0, FLAG.end), footer(id)];
    return { id, sizes: Buffer.concat([...head, ...list]) };
  }

  /** The pages of one section, up to its end. */
  async #pages(): Promise<void> {
    const reader = this.#reader;
    for (;;) {
      await reader.fill(RECORD);
      const { at, flags } = reader.address();
      if (flags === FLAG.end) return;
      if ((flags & FLAG.sameBlock) === 0) this.#block = reader.name();
      const kind = flags & ~FLAG.sameBlock;
      if (kind !== FLAG.page && kind !== FLAG.zero)
        throw new StreamError(`a record with flags ${flags}`);
      const data = reader.bytes(kind === FLAG.page ? PAGE : 1);
      if (this.#block !== this.#mainBlock)
        this.#kept.push(address(at, kind), text(this.#block), Buffer.from(data));
      else if (kind === FLAG.page) await this.#write(at, data);
      else if (data[0] !== 0 || at < this.#end) await this.#write(at, Buffer.alloc(PAGE, data));
    }
  }

  /** Pages that follow each other are written as one. */
  async #write(at: number, page: Buffer): Promise<void> {
    if (at !== this.#runStart + this.#runBytes || this.#runBytes === RUN_BYTES) {
      await this.#flush();
      this.#runStart = at;
    }
    this.#isRepeating ||= at < this.#end;
    this.#end = Math.max(this.#end, at + PAGE);
    page.copy(this.#run, this.#runBytes);
    this.#runBytes += PAGE;
  }

  async #flush(): Promise<void> {
    if (this.#runStart + this.#runBytes > this.#options.memoryBytes)
      throw new StreamError(`a page beyond the memory, at ${this.#runStart}`);
    if (this.#runBytes === 0) return;
    const run = this.#run.subarray(0, this.#runBytes);
    await this.#options.memory.write(run, 0, run.length, this.#runStart);
    this.#hash.update(run);
    this.#extents.push(this.#runStart, run.length);
    this.#runBytes = 0;
  }

  async #footer(id: number): Promise<void> {
    await this.#reader.fill(5);
    expectEqual('footer', this.#reader.u8(), SECTION.footer);
    expectEqual('footer', this.#reader.u32(), id);
  }
}

function expectEqual(what: string, got: number, wanted: number): void {
  if (got !== wanted) throw new StreamError(`${what} is ${got} instead of ${wanted}`);
}

function u8(value: number): Buffer {
  return Buffer.from([value]);
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

function address(at: number, flags: number): Buffer {
  return Buffer.concat([u32(Math.floor(at / 2 ** 32)), u32((at % 2 ** 32) + flags)]);
}

function text(value: string): Buffer {
  return Buffer.concat([u8(value.length), Buffer.from(value, 'latin1')]);
}

function footer(id: number): Buffer {
  return Buffer.concat([u8(SECTION.footer), u32(id)]);
}
