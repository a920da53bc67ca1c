import { rm, rmdir } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { formatWords } from '../format-git.ts';
import type { Changes } from './changes.ts';
import { type Checkout, moduleDir } from './checkout.ts';
import { findGitDir, hasLinkOnTheWay } from './git-dir.ts';
import { workTreeOf } from './link.ts';
import { firstLoss } from './losses.ts';
import { readIndexPins } from './pins.ts';

/** A work tree of a component that the checked-out commit does not have, or has elsewhere. */
export interface LeftOver {
  readonly name: string;
  readonly path: string;
  readonly dir: string;
  readonly gitDir: string;
  /** Why it was not removed; none where it was. */
  readonly reason?: string;
}

/** Finds them by what git wrote when they were initialised: a section in the configuration, core.worktree of the git directory. */
export function findLeftOvers(checkout: Checkout): readonly LeftOver[] {
  const { root, config, components } = checkout;
  const here = new Map(components.map((component) => [component.name, component]));
  const gone = [...config.keys()].flatMap((key) => {
    const name = /^submodule\.(.+)\.url$/s.exec(key)?.[1];
    return name === undefined || here.has(name) ? [] : [name];
  });
  const moved = components.filter(({ state }) => state === 'bare').map(({ name }) => name);
  return [...gone, ...moved].flatMap((name) => {
    const gitDir = moduleDir(checkout, name);
    const dir = workTreeOf(gitDir);
    const path = dir === undefined ? '' : relative(root, dir);
    if (dir === undefined || path === '' || path.startsWith('..') || hasLinkOnTheWay(root, path))
      return [];
    const isMoved = here.get(name)?.path === path;
    return !isMoved && findGitDir(dir)?.gitDir === gitDir ? [{ name, path, dir, gitDir }] : [];
  });
}

/**
 * Removes the work tree of one where nothing is lost: all is committed, and all commits are on the remote. Its git
 * directory stays, for the next switch back.
 */
export async function clearLeftOver(
  changes: Changes,
  found: LeftOver,
  root: string,
): Promise<LeftOver> {
  const { dir, gitDir } = found;
  const { signal } = changes;
  if (await holdsOthers(dir)) return { ...found, reason: 'it holds components of its own' };
  const loss = await firstLoss({ path: found.path, dir, gitDir, signal });
  if (loss) return { ...found, reason: loss.reason };
  // git removes a work tree only of what `.gitmodules` names (git-submodule(1), deinit).
  await changes.own(formatWords(['rm', '-rf', '--', dir]), root, async () => {
    await rm(dir, { recursive: true, force: true });
    await removeEmpty(dirname(dir), root);
  });
  return found;
}

/** Work trees of nested components are ignored by status, and may hold work. */
async function holdsOthers(dir: string): Promise<boolean> {
  const pins = await readIndexPins(dir);
  return [...pins.keys()].some((path) => findGitDir(join(dir, path)) !== undefined);
}

/** Folders that git would not have made without the component. */
export async function removeEmpty(dir: string, root: string): Promise<void> {
  for (let at = dir; at !== root && at.startsWith(root); at = dirname(at)) {
    const isGone = await rmdir(at).then(
      () => true,
      () => false,
    );
    if (!isGone) return;
  }
}
