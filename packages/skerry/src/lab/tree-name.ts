// What a tree in one machine is called, in all that people read.
import { relative } from 'node:path';
import type { TreeSpec } from '../lab-file/spec-sync.ts';

/**
 * Where it comes from and where it goes. Folders of this host are as seen from `cwd` where they are below it. Pure.
 *
 * @example 'src -> one:/srv/src', of one that is pulled 'two:/srv/made -> made'
 */
export function treeName(
  { mode, from, to }: Pick<TreeSpec, 'mode' | 'from' | 'to'>,
  machines: string,
  cwd: string,
): string {
  if (mode === 'pull') return `${machines}:${from} -> ${hostFolder(to, cwd)}`;
  return `${hostFolder(from, cwd)} -> ${machines}:${to}`;
}

/** As it is best typed in `cwd`. Pure. */
function hostFolder(path: string, cwd: string): string {
  const short = relative(cwd, path);
  // A background process is at the top, where nobody types.
  if (cwd === '/' || short.startsWith('..')) return path;
  return short === '' ? '.' : short;
}
