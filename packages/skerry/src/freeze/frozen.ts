// A machine's memory at rest: a folder with three files.
//   memory       what is in the machine's memory, as long as that, with holes where it is zero; QEMU maps it
//   state        QEMU's stream without the memory: the CPU and the devices
//   frozen.json  FrozenRecord: sizes and checksums; written last
import { createHash } from 'node:crypto';
import { chown, type FileHandle, open, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../util/errors.ts';
import { hashExtents, holesBetween, isZero } from './extents.ts';
import { formatSaveHead, HEAD_BYTES, parseSaveHead, type SaveImageHead } from './save-image.ts';
import { splitStream, StreamError } from './split-stream.ts';

export interface FrozenRecord {
  readonly format: 1;
  readonly memoryMiB: number;
  /** Where memory is not zero: offsets and lengths, in turns, in bytes. */
  readonly extents: readonly number[];
  /** 512-byte blocks that `memory` takes on disk, and when it was written: with both the same the holes are empty. */
  readonly blocks: number;
  readonly modifiedMs: number;
  /** SHA-256 over those extents. */
  readonly memorySha256: string;
  readonly stateSha256: string;
}

export interface FreezeOptions {
  /** A file that libvirt saved the machine to. */
  readonly saved: string;
  /** A folder without such files yet. */
  readonly dir: string;
  readonly memoryMiB: number;
  /** What QEMU shall call the memory. */
  readonly blockName: string;
  /** Who QEMU runs as, when not as the caller: it opens the memory for writing, though it never writes to it. */
  readonly owner?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Takes a saved machine apart into `dir`. @throws FROZEN_UNKNOWN where the stream is none that we know */
export async function freeze(options: FreezeOptions): Promise<FrozenRecord> {
  const { saved, dir, memoryMiB, blockName, owner, signal } = options;
  await using source = await open(saved, 'r');
  await using memory = await open(join(dir, 'memory'), 'wx+', 0o600);
  await using state = await open(join(dir, 'state'), 'wx+', 0o600);
  const head = await readHead(source);
  if (!head) throw unknown(saved, 'libvirt did not finish it, or packs its save images');
  const offset = HEAD_BYTES + head.xmlBytes;
  const memoryBytes = memoryMiB * 2 ** 20;
  const { extents, memorySha256 } = await splitStream({
    ...{ source, offset, memoryBytes, blockName, memory, state, signal },
  }).catch((error: unknown) => {
    if (error instanceof StreamError) throw unknown(saved, error.message);
    throw error;
  });
  if (owner !== undefined) await memory.chown(owner, owner);
  await Promise.all([memory.sync(), state.sync()]);
  const stateSha256 = sha256(await readFile(join(dir, 'state')));
  const { blocks, mtimeMs: modifiedMs } = await memory.stat();
  const sums = { memorySha256, stateSha256 };
  const record = { format: 1, memoryMiB, extents, blocks, modifiedMs, ...sums } as const;
  const file = join(dir, 'frozen.json');
  await writeFile(`${file}.new`, JSON.stringify(record), { flush: true });
  await rename(`${file}.new`, file);
  return record;
}

/** Reads the record and compares everything with it. @throws FROZEN_DAMAGED, saying which file and how */
export async function checkFrozen(dir: string): Promise<FrozenRecord> {
  const damaged = (file: string, reason: string): SkerryError =>
    new SkerryError('FROZEN_DAMAGED', { data: { file: join(dir, file), reason } });
  const record = await readRecord(dir);
  if (!record) throw damaged('frozen.json', 'it is missing or cannot be read');
  const state = await readFile(join(dir, 'state')).catch(() => undefined);
  if (!state || sha256(state) !== record.stateSha256)
    throw damaged('state', state ? 'its SHA-256 is another' : 'it is missing');
  await using memory = await open(join(dir, 'memory'), 'r').catch(() => undefined);
  if (!memory) throw damaged('memory', 'it is missing');
  const { size, blocks, mtimeMs } = await memory.stat();
  if (size !== record.memoryMiB * 2 ** 20)
    throw damaged('memory', `it has ${size} bytes instead of ${record.memoryMiB} MiB`);
  const isUntouched = blocks === record.blocks && mtimeMs === record.modifiedMs;
  if (!isUntouched && !(await isZero(memory, holesBetween(record.extents, size))))
    throw damaged('memory', 'something was written where it is empty');
  if ((await hashExtents(memory, record.extents)) !== record.memorySha256)
    throw damaged('memory', 'its SHA-256 is another');
  return record;
}

/** Makes it QEMU's to open, for it may have been copied by hand. */
export async function giveFrozen(dir: string, owner: number | undefined): Promise<void> {
  if (owner !== undefined) await chown(join(dir, 'memory'), owner, owner);
}

/** Writes to `path` what virDomainRestoreFlags reads: the machine as `xml` says, with the frozen CPU and devices. */
export async function writeThawFile(
  dir: string,
  path: string,
  xml: string,
  isRunning: boolean,
): Promise<void> {
  const state = await readFile(join(dir, 'state'));
  await writeFile(path, [formatSaveHead(xml, isRunning), state], { mode: 0o600 });
}

async function readHead(source: FileHandle): Promise<SaveImageHead | undefined> {
  const { buffer } = await source.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0);
  return parseSaveHead(buffer);
}

async function readRecord(dir: string): Promise<FrozenRecord | undefined> {
  try {
    const record = JSON.parse(await readFile(join(dir, 'frozen.json'), 'utf8')) as FrozenRecord;
    return record.format === 1 && Array.isArray(record.extents) ? record : undefined;
  } catch {
    return undefined;
  }
}

function sha256(data: Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

function unknown(file: string, reason: string): SkerryError {
  return new SkerryError('FROZEN_UNKNOWN', { data: { file, reason } });
}
