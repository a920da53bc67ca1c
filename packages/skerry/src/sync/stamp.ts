// What a path is, as one text: two that are equal are the same, content included, unless somebody set a date by hand, or two of
// one size were written within one tick of the kernel's clock; see isReplaced.
//   f644 1234 1700000000.123456789   a file: permissions, bytes, when it was last written
//   d755                             a folder
//   lTARGET                          a symbolic link
// share/tree-agent.pl says the same of the machine's files.
import type { BigIntStats } from 'node:fs';

const FILE = /^f([0-7]+) (\d+) (-?\d+)\.(\d{9})$/;
const NS = 1_000_000_000n;

export interface FileStamp {
  readonly mode: number;
  readonly size: number;
  readonly seconds: bigint;
  readonly nanoseconds: number;
}

/** Undefined of what is none of these: sockets, pipes, devices. `target` is asked of links only. */
export function stampOf(stats: BigIntStats, target: () => string): string | undefined {
  const mode = Number(stats.mode & 0o777n).toString(8);
  if (stats.isSymbolicLink()) return `l${target()}`;
  if (stats.isDirectory()) return `d${mode}`;
  if (!stats.isFile()) return undefined;
  const nanoseconds = ((stats.mtimeNs % NS) + NS) % NS;
  const seconds = (stats.mtimeNs - nanoseconds) / NS;
  return `f${mode} ${stats.size} ${seconds}.${String(nanoseconds).padStart(9, '0')}`;
}

export function isFolder(stamp: string | undefined): boolean {
  return stamp?.startsWith('d') === true;
}

export function isFile(stamp: string | undefined): boolean {
  return stamp?.startsWith('f') === true;
}

/** Of a file's stamp. @throws RangeError of any other */
export function parseFileStamp(stamp: string): FileStamp {
  const [, mode, size, seconds, nanoseconds] = FILE.exec(stamp) ?? [];
  if (seconds === undefined) throw new RangeError(`no stamp of a file: ${stamp}`);
  return {
    mode: Number.parseInt(mode ?? '', 8),
    size: Number(size),
    seconds: BigInt(seconds),
    nanoseconds: Number(nanoseconds),
  };
}

/** Of a folder's stamp. */
export function folderMode(stamp: string): number {
  return Number.parseInt(stamp.slice(1), 8);
}

/** Whether two files differ in nothing but their permissions. */
export function isSameContent(a: string | undefined, b: string | undefined): boolean {
  const rest = (stamp: string): string => stamp.slice(stamp.indexOf(' '));
  return a !== undefined && b !== undefined && isFile(a) && isFile(b) && rest(a) === rest(b);
}
