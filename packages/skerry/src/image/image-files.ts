import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import {
  mkdir,
  mkdtemp,
  open,
  readdir,
  readFile,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';

import { removeTree } from '../util/rootless.ts';

/** image.json: what the store knows of an image besides its bytes. */
export interface ImageRecord {
  readonly format: 1;
  readonly definitionHash: string;
  readonly disk: string;
  readonly kernel: string;
  readonly initrd?: string | undefined;
  readonly kernelArgs: string;
  readonly virtualSizeBytes: number;
  /** ISO 8601. */
  readonly built: string;
  /** Of a variant: the image it is one of, and the packages it has besides. */
  readonly base?: string | undefined;
  readonly packages?: readonly string[] | undefined;
}

const STAGING = '.building-';
const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
const DIGEST = /^[0-9a-f]{64}$/;

export function isImageName(name: string): boolean {
  return NAME.test(name);
}

/** Makes a folder to build in. What died builds of that name left is removed: the caller holds the name's lock. */
export async function stage(store: string, name: string): Promise<string> {
  const prefix = `${STAGING}${name}.`;
  await mkdir(join(store, 'names'), { recursive: true });
  const left = (await readdir(store)).filter((entry) => entry.startsWith(prefix));
  for (const entry of left) await removeTree(join(store, entry));
  return mkdtemp(join(store, prefix));
}

/**
 * Moves a built folder to the place its content names, then points the name at it. Each is one rename, in this order:
 * whenever we are killed, a name has a whole image or none. Gives the digest.
 */
export async function commit(
  store: string,
  name: string,
  built: { readonly dir: string; readonly record: ImageRecord },
): Promise<string> {
  const { dir, record } = built;
  const digest = await digestOf(dir, record);
  await writeFile(join(dir, 'image.json'), `${JSON.stringify(record, undefined, 2)}\n`);
  for (const file of [...filesOf(record), 'image.json']) await flush(join(dir, file));
  await rename(dir, join(store, digest)).catch(async (cause: NodeJS.ErrnoException) => {
    // The same bytes are there already: disks may have them as their backing file, so those stay.
    if (cause.code !== 'ENOTEMPTY' && cause.code !== 'EEXIST') throw cause;
    await rename(join(dir, 'image.json'), join(store, digest, 'image.json'));
    await rm(dir, { recursive: true });
  });
  const pointer = join(store, 'names', `.${name}.${process.pid}`);
  await writeFile(pointer, `${digest}\n`);
  await flush(pointer);
  await rename(pointer, join(store, 'names', name));
  return digest;
}

/** The digest a name points at (or the name is), and its record; undefined when there is no whole image. */
export async function lookUp(
  store: string,
  name: string,
): Promise<
  { readonly digest: string; readonly record: ImageRecord; readonly diskBytes: number } | undefined
> {
  if (!isImageName(name)) return undefined;
  try {
    const digest = DIGEST.test(name)
      ? name
      : (await readFile(join(store, 'names', name), 'utf8')).trim();
    if (!DIGEST.test(digest)) return undefined;
    const record = JSON.parse(await readFile(join(store, digest, 'image.json'), 'utf8')) as unknown;
    if (!isRecord(record)) return undefined;
    const stats = await Promise.all(filesOf(record).map((file) => stat(join(store, digest, file))));
    return { digest, record, diskBytes: stats.reduce((sum, file) => sum + file.blocks * 512, 0) };
  } catch (cause) {
    if (cause instanceof SyntaxError) return undefined;
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
}

/** Every name in the store, whole or not. */
export async function namesIn(store: string): Promise<string[]> {
  const names = await readdir(join(store, 'names')).catch((): string[] => []);
  return names.filter(isImageName).sort();
}

/** The digests in the store. */
export async function digestsIn(store: string): Promise<string[]> {
  return (await readdir(store).catch(() => [])).filter((entry) => DIGEST.test(entry));
}

function isRecord(value: unknown): value is ImageRecord {
  if (typeof value !== 'object' || value === null) return false;
  const record: Partial<Record<keyof ImageRecord, unknown>> = value;
  const texts = ['definitionHash', 'disk', 'kernel', 'kernelArgs', 'built'] as const;
  return (
    record.format === 1 &&
    texts.every((key) => typeof record[key] === 'string') &&
    typeof record.virtualSizeBytes === 'number' &&
    (record.initrd === undefined || typeof record.initrd === 'string') &&
    (record.base === undefined || typeof record.base === 'string') &&
    (record.packages === undefined || Array.isArray(record.packages))
  );
}

function filesOf(record: ImageRecord): string[] {
  return [record.disk, record.kernel, ...(record.initrd === undefined ? [] : [record.initrd])];
}

/** Over what a machine starts from; not over the date. A variant never shares the folder, and so the record, of another. */
async function digestOf(dir: string, record: ImageRecord): Promise<string> {
  const hash = createHash('sha256').update(`skerry image 1\n${record.kernelArgs}\n`);
  if (record.packages) hash.update(`${record.base} with ${record.packages.join(' ')}\n`);
  for (const file of filesOf(record)) {
    hash.update(`${file} ${(await stat(join(dir, file))).size}\n`);
    for await (const chunk of createReadStream(join(dir, file), { highWaterMark: 2 ** 20 }))
      hash.update(chunk as Buffer);
  }
  return hash.digest('hex');
}

async function flush(path: string): Promise<void> {
  const file = await open(path, 'r');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
