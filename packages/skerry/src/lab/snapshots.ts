// What is done with the snapshots of a lab besides saving and restoring them.
import { sandboxStatus } from '../sandbox/gateway.ts';
import {
  findSnapshot,
  listSnapshots,
  PUSHED,
  removeSnapshot,
  type Snapshot,
  snapshotBytes,
  sweepSnapshots,
} from '../snapshot/store.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { connectLab } from '../sandbox/connect.ts';
import { sweepDisks } from './disk-layers.ts';
import { Progress } from './progress.ts';
import { restoreSnapshot, type RestoreOptions, type RestoreResult } from './snapshot-restore.ts';
import { saveSnapshot, type SnapshotOptions } from './snapshot-save.ts';
import { withLabLock } from './with-lock.ts';

/** A snapshot with what its memory takes on disk. */
export interface SnapshotSummary extends Snapshot {
  readonly bytes: number;
}

/** All snapshots of the lab, the oldest first. */
export async function snapshotsOf(lab: LabSpec): Promise<SnapshotSummary[]> {
  const found = await listSnapshots(labPaths(lab).snapshotsDir);
  return Promise.all(found.map(summaryOf));
}

/** @throws SNAPSHOT_MISSING, SNAPSHOT_DAMAGED */
export async function snapshotOf(lab: LabSpec, name: string): Promise<SnapshotSummary> {
  return summaryOf(await findSnapshot(labPaths(lab).snapshotsDir, name));
}

/** Removes snapshots, and disk files that only they needed. The lab is not touched. @throws SNAPSHOT_MISSING before anything is removed */
export async function deleteSnapshots(
  lab: LabSpec,
  names: readonly string[],
  { signal, onProgress }: SnapshotOptions,
): Promise<void> {
  const paths = labPaths(lab);
  const store = paths.snapshotsDir;
  const known = new Set((await listSnapshots(store)).map(({ name }) => name));
  for (const name of names) if (!known.has(name)) await findOrDamaged(store, name);
  await withLabLock(paths, 'snapshot delete', new Progress(onProgress), signal, async () => {
    for (const name of names) await removeSnapshot(store, name);
    await sweepSnapshots(store);
    const running = await sandboxStatus(paths.gatewaySocket);
    await using connection = running && (await connectLab(paths, signal));
    await sweepDisks(paths, connection);
  });
}

/** Saves under the next free name of the stack: push-1, push-2, ... */
export async function pushSnapshot(lab: LabSpec, options: SnapshotOptions): Promise<Snapshot> {
  const numbers = pushedNumbers(await snapshotsOf(lab));
  const name = `push-${Math.max(0, ...numbers) + 1}`;
  return saveSnapshot(lab, name, { ...options, isPushed: true });
}

/** Restores the top of the stack and removes it. @throws SNAPSHOT_STACK_EMPTY */
export async function popSnapshot(lab: LabSpec, options: RestoreOptions): Promise<RestoreResult> {
  const numbers = pushedNumbers(await snapshotsOf(lab));
  if (numbers.length === 0)
    throw new SkerryError('SNAPSHOT_STACK_EMPTY', { data: { lab: lab.name } });
  const name = `push-${Math.max(...numbers)}`;
  const result = await restoreSnapshot(lab, name, options);
  await deleteSnapshots(lab, [name], options);
  return result;
}

function pushedNumbers(snapshots: readonly Snapshot[]): number[] {
  return snapshots.flatMap(({ name }) => {
    const number = PUSHED.exec(name)?.[1];
    return number === undefined ? [] : [Number(number)];
  });
}

async function summaryOf(snapshot: Snapshot): Promise<SnapshotSummary> {
  return { ...snapshot, bytes: await snapshotBytes(snapshot) };
}

/** A damaged one can be removed as well. */
async function findOrDamaged(store: string, name: string): Promise<void> {
  await findSnapshot(store, name).catch((error: unknown) => {
    if (!(error instanceof SkerryError) || error.code !== 'SNAPSHOT_DAMAGED') throw error;
  });
}
