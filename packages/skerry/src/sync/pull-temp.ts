// Files that are on their way from a machine, beside their places until they are whole. Their names say whose they are:
// no tree has them, and what a process left that was killed is removed by the next.
import { readdir, rm } from 'node:fs/promises';
import { isAlive } from '../util/is-alive.ts';
import { folderOf, join, toBytes } from './paths.ts';
import { stampHere } from './pull-here.ts';
import { isFolder } from './stamp.ts';

/** Their names, in the words of .gitignore. */
export const TEMPS = '.skerry-pull-*';

const NAME = /^\.skerry-pull-(\d+)-([0-9a-z]+)-\d+$/;
/** A process that had our id before, as in a container, began at another time. */
const BEGAN = Math.round(performance.timeOrigin).toString(36);
let serial = 0;

/** A name that nobody else has, for what is to become `path`. */
export function tempFor(path: string): string {
  return join(folderOf(path), `.skerry-pull-${process.pid}-${BEGAN}-${++serial}`);
}

/** Removes what processes that are gone left in the folders of these paths. */
export async function removeLeft(root: string, paths: Iterable<string>): Promise<void> {
  for (const folder of new Set([...paths].map(folderOf))) {
    // Nothing is removed through a link.
    if (folder !== '' && !isFolder(stampHere(root, folder))) continue;
    const names = await readdir(toBytes(root, folder), { encoding: 'buffer' }).catch(() => []);
    for (const name of names.map((bytes) => bytes.toString('latin1')))
      if (isLeft(name)) await rm(toBytes(root, join(folder, name)), { force: true });
  }
}

function isLeft(name: string): boolean {
  const [, pid, began] = NAME.exec(name) ?? [];
  if (pid === undefined) return false;
  if (Number(pid) === process.pid) return began !== BEGAN;
  return !isAlive(Number(pid));
}
