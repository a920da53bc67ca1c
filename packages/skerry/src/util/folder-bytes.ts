import { readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';

/** What the files of a folder, but not those of folders in it, take on disk. Holes take nothing. */
export async function folderBytes(dir: string): Promise<number> {
  const files = await readdir(dir).catch((): string[] => []);
  const stats = await Promise.all(
    files.map((file) => stat(join(dir, file)).catch(() => ({ blocks: 0 }))),
  );
  return stats.reduce((sum, { blocks }) => sum + blocks * 512, 0);
}
