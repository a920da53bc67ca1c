// What a lab was in the middle of before `up` begins its own work.
import { hasSnapshot, isSuspended, KEPT, SUSPENDED, sweepSnapshots } from '../snapshot/store.ts';
import { endRestore, halfRestored } from './half-restored.ts';
import { dropKeptSnapshot, finishKept } from './kept-lab.ts';
import { restoreAs, type RestoreContext } from './snapshot-restore.ts';
import { discardSuspended } from './suspend.ts';

/**
 * A lab that is suspended goes on, and a restore that was killed is finished. True where a killed command left a snapshot
 * half made, so that there may be files of disks that nothing needs.
 */
export async function bringBack(context: RestoreContext, isCold: boolean): Promise<boolean> {
  const { paths, progress } = context;
  const half = await halfRestored(paths);
  if (half?.name === KEPT) await finishKept(context, isCold);
  else if (half && (await hasSnapshot(paths.snapshotsDir, half.name))) {
    progress.note(
      'check',
      undefined,
      `finishing the restore of ${half.name}, which was interrupted`,
    );
    const consume = half.name === SUSPENDED;
    await restoreAs(context, half.name, { cold: half.cold || isCold, consume });
  } else if (isCold) await discardSuspended(paths);
  else if (await isSuspended(paths.snapshotsDir)) {
    progress.say('resume', undefined, 'the lab was suspended: it goes on where it was');
    await restoreAs(context, SUSPENDED, { consume: true });
  }
  await endRestore(paths);
  const wasKeeping = await dropKeptSnapshot(paths);
  return (await sweepSnapshots(paths.snapshotsDir)) > 0 || wasKeeping;
}
