import { basename, dirname } from 'node:path';

/** What the names of scratch folders begin with. */
export const SCRATCH_PREFIX = 'skerry-superproject-';

/** Whether a folder is a repository of a scratch folder. */
export function isScratch(dir: string): boolean {
  return dir.endsWith('.git') && basename(dirname(dir)).startsWith(SCRATCH_PREFIX);
}
