// The part of `up` that waits for the trees in a machine; the process that keeps them up to date brings them.
import { SkerryError } from '../util/errors.ts';
import type { LabContext } from './context.ts';
import { liveReady, pushedTrees, sharedTrees } from './live-control.ts';
import type { TreeState } from './live-protocol.ts';
import { tellLive } from './tell-sending.ts';
import { treeName } from './tree-name.ts';

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
  await progress.phase('sync', machine, async () => {
    const status = await tellLive(paths, [machine], progress, () =>
      liveReady(paths, machine, { timeoutMs: TREES_MS, signal }),
    );
    const all = status ? [...status.machines, ...status.others] : [];
    const states = all.filter((state) => state.machine === machine && state.mode !== 'pull');
    for (const state of states) {
      const name = treeName(state, machine, process.cwd());
      if (!state.connected) throw notThere(state, name);
      if (state.refused > 0)
        progress.say(
          'sync',
          machine,
          `${name}: ${state.refused} paths could not be written: skerry logs --system`,
        );
    }
  });
}

function notThere({ mode, from, to, machine, reason }: TreeState, tree: string): SkerryError {
  if (mode === 'share')
    return new SkerryError('SHARE_FAILED', { data: { from, to, machine, reason } });
  return new SkerryError('SYNC_FAILED', { data: { machine, tree, reason } });
}
