// Finds words of `watch` that no file of the trees fits, such as misspelt ones: nothing would ever restart that daemon.
import type { LabSpec } from '../lab-file/spec.ts';
import { HostTree } from '../sync/host-tree.ts';
import { isFolder } from '../sync/stamp.ts';
import { DaemonFiles, type Unmatched } from './hack-files.ts';
import { pushedTrees } from './live-control.ts';

/**
 * Of the files that are here now, without what is ignored. Daemons that are built are left out, and all where machines
 * make files or a folder is not there: what they watch may yet come.
 */
export async function unmatchedWatch(lab: LabSpec): Promise<Unmatched[]> {
  const daemons = lab.daemons.filter(({ watch, build }) => watch && !build);
  const isMade = lab.trees.some(({ mode }) => mode === 'pull');
  const trees = pushedTrees(lab);
  if (daemons.length === 0 || trees.length === 0 || isMade) return [];
  const files = new DaemonFiles(lab.dir, daemons, trees);
  const names: string[] = [];
  for (const tree of trees) {
    const host = new HostTree({ root: tree.from, exclude: tree.exclude });
    try {
      await host.scan();
    } catch {
      return [];
    }
    for (const [path, { stamp }] of host.entries)
      if (!isFolder(stamp)) names.push(files.nameOf(tree, path));
  }
  return files.unmatched(names);
}

/** @example 'watch of node matches no file: servr.pl' */
export function unmatchedText({ daemon, patterns }: Unmatched): string {
  return `watch of ${daemon} matches no file: ${patterns.join(', ')}`;
}
