// What has to be done in a machine so that it has what the host has. Pure.
import type { Entry } from './host-tree.ts';
import { depthOf, folderOf } from './paths.ts';
import { isFile, isFolder, isSameContent } from './stamp.ts';

export type Step =
  | { readonly kind: 'rename'; readonly path: string; readonly to: string }
  | { readonly kind: 'remove'; readonly path: string }
  | {
      readonly kind: 'folder' | 'link' | 'file' | 'mode';
      readonly path: string;
      readonly stamp: string;
    };

/** Stamps by path, of what is ours in a machine. */
export type Remote = Map<string, string>;

/**
 * The steps that make `remote` equal to `host`, of the paths given, in an order that works: renames, removals from the
 * deepest up, folders from the top down, links, files.
 * @param before what paths were on the host until now: renames are found by inode
 */
export function diffTree(
  host: ReadonlyMap<string, Entry>,
  remote: ReadonlyMap<string, string>,
  paths: Iterable<string>,
  before: ReadonlyMap<string, Entry | undefined> = new Map(),
): Step[] {
  const all = [...new Set(paths)];
  const renames = findRenames(host, remote, before);
  const seen = renames.length === 0 ? remote : moved(remote, renames);
  const removals: Step[] = [];
  const folders: Step[] = [];
  const links: Step[] = [];
  const files: Step[] = [];
  for (const path of renames.length === 0 ? all : withMoved(all, renames, seen)) {
    const wanted = host.get(path)?.stamp;
    const there = seen.get(path);
    if (wanted === there) continue;
    if (wanted === undefined) removals.push({ kind: 'remove', path });
    else {
      // A folder in the way of something else goes first, and what was in it before it.
      if (isFolder(there) && !isFolder(wanted)) removals.push({ kind: 'remove', path });
      if (isFolder(wanted)) folders.push({ kind: 'folder', path, stamp: wanted });
      else if (!isFile(wanted)) links.push({ kind: 'link', path, stamp: wanted });
      else {
        const kind = isSameContent(wanted, there) ? 'mode' : 'file';
        files.push({ kind, path, stamp: wanted });
      }
    }
  }
  removals.sort((a, b) => depthOf(b.path) - depthOf(a.path));
  folders.sort((a, b) => depthOf(a.path) - depthOf(b.path));
  return [...renames, ...removals, ...folders, ...links, ...files];
}

/** What `remote` is once a step has been done. */
export function applyStep(remote: Remote, step: Step): void {
  if (step.kind === 'remove') remote.delete(step.path);
  else if (step.kind === 'rename') {
    for (const [path, stamp] of movedBelow(remote, step)) {
      remote.delete(path);
      remote.set(step.to + path.slice(step.path.length), stamp);
    }
  } else remote.set(step.path, step.stamp);
}

type Rename = Extract<Step, { kind: 'rename' }>;

function findRenames(
  host: ReadonlyMap<string, Entry>,
  remote: ReadonlyMap<string, string>,
  before: ReadonlyMap<string, Entry | undefined>,
): Rename[] {
  const gone = new Map<bigint, string>();
  for (const [path, old] of before)
    if (old && !host.has(path) && remote.get(path) === old.stamp) gone.set(old.inode, path);
  if (gone.size === 0) return [];
  const renames: Rename[] = [];
  for (const [to, old] of before) {
    const entry = host.get(to);
    if (old || !entry || remote.has(to)) continue;
    const path = gone.get(entry.inode);
    if (path === undefined || before.get(path)?.stamp !== entry.stamp) continue;
    // Another name of the same file is copied.
    gone.delete(entry.inode);
    renames.push({ kind: 'rename', path, to });
  }
  // What moved with its folder is not moved again; what goes into a folder that is yet to be made is copied.
  const folders = renames.filter(({ path }) => isFolder(remote.get(path)));
  const sources = new Set(folders.map(({ path }) => path));
  const all = new Set([...sources, ...folders.map(({ to }) => to)]);
  return renames.filter(
    ({ path, to }) =>
      !isBelow(path, sources) &&
      (folderOf(to) === '' || isFolder(remote.get(folderOf(to)))) &&
      !isBelow(to, all),
  );
}

/** Whether it is in one of these folders, however deep. */
function isBelow(path: string, folders: ReadonlySet<string>): boolean {
  if (folders.size === 0) return false;
  for (let one = folderOf(path); one !== ''; one = folderOf(one)) if (folders.has(one)) return true;
  return false;
}

function moved(remote: ReadonlyMap<string, string>, renames: readonly Rename[]): Remote {
  const copy = new Map(remote);
  for (const rename of renames) applyStep(copy, rename);
  return copy;
}

function withMoved(
  paths: readonly string[],
  renames: readonly Rename[],
  seen: ReadonlyMap<string, string>,
): Set<string> {
  const all = new Set([...paths, ...renames.map(({ to }) => to)]);
  const folders = new Set(renames.flatMap(({ to }) => (isFolder(seen.get(to)) ? to : [])));
  if (folders.size > 0) for (const path of seen.keys()) if (isBelow(path, folders)) all.add(path);
  return all;
}

function movedBelow(remote: ReadonlyMap<string, string>, { path }: Rename): [string, string][] {
  const stamp = remote.get(path);
  // Most are files: all there is has to be looked through only for what is in a folder.
  if (stamp !== undefined && !isFolder(stamp)) return [[path, stamp]];
  return [...remote].filter(([one]) => one === path || one.startsWith(`${path}/`));
}
