// Trees with `mode: 'pull'`: from a machine to this host.
import { basename, join, relative } from 'node:path';
import type { LabSpec } from '../lab-file/spec.ts';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import { toText } from '../sync/paths.ts';
import { type PullResult, PullTree } from '../sync/pull.ts';
import { pullIndex } from '../sync/pull-notes.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths, type LabPaths } from '../util/paths.ts';
import { Progress } from './progress.ts';
import { whenReachable } from './reach.ts';
import type { TreePlace } from './live-protocol.ts';
import type { Sending } from '../sync/tally.ts';
import type { SyncOptions, SyncResult } from './sync.ts';
import { guestProgram, treeError } from './tree-sync.ts';
import { labOff } from './lab-off.ts';
import { tellSending } from './tell-sending.ts';
import { treeName } from './tree-name.ts';

/** The trees that are pulled. Pure. */
export function pulledTrees(lab: LabSpec): TreeSpec[] {
  return lab.trees.filter(({ mode }) => mode === 'pull');
}

export interface PullOptions extends SyncOptions {
  /** A folder of this host that takes them, each as it is called in the lab's folder; undefined: the lab's own folders. */
  readonly into?: string | undefined;
}

/**
 * Brings trees here, once; one that fails does not stop the others. A fork's are only brought `into` another folder: the
 * others are the lab's own. LAB_OFF where nothing runs.
 */
export function pullTrees(
  lab: LabSpec,
  { machines, signal, into, progress = new Progress() }: PullOptions,
): Promise<SyncResult[]> {
  const paths = labPaths(lab);
  const here = pulledTrees(lab).filter(({ on }) => on.some((name) => machines.includes(name)));
  return Promise.all(
    here.map(async (own) => {
      const tree = into === undefined ? own : { ...own, to: folderWithin(into, lab.dir, own.to) };
      const { mode, from, to } = tree;
      const machine = tree.on[0] ?? '';
      const place = { mode, from, to, machine };
      const began = performance.now();
      try {
        if (lab.fork !== undefined && into === undefined) {
          const name = treeName(tree, machine, process.cwd());
          throw new SkerryError('PULL_FORK', { data: { tree: name, fork: lab.fork } });
        }
        let pull: PullTree | undefined;
        const ask = async (): Promise<(TreePlace & { sending?: Sending })[]> => {
          const sending = pull?.sending;
          return [{ ...place, ...(sending && { sending }) }];
        };
        const once = (): Promise<PullResult> => pullOnce((pull = puller(paths, tree, signal)));
        const { fetched, removed, refused, bytes, problem } = await tellSending(
          { progress, ask },
          () => whenReachable(lab, machine, signal, once),
        );
        const durationMs = Math.round(performance.now() - began);
        const words = refused.map(({ path, reason }) => ({ path: toText(path), reason }));
        const changes = fetched.length + removed.length;
        const result = { ...place, changes, bytes, durationMs, refused: words };
        return problem === undefined ? result : { ...result, problem };
      } catch (error) {
        signal.throwIfAborted();
        if (nobodyListens(error)) throw labOff(lab);
        const nothing = { changes: 0, bytes: 0, durationMs: 0, refused: [] };
        return { ...place, ...nothing, error: treeError(tree, machine, error) };
      }
    }),
  );
}

async function pullOnce(pull: PullTree): Promise<PullResult> {
  const { ended } = await pull.connect();
  try {
    return await pull.pull();
  } finally {
    await pull.close();
    await ended;
  }
}

/** Where a folder goes that is elsewhere than the lab file says. Pure. */
export function folderWithin(into: string, dir: string, to: string): string {
  const short = relative(dir, to);
  return join(into, short === '' || short.startsWith('..') ? basename(to) : short);
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
