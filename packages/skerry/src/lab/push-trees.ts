// The part of `up` that brings the trees into a machine.
import { toText } from '../sync/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import type { LabPaths } from '../util/paths.ts';
import { pushedTrees } from './live-control.ts';
import type { Progress } from './progress.ts';
import { treeError, TreeSync } from './tree-sync.ts';

export interface TreePusherContext {
  readonly lab: LabSpec;
  readonly paths: LabPaths;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/**
 * Gives what makes the trees in one machine equal to the host's. The host's folders are read once for all machines.
 * @throws SYNC_FAILED, TREE_MISSING
 */
export function treePusher(context: TreePusherContext): (machine: string) => Promise<void> {
  const { lab, paths, progress, signal } = context;
  const syncs = pushedTrees(lab).map(
    (tree) => new TreeSync({ tree, gatewaySocket: paths.gatewaySocket, signal }),
  );
  return async (machine) => {
    const here = syncs.filter(({ tree }) => tree.on.includes(machine));
    if (here.length === 0) return;
    await progress.phase('sync', machine, async () => {
      for (const sync of here) {
        try {
          const { refused } = await sync.once(machine);
          for (const { path, reason } of refused)
            progress.say('sync', machine, `${sync.tree.to}/${toText(path)}: ${reason}`);
        } catch (error) {
          signal.throwIfAborted();
          throw treeError(sync.tree, machine, error);
        }
      }
    });
  };
}
