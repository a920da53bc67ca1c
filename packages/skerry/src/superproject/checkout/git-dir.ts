// Reads what gitrepository-layout(5) describes without starting git: a process for each of 500 components takes seconds.
import { existsSync, lstatSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { tryGit } from '../git.ts';

/** Where a checkout keeps its git directory. */
export interface GitDir {
  /** Its own: HEAD, index, and `modules` of a superproject. */
  readonly gitDir: string;
  /** The one it shares with other worktrees: config, refs, objects. The same in a main checkout. */
  readonly commonDir: string;
}

export interface Head {
  /** None on a branch without commits. */
  readonly commit: string | undefined;
  /** The short name of the branch that is checked out; none when detached. */
  readonly branch: string | undefined;
}

const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** The git directory of the checkout at `dir`; undefined where there is none, or a broken one. */
export function findGitDir(dir: string): GitDir | undefined {
  const dotGit = join(dir, '.git');
  const text = readText(dotGit);
  const gitDir =
    text === undefined ? dotGit : resolve(dir, /^gitdir: (.*)$/m.exec(text)?.[1]?.trimEnd() ?? '');
  return gitDir === dir ? undefined : gitDirAt(gitDir);
}

/** The same for a git directory itself. */
export function gitDirAt(gitDir: string): GitDir | undefined {
  if (!existsSync(join(gitDir, 'HEAD'))) return undefined;
  const common = readText(join(gitDir, 'commondir'))?.trimEnd();
  return { gitDir, commonDir: common === undefined ? gitDir : resolve(gitDir, common) };
}

/** What is checked out. Refs that are not in files (reftable) are asked of git. */
export async function readHead({ gitDir, commonDir }: GitDir, signal?: AbortSignal): Promise<Head> {
  const text = readText(join(gitDir, 'HEAD'))?.trimEnd() ?? '';
  if (OBJECT_ID.test(text)) return { commit: text, branch: undefined };
  const ref = /^ref: (refs\/heads\/.+)$/.exec(text)?.[1];
  if (ref === undefined || ref === 'refs/heads/.invalid') return askHead(gitDir, signal);
  return { commit: readRef(commonDir, ref), branch: ref.slice('refs/heads/'.length) };
}

/** The object a ref of the files backend names, loose or packed. */
export function readRef(commonDir: string, ref: string): string | undefined {
  const loose = readText(join(commonDir, ref))?.trimEnd();
  if (loose !== undefined && OBJECT_ID.test(loose)) return loose;
  const packed = readText(join(commonDir, 'packed-refs')) ?? '';
  const at = packed.indexOf(` ${ref}\n`);
  return at < 0 ? undefined : packed.slice(packed.lastIndexOf('\n', at) + 1, at);
}

/** What is under way in a checkout, such as a merge, that a switch would break. */
export function underWay(gitDir: string): string | undefined {
  return STATES.find(([file]) => existsSync(join(gitDir, file)))?.[1];
}

/** git-status(1) reads the same files. */
const STATES: readonly (readonly [string, string])[] = [
  ['rebase-merge', 'a rebase'],
  ['rebase-apply', 'a rebase or git am'],
  ['MERGE_HEAD', 'a merge'],
  ['CHERRY_PICK_HEAD', 'a cherry-pick'],
  ['REVERT_HEAD', 'a revert'],
  ['BISECT_LOG', 'a bisection'],
];

async function askHead(gitDir: string, signal?: AbortSignal): Promise<Head> {
  const ask = async (...args: string[]): Promise<string | undefined> => {
    const { stdout } = await tryGit(['--git-dir', gitDir, ...args], {
      signal,
      answers: [1, 128],
      // A core.worktree that is gone is no obstacle for a question about refs.
      env: { GIT_WORK_TREE: gitDir },
    });
    return stdout.toString().trimEnd() || undefined;
  };
  const [commit, branch] = await Promise.all([
    ask('rev-parse', '--quiet', '--verify', 'HEAD^{commit}'),
    ask('symbolic-ref', '--quiet', '--short', 'HEAD'),
  ]);
  return { commit, branch };
}

/** The text of a file; undefined where there is none, or a folder. */
export function readText(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether any folder on the way to `path` below `root`, or what it leads to, is a symbolic link (CVE-2024-32002). */
export function hasLinkOnTheWay(root: string, path: string): boolean {
  let at = root;
  for (const part of path.split('/')) {
    at = join(at, part);
    const found = lstatSync(at, { throwIfNoEntry: false });
    if (!found) return false;
    if (found.isSymbolicLink()) return true;
    // Nothing is below a file, and to look there is an error.
    if (!found.isDirectory()) return false;
  }
  return false;
}
