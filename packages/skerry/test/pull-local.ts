// A tree that is pulled from a folder of this host, which stands for the machine.
import { PullTree } from '../src/sync/pull.ts';
import { listTree, type LocalTree } from './local-tree.ts';

/** Pulls `from` of the local tree, which stands for the machine here, to `to`. */
export function puller(
  { from, to, start }: LocalTree,
  exclude: readonly string[] = [],
  signal: AbortSignal = new AbortController().signal,
): PullTree {
  return new PullTree({ from, to, exclude, index: `${to}.index`, start, signal });
}

/** Without dates, which are less exact on the host. */
export function contents(root: string): Record<string, string> {
  const entries = Object.entries(listTree(root));
  return Object.fromEntries(
    entries.map(([path, what]) => [path, what.replace(/(?<=^file \d+) \d+/, '')]),
  );
}
