// Subordinate ids (subuid(5), subgid(5)): which ids a user has inside a user namespace besides its own id.
import { readFile } from 'node:fs/promises';
import type { HostProblem } from './host-problem.ts';
import type { HostUser } from './host-user.ts';

/** libvirt's own account in a sandbox is 64055, and `nobody` is 65534: fewer would leave them out. */
const NEEDED = 65_536;
const FIRST = 100_000;

interface SubIdRange {
  readonly owner: string;
  readonly first: number;
  readonly count: number;
}

export interface SubIdFiles {
  readonly subuid: string;
  readonly subgid: string;
}

/** The two files; a missing one is empty. */
export async function readSubIdFiles(): Promise<SubIdFiles> {
  const read = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');
  return { subuid: await read('/etc/subuid'), subgid: await read('/etc/subgid') };
}

/** The lines of such a file; what is no line of it is skipped, as the programs that read it do. */
export function parseSubIds(text: string): SubIdRange[] {
  return text.split('\n').flatMap((line) => {
    const [, owner, first, count] = /^([^:#\s]+):(\d+):(\d+)\s*$/.exec(line) ?? [];
    return owner === undefined ? [] : [{ owner, first: Number(first), count: Number(count) }];
  });
}

/** What is wrong with the user's lines, or undefined. unshare(1) takes the first line of a user and no other. */
export function subIdProblem(files: SubIdFiles, user: HostUser): HostProblem | undefined {
  if (user.isRoot) return undefined;
  const lacking = (['subuid', 'subgid'] as const).flatMap((file) => {
    const count = firstRangeOf(files[file], user)?.count ?? 0;
    return count >= NEEDED ? [] : [{ file: `/etc/${file}`, count }];
  });
  if (lacking.length === 0) return undefined;
  const places = lacking.map(({ file }) => file).join(' and ');
  const short = lacking.every(({ count }) => count > 0);
  return {
    code: 'SUBUID_MISSING',
    finding: short
      ? `the first line of user ${user.name} in ${places} gives ${lacking[0]?.count} ids, and ${NEEDED} are needed`
      : `user ${user.name} has no line in ${places}`,
    remedy: remedy(files, user, short),
  };
}

function remedy(files: SubIdFiles, user: HostUser, isShort: boolean): string[] {
  const first = freeFrom(files);
  const range = `${first}-${first + NEEDED - 1}`;
  const add = `sudo usermod --add-subuids ${range} --add-subgids ${range} ${user.name}`;
  if (!isShort) return [add];
  return [`sudo sed -i '/^${user.name}:/d' /etc/subuid /etc/subgid`, add];
}

/** The first id above all that are given away, so that no two users share one. */
function freeFrom({ subuid, subgid }: SubIdFiles): number {
  const ends = parseSubIds(`${subuid}\n${subgid}`).map(({ first, count }) => first + count);
  return Math.max(FIRST, ...ends);
}

function firstRangeOf(text: string, { name, uid }: HostUser): SubIdRange | undefined {
  return parseSubIds(text).find(({ owner }) => owner === name || owner === String(uid));
}
