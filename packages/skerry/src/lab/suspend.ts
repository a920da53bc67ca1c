// A lab that is put aside: its memory goes to disk and everything of it ends; later it goes on where it was, also after the
// host was started anew.
import { sandboxStatus } from '../sandbox/gateway.ts';
import { stopSandbox } from '../sandbox/sandbox.ts';
import { isSuspended, removeSnapshot, type Snapshot, SUSPENDED } from '../snapshot/store.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths, type LabPaths } from '../util/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { connectLab } from '../sandbox/connect.ts';
import { ensureLive } from './live-control.ts';
import { Progress } from './progress.ts';
import { restoreAs, type RestoreResult } from './snapshot-restore.ts';
import { saveAs, type SnapshotOptions } from './snapshot-save.ts';
import { withLabLock } from './with-lock.ts';
import { labOff } from './lab-off.ts';

/** @throws LAB_OFF when nothing runs */
export async function suspendLab(
  lab: LabSpec,
  { signal, onProgress }: Omit<SnapshotOptions, 'description'>,
): Promise<Snapshot> {
  const paths = labPaths(lab);
  const progress = new Progress(onProgress);
  return withLabLock(paths, 'suspend', progress, signal, async () => {
    const running = await sandboxStatus(paths.gatewaySocket);
    if (!running) throw labOff(lab);
    await discardSuspended(paths);
    const snapshot = await (async () => {
      await using connection = await connectLab(paths, signal);
      const context = { lab, paths, connection, accel: running.accel, progress, signal };
      return await saveAs(context, { name: SUSPENDED, stayPaused: true });
    })();
    await stopSandbox(paths);
    return snapshot;
  });
}

/** @throws LAB_NOT_SUSPENDED, and all that restoring a snapshot does: the lab then stays suspended */
export async function resumeLab(
  lab: LabSpec,
  { signal, onProgress }: Omit<SnapshotOptions, 'description'>,
): Promise<RestoreResult> {
  const paths = labPaths(lab);
  const progress = new Progress(onProgress);
  return withLabLock(paths, 'resume', progress, signal, async () => {
    if (!(await isSuspended(paths.snapshotsDir)))
      throw new SkerryError('LAB_NOT_SUSPENDED', { data: { lab: lab.name } });
    const context = { lab, paths, progress, signal };
    const snapshot = await restoreAs(context, SUSPENDED, { consume: true });
    await ensureLive(lab, paths);
    return { snapshot, timings: progress.timings, elapsedMs: progress.elapsedMs };
  });
}

/** Gives the memory up: the machines boot from their disks next time. */
export async function discardSuspended(paths: LabPaths): Promise<void> {
  if (await isSuspended(paths.snapshotsDir)) await removeSnapshot(paths.snapshotsDir, SUSPENDED);
}
