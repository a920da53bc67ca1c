// A restore that was killed has put some machines back and not others. It says in a file what it is about, so that the
// next `up` can finish it.
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../util/errors.ts';
import type { LabPaths } from '../util/paths.ts';

export interface HalfRestored {
  /** The name of the snapshot. */
  readonly name: string;
  readonly cold: boolean;
}

export function beginRestore(paths: LabPaths, restore: HalfRestored): Promise<void> {
  return writeFile(fileOf(paths), JSON.stringify(restore), { flush: true });
}

export function endRestore(paths: LabPaths): Promise<void> {
  return rm(fileOf(paths), { force: true });
}

/** What was begun and not ended, if the lab is in that state. */
export async function halfRestored(paths: LabPaths): Promise<HalfRestored | undefined> {
  try {
    return JSON.parse(await readFile(fileOf(paths), 'utf8')) as HalfRestored;
  } catch {
    return undefined;
  }
}

/** @throws RESTORE_UNFINISHED: what there is now is nothing anybody would want back */
export async function refuseHalfRestored(paths: LabPaths): Promise<void> {
  const found = await halfRestored(paths);
  if (found) throw new SkerryError('RESTORE_UNFINISHED', { data: { name: found.name } });
}

function fileOf({ dir }: LabPaths): string {
  return join(dir, 'restoring');
}
