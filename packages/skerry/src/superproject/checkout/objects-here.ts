// Questions about commits that a repository has, each one process.
import { tryGit } from '../git.ts';

export interface Where {
  readonly cwd: string;
  readonly signal?: AbortSignal | undefined;
  /** GIT_DIR, for a git directory whose work tree is not there. */
  readonly env?: Readonly<Record<string, string>> | undefined;
}

/** Whether the commit itself is here; a branch of the same name as its id is not looked at (CVE-2026-47191). */
export async function hasCommit(commit: string, { cwd, signal }: Where): Promise<boolean> {
  const args = ['cat-file', '-e', `${commit}^{commit}`];
  return (await tryGit(args, { cwd, signal, answers: [1, 128] })).code === 0;
}

/** Whether `older` is `newer` or comes before it; false where one of them is not here. */
export async function isBefore(older: string, newer: string, where: Where): Promise<boolean> {
  if (older === newer) return true;
  const args = ['merge-base', '--is-ancestor', older, newer];
  return (await tryGit(args, { ...where, answers: [1, 128] })).code === 0;
}

/**
 * A commit that `from` leads to and none of `refs` does, nor an object of `known`, which need not be here: it would be
 * lost when nothing names it any more. Stashes and the refs of a bisection do not count as refs, for they go away by
 * themselves.
 */
export async function firstUnreachable(
  from: readonly string[],
  refs: readonly string[],
  where: Where,
  known: readonly string[] = [],
): Promise<string | undefined> {
  const stdin = known.length > 0 ? ['--ignore-missing', '--stdin'] : [];
  const args = ['rev-list', '--max-count=1', ...stdin, ...from, '--not', ...refs];
  const input = known.map((id) => `^${id}\n`).join('');
  const { stdout } = await tryGit(args, { ...where, input });
  return stdout.toString().trim() || undefined;
}

/** How many commits `to` has that `from` has not; undefined where one of them is not here. */
export async function countBetween(
  from: string,
  to: string,
  { cwd, signal }: Where,
): Promise<number | undefined> {
  const args = ['rev-list', '--count', `${from}..${to}`];
  const { code, stdout } = await tryGit(args, { cwd, signal, answers: [128] });
  return code === 0 ? Number(stdout.toString().trim()) : undefined;
}

/** Whether tracked files differ from HEAD or the index; untracked ones too with `isThorough`. */
export async function isDirty(
  cwd: string,
  signal?: AbortSignal,
  isThorough = false,
): Promise<boolean> {
  const untracked = `--untracked-files=${isThorough ? 'normal' : 'no'}`;
  const args = ['status', '--porcelain', '-z', untracked, '--ignore-submodules=all'];
  return (await tryGit(args, { cwd, signal })).stdout.length > 0;
}

/** The object a ref names, by git, so of every ref backend. */
export async function refId(ref: string, where: Where): Promise<string | undefined> {
  const args = ['rev-parse', '--quiet', '--verify', `${ref}^{commit}`];
  const { code, stdout } = await tryGit(args, { ...where, answers: [1, 128] });
  return code === 0 ? stdout.toString().trim() : undefined;
}
