// How a component's work tree and its git directory know each other (gitsubmodules(7)): a file `.git` here, core.worktree there.
import { existsSync, readdirSync, statSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import type { Checkout } from './checkout.ts';
import { gitDirAt, hasLinkOnTheWay, readText } from './git-dir.ts';

/** Writes the `.git` file of a work tree. Relative, so that the whole checkout may be moved. */
export async function linkWorkTree(dir: string, gitDir: string): Promise<void> {
  await mkdir(dir, { recursive: true });
  await writeFile(join(dir, '.git'), `gitdir: ${slashes(relative(dir, gitDir))}\n`);
}

/** What core.worktree says, from the git directory's view. */
export function workTreeFrom(gitDir: string, dir: string): string {
  return slashes(relative(gitDir, dir));
}

/** The text of a configuration with core.worktree in it. */
export function setWorkTree(text: string, value: string): string {
  const quoted = `"${value.replace(/["\\]/g, '\\$&')}"`;
  const line = `\tworktree = ${/^[\w./-]+$/.test(value) ? value : quoted}\n`;
  const without = text.replace(/^[ \t]*worktree[ \t]*=.*\n/gim, '');
  const after = without.replace(/^\[core\]\n/m, (head) => head + line);
  return after === without ? `${without}[core]\n${line}` : after;
}

/** The work tree that a git directory says it has; undefined where it says nothing. */
export function workTreeOf(gitDir: string): string | undefined {
  const value = /^\s*worktree = (.*)$/m.exec(readText(join(gitDir, 'config')) ?? '')?.[1];
  if (value === undefined) return undefined;
  const plain = value.startsWith('"') ? value.slice(1, -1).replace(/\\(.)/g, '$1') : value;
  return join(plain.startsWith('/') ? '' : gitDir, plain);
}

/**
 * Nothing may be written through a symbolic link of the superproject's own tree, nor into the git directory of another
 * component: both ran code of an attacker at clone time (CVE-2024-32002, CVE-2019-1387).
 *
 * @throws SP_PATH_LINK, SP_NAME_NESTED, SP_PATH_FULL
 */
export function refuseUnsafePlace(
  { root, gitDir }: Checkout,
  { name, path }: { name: string; path: string },
): void {
  if (hasLinkOnTheWay(root, path)) throw new SkerryError('SP_PATH_LINK', { data: { path } });
  let above = join(gitDir, 'modules');
  for (const part of name.split('/').slice(0, -1)) {
    above = join(above, part);
    if (gitDirAt(above)) throw new SkerryError('SP_NAME_NESTED', { data: { name, above } });
  }
  const inTheWay =
    fileOnTheWay(root, path) ?? filesIn(join(root, path)).find((file) => file !== '.git');
  if (inTheWay !== undefined)
    throw new SkerryError('SP_PATH_FULL', { data: { path, file: inTheWay } });
}

/** A path, or a folder of it, that is a file. */
function fileOnTheWay(root: string, path: string): string | undefined {
  const parts = path.split('/');
  const all = parts.map((_, at) => parts.slice(0, at + 1).join('/'));
  const first = all.find((each) => !isDirectory(join(root, each)));
  return first !== undefined && existsSync(join(root, first)) ? first : undefined;
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

/** A new path, from the root. @throws SP_PATH_OUTSIDE */
export function refuseOutside(root: string, path: string): void {
  if (path === '' || isAbsolute(path) || /^\.\.(\/|$)/.test(relative(root, join(root, path))))
    throw new SkerryError('SP_PATH_OUTSIDE', { data: { path: path || '.', root } });
}

function filesIn(dir: string): string[] {
  return existsSync(dir) ? readdirSync(dir) : [];
}

function slashes(path: string): string {
  return path.split(sep).join('/');
}
