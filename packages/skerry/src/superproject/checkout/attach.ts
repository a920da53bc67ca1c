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
  | { readonly kind: 'new' | 'equal'; readonly branch: string }
  /** `from`: where the branch is. */
  | { readonly kind: 'forward'; readonly branch: string; readonly from: string }
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
      ? { kind: 'forward', branch, from: local }
      : no(`its branch ${branch} here has commits that the pin has not`);
  const remote = remoteOf(at.commonDir);
  const tip =
    remote === undefined ? undefined : await refAt(at, `refs/remotes/${remote}/${branch}`, signal);
  if (tip === undefined) return no(`its remote has no branch ${branch}`);
  return (await isBefore(pin, tip, where))
    ? { kind: 'new', branch }
    : no(`the pin is not on its branch ${branch}`);
}

/** The arguments of the checkout that does it, from wherever HEAD is, in a work tree that nobody works in yet. */
export function attachCommand(
  { kind, branch }: Pick<Exclude<Attachment, { kind: 'no' }>, 'kind' | 'branch'>,
  pin: string,
): string[] {
  if (kind === 'equal') return ['checkout', '--quiet', branch, '--'];
  const flag = kind === 'new' ? '-b' : '-B';
  return ['checkout', '--quiet', '--no-track', flag, branch, `${pin}^{commit}`, '--'];
}

/**
 * The arguments of what does it where somebody may commit at the same time: none moves the branch from anywhere else than
 * where it was read.
 *
 * @param isOn HEAD is on that branch
 */
export function attachSteps(
  attachment: Exclude<Attachment, { kind: 'no' }>,
  pin: string,
  isOn: boolean,
): string[][] {
  if (attachment.kind !== 'forward') return [attachCommand(attachment, pin)];
  const { branch, from } = attachment;
  if (isOn) return [['merge', '--quiet', '--ff-only', '--no-squash', '--no-autostash', pin]];
  return [
    detachCommand(pin),
    ['update-ref', `refs/heads/${branch}`, pin, from],
    ['checkout', '--quiet', branch, '--'],
  ];
}

export function detachCommand(pin: string): string[] {
  return ['checkout', '--quiet', '--detach', `${pin}^{commit}`, '--'];
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
