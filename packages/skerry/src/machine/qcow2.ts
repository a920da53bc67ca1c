// The head of a qcow2 file (docs/interop/qcow2 of QEMU): which file it is based on, and how large the disk is.
import { open } from 'node:fs/promises';

export interface Qcow2Head {
  readonly sizeBytes: number;
  /** The path of the file it is an overlay of. */
  readonly backing: string | undefined;
}

const MAGIC = 0x514649fb;
const MAX_NAME = 1023;

/** Reads it without asking QEMU, which would lock the file. @throws RangeError when it is none */
export async function readQcow2Head(path: string): Promise<Qcow2Head> {
  await using file = await open(path, 'r');
  const { buffer: head, bytesRead } = await file.read(Buffer.alloc(32), 0, 32, 0);
  if (bytesRead < 32 || head.readUInt32BE(0) !== MAGIC) throw new RangeError(`${path}: not qcow2`);
  const offset = Number(head.readBigUInt64BE(8));
  const length = Math.min(head.readUInt32BE(16), MAX_NAME);
  const sizeBytes = Number(head.readBigUInt64BE(24));
  if (offset === 0) return { sizeBytes, backing: undefined };
  const { buffer: name } = await file.read(Buffer.alloc(length), 0, length, offset);
  return { sizeBytes, backing: name.toString('utf8') };
}
