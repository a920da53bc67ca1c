import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What the files in a folder, and below, take on disk: holes and all. 0 without the folder. */
export async function treeBytes(folder: string): Promise<number> {
  const files = await readdir(folder, { recursive: true }).catch((): string[] => []);
  const sizes = await Promise.all(
    files.map(async (file) => (await stat(join(folder, file)).catch(() => undefined))?.blocks ?? 0),
  );
  return sizes.reduce((sum, blocks) => sum + blocks * 512, 0);
}
