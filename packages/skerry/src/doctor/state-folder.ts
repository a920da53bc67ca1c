import { access, constants, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { HostUser } from '../sandbox/host-user.ts';
import { cacheDir, dataDir, labPaths, labPathsById, stateDir } from '../util/paths.ts';
import { type Finding, ok, type Patient } from './check.ts';

/** sockaddr_un: 108 bytes with the NUL. */
const SOCKET_MAX = 107;
/** `-6f1c02` at the end of a lab's id. */
const SUFFIX = 7;
const LONG_NAME = 16;

/** Folders that somebody else made, as `sudo skerry` does with HOME kept, cannot be used by this user. */
export async function checkStateFolder({ user }: Patient): Promise<Finding> {
  const dirs = [...new Set([stateDir(), dataDir(), cacheDir()])];
  const found = await Promise.all(dirs.map(folderOf));
  return foldersFinding(found, user);
}

export interface Folder {
  readonly path: string;
  /** Its owner; undefined when it does not exist yet. */
  readonly owner: number | undefined;
  /** It, or the nearest folder above that exists, can be written to. */
  readonly writable: boolean;
}

export function foldersFinding(folders: readonly Folder[], user: HostUser): Finding {
  const foreign = folders.filter(({ owner }) => owner !== undefined && owner !== user.uid);
  const locked = folders.filter((folder) => !folder.writable && !foreign.includes(folder));
  if (foreign.length > 0) {
    const paths = foreign.map(({ path }) => path).join(' ');
    return {
      level: 'error',
      finding: `another user (${foreign[0]?.owner}) owns ${paths}`,
      remedy: user.isRoot
        ? ['# use the folders of root instead of those of that user:', 'export HOME=/root']
        : [`sudo chown -R ${user.uid}:${user.gid} ${paths}`],
    };
  }
  if (locked.length > 0)
    return {
      level: 'error',
      finding: `cannot write to ${locked.map(({ path }) => path).join(', ')}`,
      remedy: [
        '# choose folders of your own:',
        'export SKERRY_STATE_DIR=/path/labs SKERRY_DATA_DIR=/path/images SKERRY_CACHE_DIR=/path/cache',
      ],
    };
  return ok(folders.map(({ path }) => path).join(', '));
}

export async function checkStatePath({ lab }: Patient): Promise<Finding> {
  const paths = lab ? labPaths(lab) : labPathsById('x'.repeat(SUFFIX));
  return statePathFinding(Buffer.byteLength(paths.libvirtSocket), lab !== undefined);
}

/** By the length of a lab's longest socket path: this lab's, or that of a lab with an empty name. */
export function statePathFinding(length: number, isOfLab: boolean): Finding {
  const room = SOCKET_MAX - length;
  const remedy = [
    '# a folder with a short path on the same disk, such as:',
    'export SKERRY_STATE_DIR="$HOME/.skerry"',
  ];
  if (isOfLab) {
    if (room >= 0) return ok(`${length} of ${SOCKET_MAX} bytes`);
    return {
      level: 'error',
      finding: `${length} bytes, and the kernel takes ${SOCKET_MAX}`,
      remedy,
    };
  }
  if (room >= LONG_NAME) return ok(`short enough for lab names of ${Math.min(room, 63)} letters`);
  const finding = `long: lab names may have ${Math.max(room, 0)} letters at most`;
  return { level: room < 1 ? 'error' : 'warning', finding, remedy };
}

async function folderOf(path: string): Promise<Folder> {
  const found = await stat(path).catch(() => undefined);
  let existing = path;
  while (!(await stat(existing).catch(() => undefined))) existing = dirname(existing);
  const writable = await access(existing, constants.W_OK).then(
    () => true,
    () => false,
  );
  return { path, owner: found?.uid, writable };
}
