import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { findGitDir } from '../checkout/git-dir.ts';
import { fetchIds } from '../fetch-ids.ts';
import { tryGit } from '../git.ts';
import type { Network } from '../network.ts';
import { resolveRef } from '../resolve-ref.ts';
import { commitOf, listRefs } from '../remote-refs.ts';
import type { Scratch } from '../scratch.ts';

/** Where a superproject's commits are read from: its remote, and the checkout at hand. */
export interface Origin {
  readonly url: string;
  readonly root: string | undefined;
}

export interface Located {
  readonly ref: string;
  readonly commit: string;
  /** The full name of the ref on the remote, for what was found there. */
  readonly remoteRef: string | undefined;
}

const OBJECT_ID = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/**
 * Finds the commits some names stand for: what the checkout knows by the name (a branch, a tag, `HEAD~3`, a short id), else a
 * tag or branch of the remote, or a full object id there. A full id is always that object, never a branch of that name.
 *
 * @throws SP_REF_MISSING
 */
export async function locate(
  network: Network,
  { url, root }: Origin,
  names: readonly string[],
): Promise<Located[]> {
  const found: Located[] = [];
  for (const ref of names) {
    const here = root === undefined ? undefined : await commitHere(root, ref, network.signal);
    if (here !== undefined) found.push({ ref, commit: here, remoteRef: undefined });
    else if (OBJECT_ID.test(ref)) found.push({ ref, commit: ref, remoteRef: undefined });
    else found.push({ ref, ...(await locateRemote(network, url, ref)) });
  }
  return found;
}

/**
 * A repository that has the trees of these commits: the checkout where it has all, else a new one with what is missing
 * fetched at depth 1.
 */
export async function repositoryOf(
  network: Network,
  scratch: Scratch,
  { url, root }: Origin,
  commits: readonly string[],
): Promise<string> {
  const missing = [];
  for (const commit of commits)
    if (root === undefined || (await commitHere(root, commit, network.signal)) === undefined)
      missing.push(commit);
  if (missing.length === 0 && root !== undefined) return root;
  const gitDir = await scratch.repository(commits[0] ?? '');
  if (root !== undefined) await borrow(gitDir, root);
  await fetchIds(network, { url, gitDir, ids: [...new Set(missing)], depth: 1 });
  return gitDir;
}

/** Whether a checkout lacks history that its remote has. */
export function isShallow(root: string): boolean {
  const at = findGitDir(root);
  return at !== undefined && existsSync(join(at.commonDir, 'shallow'));
}

async function borrow(gitDir: string, root: string): Promise<void> {
  const at = findGitDir(root);
  if (!at) return;
  await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
  await writeFile(
    join(gitDir, 'objects', 'info', 'alternates'),
    `${join(at.commonDir, 'objects')}\n`,
  );
}

async function commitHere(
  cwd: string,
  name: string,
  signal: AbortSignal | undefined,
): Promise<string | undefined> {
  if (name.startsWith('-')) return undefined;
  const args = ['rev-parse', '--quiet', '--verify', `${name}^{commit}`];
  const { code, stdout } = await tryGit(args, { cwd, signal, answers: [1, 128] });
  return code === 0 ? stdout.toString().trim() : undefined;
}

async function locateRemote(
  network: Network,
  url: string,
  name: string,
): Promise<{ commit: string; remoteRef: string | undefined }> {
  if (name === 'HEAD') {
    const { refs, head } = await listRefs(network, url, ['HEAD']);
    const commit = commitOf(refs, 'HEAD');
    if (commit !== undefined) return { commit, remoteRef: head };
  }
  // A pattern or an option would be something else than a name to git ls-remote.
  if (/^-|[*?[\s~^:\\]/.test(name)) {
    const advice = 'a tag, a branch or a full object id is meant';
    throw new SkerryError('SP_REF_MISSING', {
      data: { url, what: `ref '${name}'`, where: '', advice },
    });
  }
  const { commit, ref } = await resolveRef(network, url, name);
  return { commit, remoteRef: ref };
}
