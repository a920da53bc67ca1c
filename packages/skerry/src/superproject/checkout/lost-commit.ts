import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { tryGit } from '../git.ts';
import type { Network } from '../network.ts';
import { parseRefs } from '../remote-refs.ts';
import { remoteOf } from './fetch-pinned.ts';
import { gitDirAt, readHead } from './git-dir.ts';
import { firstUnreachable, refId, type Where } from './objects-here.ts';

export interface LostQuestion {
  /** A work tree; none where only the git directory is here. */
  readonly dir: string | undefined;
  readonly gitDir: string;
  /** Asks the remote which tags it has. Without it those that are here count as kept. */
  readonly network: Network | undefined;
  readonly signal: AbortSignal | undefined;
}

/**
 * A commit that would be gone with a git directory: of its branches, tags, stash and rescue refs, of HEAD and of those of
 * its other worktrees. Its remote is asked only where the branches that were fetched do not have all of them: a tag that
 * is here may never have been pushed.
 */
export async function lostCommit(question: LostQuestion): Promise<string | undefined> {
  const { dir, gitDir, network, signal } = question;
  // A git directory without its work tree still says where that was.
  const env = dir === undefined ? { env: { GIT_DIR: gitDir, GIT_WORK_TREE: gitDir } } : {};
  const where = { cwd: dir ?? gitDir, signal, ...env };
  const named = await Promise.all(
    ['HEAD', 'refs/stash', ...(await worktreeHeads(gitDir, signal))].map(async (ref) =>
      (await refId(ref, where)) === undefined ? [] : [ref],
    ),
  );
  const from = [...named.flat(), '--branches', '--tags', '--glob=refs/superproject/rescue/*'];
  if (!network) return firstUnreachable(from, ['--remotes', '--tags'], where);
  const lost = await firstUnreachable(from, ['--remotes'], where);
  if (lost === undefined) return undefined;
  return firstUnreachable(from, ['--remotes'], where, await idsOnRemote(network, gitDir, where));
}

/** Commits that are checked out in other worktrees of the repository, and on no branch. */
async function worktreeHeads(gitDir: string, signal: AbortSignal | undefined): Promise<string[]> {
  const folder = join(gitDirAt(gitDir)?.commonDir ?? gitDir, 'worktrees');
  const heads: string[] = [];
  for (const name of namesIn(folder)) {
    const at = gitDirAt(join(folder, name));
    const commit = at && (await readHead(at, signal)).commit;
    if (commit !== undefined) heads.push(commit);
  }
  return heads;
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** What the remote names now; nothing where it cannot be asked, so that what it may have counts as lost. */
async function idsOnRemote(network: Network, gitDir: string, where: Where): Promise<string[]> {
  const remote = remoteOf(gitDirAt(gitDir)?.commonDir ?? gitDir);
  if (remote === undefined) return [];
  const key = ['config', '--get', `remote.${remote}.url`];
  const { stdout } = await tryGit(key, { ...where, answers: [1] });
  const patterns = ['refs/heads/*', 'refs/tags/*', 'refs/superproject/*'];
  try {
    const { cwd, env } = where;
    const call = { url: stdout.toString().trim(), cwd, env };
    const listed = await network.git(['ls-remote', '--', remote, ...patterns], call);
    return [...parseRefs(listed.stdout.toString()).refs.values()];
  } catch (error) {
    network.signal?.throwIfAborted();
    if (!(error instanceof SkerryError)) throw error;
    return [];
  }
}
