import { existsSync } from 'node:fs';
import { readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type LabPaths, labPathsById, stateDir } from '../util/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';

/** lab.json in a state folder: how `global-status` finds a lab's file again. Nothing else depends on it. */
export interface LabRecord {
  readonly id: string;
  readonly name: string;
  readonly file: string;
  readonly dir: string;
  /** Of a fork, its name. */
  readonly fork?: string | undefined;
}

/** Writes the record, once. */
export async function writeRecord(paths: LabPaths, lab: LabSpec): Promise<void> {
  if (existsSync(paths.record)) return;
  const { name, file, dir, fork } = lab;
  const record: LabRecord = { id: paths.id, name, file, dir, fork };
  const fresh = `${paths.record}.${process.pid}`;
  await writeFile(fresh, `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(fresh, paths.record);
}

/** All labs that have a state folder, running or not. */
export async function listRecords(): Promise<LabRecord[]> {
  const ids = await readdir(join(stateDir(), 'labs')).catch(() => []);
  const records = await Promise.all(
    ids.map(async (id) => {
      const text = await readFile(labPathsById(id).record, 'utf8').catch(() => undefined);
      if (text === undefined) return undefined;
      try {
        return JSON.parse(text) as LabRecord;
      } catch {
        return undefined;
      }
    }),
  );
  return records.filter((record) => record !== undefined);
}
