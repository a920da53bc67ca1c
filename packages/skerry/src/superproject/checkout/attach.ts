import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { remoteOf } from './fetch-pinned.ts';
import { type GitDir, readRef, readText } from './git-dir.ts';
import { isBefore, refId } from './objects-here.ts';

export interface AttachQuestion {
  readonly dir: string;
  readonly at: GitDir;
  readonly pin: string;
  /** The branch the component follows. */
  readonly branch: string | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Whether a component can be on its branch at the pin: how, or why not. */
export type Attachment =
  | { readonly kind: 'new' | 'equal' | 'forward'; readonly branch: string }
  | { readonly kind: 'no'; readonly note: string };

/**
 * A branch is taken only where that moves it forward, or not at all: commits on it that the pin has not are somebody's
 * work. A new one is made where its remote has it at the pin or later.
 */
export async function attachmentOf(question: AttachQuestion): Promise<Attachment> {
  const { dir, at, pin, branch, signal } = question;
  if (branch === undefined)
    return no('it follows no branch by name: write one down with skerry superproject doctor --fix');
  const where = { cwd: dir, signal };
  const local = await refAt(at, `refs/heads/${branch}`, signal);
  if (local === pin) return { kind: 'equal', branch };
  if (local !== undefined)
    return (await isBefore(local, pin, where))
      ? { kind: 'forward', branch }
      : no(`its branch ${branch} here has commits that the pin has not`);
  const remote = remoteOf(at.commonDir);
  const tip =
    remote === undefined ? undefined : await refAt(at, `refs/remotes/${remote}/${branch}`, signal);
  if (tip === undefined) return no(`its remote has no branch ${branch}`);
  return (await isBefore(pin, tip, where))
    ? { kind: 'new', branch }
    : no(`the pin is not on its branch ${branch}`);
}

/** The arguments of the checkout that does it, from wherever HEAD is. */
export function attachCommand(
  { kind, branch }: Exclude<Attachment, { kind: 'no' }>,
  pin: string,
): string[] {
  if (kind === 'equal') return ['checkout', '--quiet', branch, '--'];
  const flag = kind === 'new' ? '-b' : '-B';
  return ['checkout', '--quiet', '--no-track', flag, branch, `${pin}^{commit}`, '--'];
}

/** What makes `git pull` and `git push` in the component know its branch; nothing where it does already. */
export function upstreamCommand({ commonDir }: GitDir, branch: string): string[] | undefined {
  const remote = remoteOf(commonDir);
  const isKnown = readText(join(commonDir, 'config'))?.includes(`[branch "${branch}"]`);
  if (remote === undefined || isKnown) return undefined;
  return newUpstream(branch, remote);
}

/** The same for a component that is cloned only now. */
export function newUpstream(branch: string, remote = 'origin'): string[] {
  return ['branch', '--quiet', `--set-upstream-to=${remote}/${branch}`, branch];
}

/** What a ref names; from its file where refs are files. */
export async function refAt(
  { gitDir, commonDir }: GitDir,
  ref: string,
  signal?: AbortSignal,
): Promise<string | undefined> {
  if (!existsSync(join(commonDir, 'reftable'))) return readRef(commonDir, ref);
  return refId(ref, { cwd: gitDir, signal });
}

function no(note: string): Attachment {
  return { kind: 'no', note: `stays detached: ${note}` };
}
