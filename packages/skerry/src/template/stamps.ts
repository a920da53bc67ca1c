// What says that files whose checksums were right are still the same ones: checked.json beside them. Any program that
// writes to a file, replaces it or gives it another date changes its ctime, which nobody can set.
import { readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const NAME = 'checked.json';

/** Remembers the files of a folder as they are. Where that cannot be written, they are checked again next time. */
export async function stamp(dir: string): Promise<void> {
  const path = join(dir, NAME);
  const fresh = `${path}.${process.pid}`;
  try {
    await writeFile(fresh, await stampsOf(dir));
    await rename(fresh, path);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  }
}

/** Whether all files of the folder are those that `stamp` saw. */
export async function isUnchanged(dir: string): Promise<boolean> {
  const known = await readFile(join(dir, NAME), 'utf8').catch(() => undefined);
  return known !== undefined && known === (await stampsOf(dir).catch(() => undefined));
}

async function stampsOf(dir: string): Promise<string> {
  const files = (await readdir(dir)).filter((file) => !file.startsWith(NAME)).sort();
  const stamps = files.map(async (file) => {
    const { size, ino, mtimeNs, ctimeNs } = await stat(join(dir, file), { bigint: true });
    return [file, ...[size, ino, mtimeNs, ctimeNs].map(String)];
  });
  return JSON.stringify(await Promise.all(stamps));
}
