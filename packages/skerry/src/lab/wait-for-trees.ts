// The part of `up` that waits for the trees in a machine; the process that keeps them up to date brings them.
import { toText } from '../sync/paths.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabContext } from './context.ts';
import { liveReady, pushedTrees, sharedTrees } from './live-control.ts';

/** A first copy of a large tree takes its time under emulation. */
const TREES_MS = 15 * 60_000;

/** Resolves when the machine has the lab's trees. What could not be written is said. @throws SYNC_FAILED, SHARE_FAILED */
export async function waitForTrees(
  { lab, paths, progress, signal }: Pick<LabContext, 'lab' | 'paths' | 'progress' | 'signal'>,
  machine: string,
): Promise<void> {
  // A fork keeps its files; what is shared is this host's.
  const shared = sharedTrees(lab.trees);
  const trees = lab.fork === undefined ? [...pushedTrees(lab), ...shared] : shared;
  if (!trees.some(({ on }) => on.includes(machine))) return;
  const fromOf = (to: string): string | undefined =>
    shared.find((tree) => tree.to === to && tree.on.includes(machine))?.from;
  await progress.phase('sync', machine, async () => {
    const status = await liveReady(paths, machine, { timeoutMs: TREES_MS, signal });
    const all = status ? [...status.machines, ...status.shares] : [];
    const states = all.filter((state) => state.machine === machine);
    for (const { to, connected, reason, refused } of states) {
      if (!connected) throw notThere({ machine, to, reason, from: fromOf(to) });
      if (refused > 0)
        progress.say(
          'sync',
          machine,
          `${refused} paths of ${toText(to)} could not be written: skerry logs --system`,
        );
    }
  });
}

/** @param data `from` only of a tree that is shared */
function notThere({
  from,
  ...data
}: {
  machine: string;
  to: string;
  reason: string;
  from: string | undefined;
}): SkerryError {
  if (from === undefined) return new SkerryError('SYNC_FAILED', { data });
  return new SkerryError('SHARE_FAILED', { data: { ...data, from } });
}
