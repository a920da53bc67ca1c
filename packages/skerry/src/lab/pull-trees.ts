// Trees with `mode: 'pull'`: from a machine to this host.
import type { LabSpec } from '../lab-file/spec.ts';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { isAbsent } from '../sandbox/gateway.ts';
import { toText } from '../sync/paths.ts';
import { pullIndex, PullTree } from '../sync/pull.ts';
import { labPaths, type LabPaths } from '../util/paths.ts';
import type { SyncOptions, SyncResult } from './sync.ts';
import { guestProgram, treeError } from './tree-sync.ts';
import { labOff } from './lab-off.ts';

/** The trees that are pulled. Pure. */
export function pulledTrees(lab: LabSpec): TreeSpec[] {
  return lab.trees.filter(({ mode }) => mode === 'pull');
}

/** Brings trees here, once; one that fails does not stop the others. LAB_OFF where nothing runs. */
export function pullTrees(lab: LabSpec, { machines, signal }: SyncOptions): Promise<SyncResult[]> {
  const paths = labPaths(lab);
  const here = pulledTrees(lab).filter(({ on }) => on.some((name) => machines.includes(name)));
  return Promise.all(
    here.map(async (tree) => {
      const machine = tree.on[0] ?? '';
      const place = { from: tree.from, to: tree.to, machine };
      const began = performance.now();
      try {
        const pull = puller(paths, tree, signal);
        const { ended } = await pull.connect();
        const { fetched, removed, refused, bytes } = await pull.pull();
        await pull.close();
        await ended;
        const durationMs = Math.round(performance.now() - began);
        const words = refused.map(({ path, reason }) => ({ path: toText(path), reason }));
        const changes = fetched.length + removed.length;
        return { ...place, changes, bytes, durationMs, refused: words };
      } catch (error) {
        signal.throwIfAborted();
        if (isAbsent(error)) throw labOff(lab);
        const nothing = { changes: 0, bytes: 0, durationMs: 0, refused: [] };
        return { ...place, ...nothing, error: treeError(tree, machine, error) };
      }
    }),
  );
}

/** What pulls one tree. */
export function puller(
  paths: Pick<LabPaths, 'gatewaySocket' | 'dir'>,
  tree: TreeSpec,
  signal: AbortSignal,
): PullTree {
  const { from, to, exclude, on } = tree;
  const machine = on[0] ?? '';
  const start = guestProgram(paths.gatewaySocket, machine);
  return new PullTree({
    from,
    to,
    exclude,
    index: pullIndex(paths.dir, machine, to),
    start,
    signal,
  });
}
