// FUSE's messages (include/uapi/linux/fuse.h, 7.31) as far as we answer them. Little-endian, as x86-64 has it. Pure.

export const OP = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  setattr: 4,
  readlink: 5,
  symlink: 6,
  mknod: 8,
  mkdir: 9,
  unlink: 10,
  rmdir: 11,
  rename: 12,
  link: 13,
  read: 15,
  write: 16,
  statfs: 17,
  init: 26,
  readdir: 28,
  interrupt: 36,
  destroy: 38,
  batchForget: 42,
  readdirplus: 44,
} as const;

/** Which fields of a setattr count. */
export const SET = {
  mode: 1,
  size: 8,
  atime: 16,
  mtime: 32,
  atimeNow: 128,
  mtimeNow: 256,
} as const;

export const IN_HEADER = 40;
const OUT_HEADER = 16;
const ATTR = 88;
export const ENTRY = 40 + ATTR;
/** What one write may hold: 32 pages. */
export const MAX_WRITE = 128 * 1024;

/** Big writes, caches dropped when a file is seen to have changed, attributes along with names, no open and no opendir. */
const INIT_FLAGS =
  0x1 | 0x20 | (1 << 12) | (1 << 13) | (1 << 14) | (1 << 17) | (1 << 22) | (1 << 24);
/** A request for one page more costs as much as one for all. */
const READAHEAD = 128 * 1024;
/** For so long a machine may believe what it knows of a file. */
const VALID_NS = 250_000_000;

export interface Request {
  readonly opcode: number;
  readonly unique: bigint;
  readonly node: bigint;
  readonly body: Buffer;
}

/** What a machine is told of a file. */
export interface Attributes {
  readonly ino: bigint;
  readonly size: bigint;
  readonly blocks: bigint;
  readonly atimeNs: bigint;
  readonly mtimeNs: bigint;
  readonly ctimeNs: bigint;
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
}

export interface Listed {
  /** In latin1: a character for each byte. */
  readonly name: string;
  readonly node: bigint;
  readonly generation: bigint;
  /** Undefined for . and .., of which only the kind is said. */
  readonly attributes: Attributes | undefined;
  readonly mode: number;
}

/** The requests that are whole in `buffer`, and how many bytes they take. */
export function takeRequests(buffer: Buffer): { requests: Request[]; taken: number } {
  const requests: Request[] = [];
  let at = 0;
  while (buffer.length - at >= IN_HEADER) {
    const length = buffer.readUInt32LE(at);
    if (length < IN_HEADER) throw new RangeError(`a FUSE request of ${length} bytes`);
    if (buffer.length - at < length) break;
    requests.push({
      opcode: buffer.readUInt32LE(at + 4),
      unique: buffer.readBigUInt64LE(at + 8),
      node: buffer.readBigUInt64LE(at + 16),
      body: buffer.subarray(at + IN_HEADER, at + length),
    });
    at += length;
  }
  return { requests, taken: at };
}

/** An answer; `error` is a positive number of errno.h, or 0. */
export function formatReply(unique: bigint, error: number, body?: Buffer): Buffer {
  const header = Buffer.alloc(OUT_HEADER);
  header.writeUInt32LE(OUT_HEADER + (body?.length ?? 0), 0);
  header.writeInt32LE(-error, 4);
  header.writeBigUInt64LE(unique, 8);
  return body ? Buffer.concat([header, body]) : header;
}

export function formatInit(): Buffer {
  const out = Buffer.alloc(64);
  out.writeUInt32LE(7, 0);
  out.writeUInt32LE(31, 4);
  out.writeUInt32LE(READAHEAD, 8);
  out.writeUInt32LE(INIT_FLAGS, 12);
  out.writeUInt16LE(16, 16);
  out.writeUInt16LE(12, 18);
  out.writeUInt32LE(MAX_WRITE, 20);
  out.writeUInt32LE(1, 24);
  out.writeUInt16LE(MAX_WRITE / 4096, 28);
  return out;
}

export function formatAttr(attributes: Attributes): Buffer {
  const out = Buffer.alloc(16 + ATTR);
  out.writeUInt32LE(VALID_NS, 8);
  writeAttributes(out, 16, attributes);
  return out;
}

export function formatEntry(node: bigint, generation: bigint, attributes: Attributes): Buffer {
  const out = Buffer.alloc(ENTRY);
  out.writeBigUInt64LE(node, 0);
  out.writeBigUInt64LE(generation, 8);
  out.writeUInt32LE(VALID_NS, 32);
  out.writeUInt32LE(VALID_NS, 36);
  writeAttributes(out, 40, attributes);
  return out;
}

/** One name of a folder; `next` is what a machine says to go on after it. */
export function formatListed(listed: Listed, next: number, isPlus: boolean): Buffer {
  const name = Buffer.from(listed.name, 'latin1');
  const begin = isPlus ? ENTRY : 0;
  const out = Buffer.alloc(begin + Math.ceil((24 + name.length) / 8) * 8);
  if (isPlus && listed.attributes)
    formatEntry(listed.node, listed.generation, listed.attributes).copy(out, 0);
  out.writeBigUInt64LE(listed.node, begin);
  out.writeBigUInt64LE(BigInt(next), begin + 8);
  out.writeUInt32LE(name.length, begin + 16);
  out.writeUInt32LE((listed.mode >> 12) & 15, begin + 20);
  name.copy(out, begin + 24);
  return out;
}

/** The names in a request, each ended by a NUL. */
export function namesIn(body: Buffer, from: number): string[] {
  return body.toString('latin1', from).split('\0').slice(0, -1);
}

function writeAttributes(out: Buffer, at: number, attributes: Attributes): void {
  const { ino, size, blocks, atimeNs, mtimeNs, ctimeNs, mode, nlink, uid, gid } = attributes;
  for (const [index, value] of [ino, size, blocks].entries())
    out.writeBigUInt64LE(value, at + index * 8);
  for (const [index, ns] of [atimeNs, mtimeNs, ctimeNs].entries()) {
    out.writeBigInt64LE(ns / 1_000_000_000n, at + 24 + index * 8);
    out.writeUInt32LE(
      Number(((ns % 1_000_000_000n) + 1_000_000_000n) % 1_000_000_000n),
      at + 48 + index * 4,
    );
  }
  for (const [index, value] of [mode, nlink, uid, gid, 0, 4096].entries())
    out.writeUInt32LE(value, at + 60 + index * 4);
}
