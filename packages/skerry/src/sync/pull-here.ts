// The host's end of a tree that is pulled: what is here, and whether it may be written.
import { chmodSync, lstatSync, readlinkSync, writeSync } from 'node:fs';
import { depthOf, folderOf, toBytes } from './paths.ts';
import { folderMode, isFolder, stampOf } from './stamp.ts';

const WORDS: Readonly<Record<string, string>> = {
  EACCES: 'it may not be written',
  EDQUOT: 'your share of the disk is used up',
  ENOSPC: 'the disk is full',
  ENOTDIR: 'something that is no folder is in the way',
  ENOTEMPTY: 'a folder that is not empty is in the way',
  EPERM: 'it may not be written',
  EROFS: 'its disk may only be read',
};

/** What cannot be looked at. */
export const HIDDEN = '?';

/** What a path is here; undefined: nothing. */
export function stampHere(to: string, path: string): string | undefined {
  const bytes = toBytes(to, path);
  try {
    const stats = lstatSync(bytes, { bigint: true });
    return stampOf(stats, () => readlinkSync(bytes, 'buffer').toString('latin1'));
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === 'ENOENT' || code === 'ENOTDIR' ? undefined : HIDDEN;
  }
}

/** Every folder above it is a real one. @throws ENOTDIR */
export function refuseLinks(to: string, path: string): void {
  for (const folder of foldersAbove(path)) {
    const stats = lstatSync(toBytes(to, folder), { throwIfNoEntry: false });
    if (stats && !stats.isDirectory())
      throw Object.assign(new Error(`${folder} is no folder`), {
        ...{ code: 'ENOTDIR', syscall: 'lstat' },
      });
  }
}

/** Why a path could not be written here; undefined where the error is not about that. Pure. */
export function refusalOf(error: unknown): string | undefined {
  const { code, syscall } = error as Partial<NodeJS.ErrnoException>;
  if (typeof code !== 'string' || syscall === undefined) return undefined;
  return `on this host: ${WORDS[code] ?? code}`;
}

export function writeAll(file: number, data: Buffer): number {
  for (let at = 0; at < data.length;) at += writeSync(file, data, at);
  return data.length;
}

/** Folders that get their modes when all in them is written: not even their owner could write in some. */
export class OpenFolders {
  readonly #to: string;
  readonly #modes = new Map<string, number>();

  constructor(to: string) {
    this.#to = to;
  }

  /** Lets us write at this path. */
  openAbove(path: string): void {
    for (const folder of foldersAbove(path)) {
      const here = this.#modes.has(folder) ? undefined : stampHere(this.#to, folder);
      if (here === undefined || !isFolder(here)) continue;
      const mode = folderMode(here);
      if ((mode & 0o700) !== 0o700) this.set(folder, mode);
    }
  }

  /** It gets this mode at the end, and until then we may write in it. */
  set(folder: string, mode: number): void {
    const open = mode | 0o700;
    this.#modes.delete(folder);
    chmodSync(toBytes(this.#to, folder), open);
    if (open !== mode) this.#modes.set(folder, mode);
  }

  /** Gives all of them their modes, the deepest first. */
  close(onError: (folder: string, error: unknown) => void): void {
    const folders = [...this.#modes].sort(([a], [b]) => depthOf(b) - depthOf(a));
    this.#modes.clear();
    for (const [folder, mode] of folders)
      try {
        chmodSync(toBytes(this.#to, folder), mode);
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== 'ENOENT') onError(folder, error);
      }
  }
}

/** From the top down. */
function foldersAbove(path: string): string[] {
  const above: string[] = [];
  for (let folder = folderOf(path); folder !== ''; folder = folderOf(folder)) above.unshift(folder);
  return above;
}
