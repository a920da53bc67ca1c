// Streams as QEMU writes them when a machine is saved, made by hand: for tests of what takes them apart.
import { formatSaveHead } from '../src/freeze/save-image.ts';

export const PAGE = 4096;
const FLAG = { zero: 0x02, sizes: 0x04, page: 0x08, end: 0x10, sameBlock: 0x20 };
const ID = 2;

export interface SyntheticPage {
  readonly block: string;
  readonly at: number;
  /** A page, or the one byte that all of it is. */
  readonly data: Buffer | number;
  /** Whether the block's name is left out, where the record before is of the same block. */
  readonly brief?: boolean;
}

export interface SyntheticStream {
  /** Names and bytes. */
  readonly blocks: readonly (readonly [name: string, bytes: number])[];
  /** The sections that the memory comes in; all but the last are parts. */
  readonly sections: readonly (readonly SyntheticPage[])[];
  /** All that comes after the memory. */
  readonly devices: Buffer;
}

/** The stream, and how long it is up to the devices. */
export function syntheticStream({ blocks, sections, devices }: SyntheticStream): {
  readonly bytes: Buffer;
  readonly memoryEnd: number;
} {
  const machine = 'pc-q35-7.2';
  const total = blocks.reduce((sum, [, bytes]) => sum + bytes, 0);
  const head = Buffer.concat([
    ...[u32(0x5145564d), u32(3), u8(7), u32(machine.length), Buffer.from(machine)],
    ...[u8(1), u32(ID), text('ram'), u32(0), u32(4), u64(total + FLAG.sizes)],
    ...blocks.flatMap(([name, bytes]) => [text(name), u64(bytes)]),
    ...[u64(FLAG.end), FOOTER],
  ]);
  let last = '';
  const memory = sections.map((pages, at) => {
    const records = pages.map((page) => {
      const isBrief = page.brief === true && page.block === last;
      last = page.block;
      return record(page, isBrief);
    });
    const type = at === sections.length - 1 ? 3 : 2;
    return Buffer.concat([u8(type), u32(ID), ...records, u64(FLAG.end), FOOTER]);
  });
  const front = Buffer.concat([head, ...memory]);
  return { bytes: Buffer.concat([front, devices]), memoryEnd: front.length };
}

/** The stream in a save image of libvirt's. */
export function syntheticSave(stream: SyntheticStream): Buffer {
  return Buffer.concat([formatSaveHead('<domain/>', true), syntheticStream(stream).bytes]);
}

function record({ block, at, data }: SyntheticPage, isBrief: boolean): Buffer {
  const kind = typeof data === 'number' ? FLAG.zero : FLAG.page;
  const name = isBrief ? [] : [text(block)];
  const flags = kind + (isBrief ? FLAG.sameBlock : 0);
  return Buffer.concat([u64(at + flags), ...name, typeof data === 'number' ? u8(data) : data]);
}

function u8(value: number): Buffer {
  return Buffer.from([value]);
}

function u32(value: number): Buffer {
  const buffer = Buffer.alloc(4);
  buffer.writeUInt32BE(value);
  return buffer;
}

function u64(value: number): Buffer {
  const buffer = Buffer.alloc(8);
  buffer.writeBigUInt64BE(BigInt(value));
  return buffer;
}

function text(value: string): Buffer {
  return Buffer.concat([u8(value.length), Buffer.from(value, 'latin1')]);
}

const FOOTER = Buffer.concat([u8(0x7e), u32(ID)]);
