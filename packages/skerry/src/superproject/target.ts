import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { SkerryError } from '../util/errors.ts';
import { runGit, tryGit } from './git.ts';
import { isRelative } from './module-url.ts';

/** Which superproject a command is about. */
export interface Target {
  /** Its remote. */
  readonly url: string;
  /** The root of the checkout the command was started in. */
  readonly root: string | undefined;
  /** The branch that is checked out there. */
  readonly branch: string | undefined;
}

/**
 * The superproject a command is about: `--url`, else that of the checkout above `cwd` (the remote its branch follows,
 * else `origin`, else the only one).
 *
 * @throws SP_NOT_HERE, SP_NO_REMOTE
 */
export async function findTarget(
  cwd: string,
  { url, signal }: { url?: string | undefined; signal?: AbortSignal | undefined },
): Promise<Target> {
  if (url !== undefined) return { url: absolute(cwd, url), root: undefined, branch: undefined };
  const root = await findRoot(cwd, signal);
  const branch = await currentBranch(root, signal);
  return { url: absolute(root, await remoteUrl(root, branch, signal)), root, branch };
}

/** A path of this computer is from here; the repositories that fetch from it are elsewhere. */
function absolute(from: string, url: string): string {
  const isPath = isRelative(url) || (!/^[^/]*:/.test(url) && existsSync(resolve(from, url)));
  return isPath ? resolve(from, url) : url;
}

/** The root of the checkout above `cwd`: of the outermost one, so that it works inside a component as well. @throws SP_NOT_HERE */
export async function findRoot(cwd: string, signal?: AbortSignal): Promise<string> {
  const ask = async (dir: string, what: string): Promise<string> => {
    const { stdout } = await tryGit(['rev-parse', what], { cwd: dir, signal, answers: [128] });
    return stdout.toString().replace(/\n$/, '');
  };
  let root = await ask(cwd, '--show-toplevel');
  if (root === '') throw new SkerryError('SP_NOT_HERE', { data: { dir: cwd } });
  for (;;) {
    const above = await ask(root, '--show-superproject-working-tree');
    if (above === '') return root;
    root = above;
  }
}

async function currentBranch(root: string, signal?: AbortSignal): Promise<string | undefined> {
  const { stdout } = await tryGit(['symbolic-ref', '--quiet', '--short', 'HEAD'], {
    cwd: root,
    signal,
    answers: [1],
  });
  return stdout.toString().trim() || undefined;
}

async function remoteUrl(
  root: string,
  branch: string | undefined,
  signal?: AbortSignal,
): Promise<string> {
  const remotes = (await runGit(['remote'], { cwd: root, signal })).toString().split('\n');
  const followed =
    branch === undefined
      ? ''
      : (
          await tryGit(['config', '--get', `branch.${branch}.remote`], {
            cwd: root,
            signal,
            answers: [1],
          })
        ).stdout
          .toString()
          .trim();
  const names = remotes.filter(Boolean);
  const name = [followed, 'origin', names.length === 1 ? names[0] : undefined].find(
    (each) => each !== undefined && names.includes(each),
  );
  if (name === undefined) throw new SkerryError('SP_NO_REMOTE', { data: { root } });
  const out = await runGit(['remote', 'get-url', name], { cwd: root, signal });
  return out.toString().trim();
}
