// Which forks there are, and what is left of those that were killed while they were made.
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SkerryError } from '../util/errors.ts';
import { lockFile } from '../util/file-lock.ts';
import { type LabPaths, labPathsById } from '../util/paths.ts';
import { destroyLab } from './destroy.ts';
import { type LabRecord, listRecords } from './record.ts';

export type ForkRecord = LabRecord & { readonly fork: string };

/** The forks of this user's labs, or those of one lab by its file's folder. */
export async function listForks(dir?: string): Promise<ForkRecord[]> {
  const records = await listRecords();
  return records.filter(
    (record): record is ForkRecord =>
      record.fork !== undefined && (dir === undefined || record.dir === dir),
  );
}

/**
 * The fork of that name, or with that id: of the lab in `from` or above it, if several labs have one.
 * @throws FORK_AMBIGUOUS
 */
export async function findFork(name: string, from: string): Promise<ForkRecord | undefined> {
  const found = (await listForks()).filter(({ fork, id }) => fork === name || id === name);
  if (found.length < 2) return found[0];
  for (let dir = from; ; dir = dirname(dir)) {
    const here = found.find((record) => record.dir === dir);
    if (here) return here;
    if (dir === dirname(dir)) break;
  }
  const ids = found.map(({ id }) => id).join(', ');
  throw new SkerryError('FORK_AMBIGUOUS', { data: { name, ids } });
}

/** Says that a fork is being made, until it is whole. */
export function markUnfinished({ dir }: LabPaths): Promise<void> {
  return writeFile(join(dir, 'unfinished'), '');
}

export function markFinished({ dir }: LabPaths): Promise<void> {
  return rm(join(dir, 'unfinished'), { force: true });
}

/** Removes forks whose maker was killed, with all that runs in them. */
export async function sweepForks(signal: AbortSignal): Promise<void> {
  for (const { id } of await listForks()) {
    const paths = labPathsById(id);
    if (!existsSync(join(paths.dir, 'unfinished'))) continue;
    try {
      await using _lock = await lockFile(paths.applyLock, {
        holder: 'skerry fork, removing what was not finished',
        timeoutMs: 0,
        signal,
      });
      await destroyLab(paths);
    } catch (error) {
      // Somebody is making it right now.
      if (!(error instanceof SkerryError) || error.code !== 'LOCK_TIMEOUT') throw error;
    }
  }
}
