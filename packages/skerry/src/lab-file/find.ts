import { readdirSync, realpathSync, statSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { SkerryError } from '../util/errors.ts';

/** The names a lab file may have. */
const LAB_FILES: ReadonlySet<string> = new Set(
  ['ts', 'js', 'mjs', 'json', 'yaml', 'yml'].map((extension) => `skerry.config.${extension}`),
);

/**
 * The absolute path of the lab file that `start` means: itself when it is a file, else the one in this folder or in
 * the nearest folder above that has one.
 */
export function findLabFile(start: string): string {
  const given = resolve(start);
  const path = real(given);
  if (statSync(path).isFile()) return path;
  for (let dir = path; ; dir = dirname(dir)) {
    const found = list(dir).filter((name) => LAB_FILES.has(name));
    if (found.length > 1) {
      throw new SkerryError('LAB_FILE_AMBIGUOUS', {
        data: { dir, files: found.sort().join(', ') },
      });
    }
    const [name] = found;
    if (name !== undefined) return join(dir, name);
    if (dir === dirname(dir)) throw new SkerryError('LAB_FILE_MISSING', { data: { dir: given } });
  }
}

function real(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    const reason =
      (cause as NodeJS.ErrnoException).code === 'ENOENT' ? 'it does not exist' : String(cause);
    throw new SkerryError('LAB_FILE_UNREADABLE', { data: { file: path, reason }, cause });
  }
}

/** A folder above that may not be listed has no lab file for us. */
function list(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch {
    return [];
  }
}
