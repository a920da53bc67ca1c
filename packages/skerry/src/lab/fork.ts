// A second lab in a sandbox of its own, with the same machines in the same moment: same addresses, names and keys. Files
// are shared with the lab it came from by hard links, and never written again by either, so each may go without the other.
import { existsSync } from 'node:fs';
import { sandboxStatus } from '../sandbox/gateway.ts';
import { findSnapshot, FOR_FORK, removeSnapshot, type Snapshot } from '../snapshot/store.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { connectLab } from '../sandbox/connect.ts';
import { copyLab } from './copy-lab.ts';
import { destroyLab } from './destroy.ts';
import { sweepDisks } from './disk-layers.ts';
import { asFork, markFinished, markUnfinished, sweepForks } from './forks.ts';
import { ensureLive } from './live-control.ts';
import { Progress, type ProgressEvent, type Timing } from './progress.ts';
import { writeRecord } from './record.ts';
import { restoreAs } from './snapshot-restore.ts';
import { type SaveContext, saveAs } from './snapshot-save.ts';
import { withLabLock } from './with-lock.ts';
import { labOff } from './lab-off.ts';

export interface ForkOptions {
  readonly signal: AbortSignal;
  /** The name of the snapshot it begins from; without it, from the lab as it is now. */
  readonly from?: string | undefined;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
}

export interface ForkResult {
  /** The fork, for every function that takes a lab. */
  readonly lab: LabSpec;
  /** How long the origin stood still for it; 0 with `from`. */
  readonly pauseMs: number;
  readonly timings: readonly Timing[];
  readonly elapsedMs: number;
}

/** The snapshot a fork began from, in the fork. */
export const FORK_START = 'start';
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/;

/**
 * Makes and starts a fork. The origin is paused for a moment, no more.
 * @throws FORK_NAME, FORK_EXISTS, LAB_OFF, SNAPSHOT_MISSING; nothing of the fork is left then
 */
export async function forkLab(
  origin: LabSpec,
  name: string,
  { signal, from, onProgress }: ForkOptions,
): Promise<ForkResult> {
  if (!NAME.test(name)) throw new SkerryError('FORK_NAME', { data: { name } });
  if (origin.fork !== undefined)
    throw new SkerryError('FORK_OF_FORK', { data: { name: origin.fork } });
  const fork = asFork(origin, name);
  const [paths, forkPaths] = [labPaths(origin), labPaths(fork)];
  const progress = new Progress(onProgress);
  await sweepForks(signal);
  return withLabLock(forkPaths, `fork ${name}`, progress, signal, async () => {
    if (existsSync(forkPaths.record)) throw new SkerryError('FORK_EXISTS', { data: { name } });
    await using undo = new AsyncDisposableStack();
    undo.defer(() => destroyLab(forkPaths));
    await markUnfinished(forkPaths);
    await writeRecord(forkPaths, fork);
    const pauseMs = await withLabLock(paths, `fork ${name}`, progress, signal, async () => {
      const context = { lab: origin, paths, progress, signal };
      await using source = await snapshotFor(context, name, from);
      await copyLab(paths, forkPaths, source.snapshot, FORK_START);
      return from === undefined ? source.snapshot.pauseMs : 0;
    });
    const context = { lab: fork, paths: forkPaths, progress, signal };
    await restoreAs(context, FORK_START, { isFresh: from === undefined });
    await ensureLive(fork, forkPaths);
    await markFinished(forkPaths);
    undo.move();
    return { lab: fork, pauseMs, timings: progress.timings, elapsedMs: progress.elapsedMs };
  });
}

/** The snapshot asked for, or one of now, which is gone again when it is disposed. */
async function snapshotFor(
  context: Omit<SaveContext, 'connection' | 'accel'>,
  fork: string,
  from: string | undefined,
): Promise<AsyncDisposable & { readonly snapshot: Snapshot }> {
  const { lab, paths, signal } = context;
  const store = paths.snapshotsDir;
  if (from !== undefined)
    return {
      snapshot: await findSnapshot(store, from),
      [Symbol.asyncDispose]: () => Promise.resolve(),
    };
  const running = await sandboxStatus(paths.gatewaySocket);
  if (!running) throw labOff(lab);
  const name = `${FOR_FORK}${fork}`;
  await using connection = await connectLab(paths, signal);
  const snapshot = await saveAs({ ...context, connection, accel: running.accel }, { name });
  return {
    snapshot,
    [Symbol.asyncDispose]: async () => {
      await removeSnapshot(store, name);
      await using again = await connectLab(paths, signal);
      await sweepDisks(paths, again);
    },
  };
}
