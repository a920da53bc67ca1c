import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { tryGit } from '../git.ts';
import type { Network } from '../network.ts';
import { findGitDir, gitDirAt, underWay } from './git-dir.ts';
import { lostCommit } from './lost-commit.ts';
import { isDirty } from './objects-here.ts';
import { readIndexPins } from './pins.ts';

/** What would be gone for good with a work tree or a git directory. */
export interface LostWork {
  /** Of the component, or of the one in it, as it was asked for. */
  readonly path: string;
  readonly reason: string;
  /** The first file, when it is only one of those that git ignores. */
  readonly ignored?: string;
}

export interface LossQuestion {
  readonly path: string;
  /** Its work tree; none where only its git directory is here. */
  readonly dir: string | undefined;
  readonly gitDir: string;
  /** The git directory stays, so commits are not asked about. */
  readonly keepsGitDir?: boolean | undefined;
  /** Files that git ignores may go. */
  readonly losesIgnored?: boolean | undefined;
  /** Asks the remote which tags it has. Without it those that are here count as kept, which they are where the git directory stays. */
  readonly network?: Network | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** The first loss found, in components of the component as well: status of the outer one says nothing of their work. */
export async function firstLoss(question: LossQuestion): Promise<LostWork | undefined> {
  const { path, dir, gitDir, keepsGitDir, losesIgnored, network, signal } = question;
  const files = dir === undefined ? undefined : await lossOfFiles(question, dir);
  if (files) return files;
  const lost = keepsGitDir ? undefined : await lostCommit({ dir, gitDir, network, signal });
  if (lost !== undefined)
    return { path, reason: `its commit ${lost.slice(0, 12)} is on no branch of its remote` };
  const seen = new Set<string>();
  const all = { losesIgnored, network, signal };
  for (const [inner] of dir === undefined ? [] : await readIndexPins(dir, signal)) {
    const at = findGitDir(join(dir ?? '', inner));
    if (!at) continue;
    seen.add(at.gitDir);
    const isKept = keepsGitDir && at.gitDir.startsWith(join(gitDir, 'modules'));
    const asked = { path: `${path}/${inner}`, dir: join(dir ?? '', inner), gitDir: at.gitDir };
    const found = await firstLoss({ ...all, ...asked, keepsGitDir: isKept });
    if (found) return found;
  }
  if (keepsGitDir) return undefined;
  for (const { name, gitDir: other } of gitDirsIn(join(gitDir, 'modules'))) {
    if (seen.has(other)) continue;
    const asked = { path: `${path} (${name} in it)`, dir: undefined, gitDir: other };
    const found = await firstLoss({ ...all, ...asked });
    if (found) return found;
  }
  return undefined;
}

async function lossOfFiles(
  { path, gitDir, losesIgnored, signal }: LossQuestion,
  dir: string,
): Promise<LostWork | undefined> {
  const busy = underWay(gitDir);
  if (busy !== undefined) return { path, reason: `${busy} is under way there` };
  if (await isDirty(dir, signal, true))
    return { path, reason: 'it has changes, or files that git does not know' };
  const ignored = losesIgnored ? undefined : await firstIgnored(dir, signal);
  if (ignored === undefined) return undefined;
  return { path, reason: `git ignores files in it, such as ${ignored}`, ignored };
}

async function firstIgnored(dir: string, signal?: AbortSignal): Promise<string | undefined> {
  const args = ['ls-files', '--others', '--ignored', '--exclude-standard', '--directory', '-z'];
  const { stdout } = await tryGit(args, { cwd: dir, signal });
  return stdout.toString().split('\0', 1)[0] || undefined;
}

/** Git directories below a `modules` folder; names may have slashes. */
function* gitDirsIn(folder: string, prefix = ''): Generator<{ name: string; gitDir: string }> {
  let entries;
  try {
    entries = readdirSync(folder, { withFileTypes: true });
  } catch {
    return;
  }
  for (const entry of entries.filter((each) => each.isDirectory())) {
    const at = join(folder, entry.name);
    const name = prefix + entry.name;
    if (gitDirAt(at)) yield { name, gitDir: at };
    else yield* gitDirsIn(at, `${name}/`);
  }
}
