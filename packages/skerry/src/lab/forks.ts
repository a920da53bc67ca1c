// Which forks there are, and what is left of those that were killed while they were made.
import { existsSync } from 'node:fs';
import { rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { findLabFile } from '../lab-file/find.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { SkerryError } from '../util/errors.ts';
import { lockFile } from '../util/file-lock.ts';
import { type LabPaths, labPathsById } from '../util/paths.ts';
import { destroyLab } from './destroy.ts';
import { type LabRecord, listRecords } from './record.ts';

export type ForkRecord = LabRecord & { readonly fork: string };

/** The lab that a fork of `lab` is. The ports of the host are the lab's own. Pure. */
export function asFork(lab: LabSpec, fork: string): LabSpec {
  return { ...lab, fork, machines: lab.machines.map((machine) => ({ ...machine, forwards: [] })) };
}

/** The forks of all labs of this user. */
export async function listForks(): Promise<ForkRecord[]> {
  const records = await listRecords();
  return records.filter((record): record is ForkRecord => record.fork !== undefined);
}

/**
 * The fork of that name, or with that id. Within the folder of a lab file names are those of its lab's forks; elsewhere they are
 * those of all labs.
 * @throws FORK_AMBIGUOUS
 */
export async function findFork(name: string, from: string): Promise<ForkRecord | undefined> {
  const all = await listForks();
  const byId = all.find(({ id }) => id === name);
  if (byId) return byId;
  const home = folderOfLab(from);
  const found = all.filter(
    ({ fork, dir }) => fork === name && (home === undefined || dir === home),
  );
  if (found.length < 2) return found[0];
  const ids = found.map(({ id }) => id).join(', ');
  throw new SkerryError('FORK_AMBIGUOUS', { data: { name, ids } });
}

function folderOfLab(from: string): string | undefined {
  try {
    return dirname(findLabFile(from));
  } catch {
    return undefined;
  }
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
