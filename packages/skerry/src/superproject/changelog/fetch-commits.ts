import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { fetchIds } from '../fetch-ids.ts';
import { runGit } from '../git.ts';
import type { Network } from '../network.ts';
import { parseCommit } from '../objects.ts';
import type { Scratch } from '../scratch.ts';
import { LOG_ARGS, type LogEntry, parseLog } from './commit-log.ts';

export interface CommitQuestion {
  readonly url: string;
  /** The component's name, for errors. */
  readonly about: string;
  readonly from: string;
  readonly to: string;
}

/** What lies between two commits. */
export interface CommitsBetween {
  /** Whether `to` comes after `from`. */
  readonly isForward: boolean;
  /** What `to` has and `from` has not, newest first. */
  readonly commits: readonly LogEntry[];
}

const FETCH = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--filter=tree:0'];
const GRAFTS = ['-c', 'advice.graftFileDeprecated=false'];
const LONG_MS = 600_000;

/**
 * Fetches the commits that `to` has and `from` has not, and no others; never a file or a folder, where the remote knows
 * filters. Two connections. The server is told that we have `from` with all before it, of which only that one commit is
 * here, so it sends the rest: exact for merges of branches that began before `from` too, where `--shallow-exclude` gives
 * too little.
 *
 * @throws what runGit throws
 */
export async function fetchCommits(
  network: Network,
  scratch: Scratch,
  question: CommitQuestion,
): Promise<CommitsBetween> {
  try {
    return await fetchRange(network, scratch, question);
  } catch (error) {
    // Protocol v0 gives only what a ref names; a server without filters makes git miss what came before.
    if (!(error instanceof SkerryError) || error.code !== 'SP_GIT') throw error;
    return fetchAll(network, scratch, question);
  }
}

/** The same where a host serves commits by their ids and knows filters; else it fails. @throws what runGit throws */
export async function fetchRange(
  network: Network,
  scratch: Scratch,
  { url, about, from, to }: CommitQuestion,
): Promise<CommitsBetween> {
  const gitDir = await scratch.repository(to);
  const call = { url, cwd: gitDir, about, timeoutMs: LONG_MS };
  await network.git([...FETCH, '--depth=1', '--', url, from], call);
  await rm(join(gitDir, 'shallow'), { force: true });
  // Here, nothing comes before `from`: else git fetches it, one commit at a time.
  await writeGrafts(gitDir, [[from]]);
  await network.git([...GRAFTS, ...FETCH, `--negotiation-tip=${from}`, '--', url, to], call);
  const found = await readCommits(gitDir);
  const parents = new Map([...found].filter(([id]) => id !== from));
  if (!parents.has(to)) return { isForward: false, commits: [] };
  const isForward = [...parents.values()].some((of) => of.includes(from));
  await writeGrafts(
    gitDir,
    [...parents].map(([id, of]) => [id, ...of.filter((parent) => parents.has(parent))]),
  );
  const out = await runGit([...GRAFTS, ...LOG_ARGS, to], { cwd: gitDir });
  const commits = parseLog(out).map((entry) => ({
    ...entry,
    parents: parents.get(entry.id) ?? entry.parents,
  }));
  return { isForward, commits };
}

/** The whole graph of both, for servers that cannot do better. */
async function fetchAll(
  network: Network,
  scratch: Scratch,
  { url, about, from, to }: CommitQuestion,
): Promise<CommitsBetween> {
  const gitDir = await scratch.repository(to);
  const call = { url, about, gitDir, filter: 'tree:0' };
  await fetchIds(network, { ...call, ids: [to] });
  const found = await readCommits(gitDir);
  if (!found.has(from)) await fetchIds(network, { ...call, ids: [from] });
  return commitsBetween(gitDir, from, to);
}

/** The same from a repository that has both with all before them. Opens no connection. */
export async function commitsBetween(
  gitDir: string,
  from: string,
  to: string,
  signal?: AbortSignal,
): Promise<CommitsBetween> {
  const where = { cwd: gitDir, signal };
  const out = await runGit([...LOG_ARGS, to, '--not', from], where);
  const lost = await runGit(['rev-list', '--max-count=1', from, '--not', to], where);
  return { isForward: lost.length === 0, commits: parseLog(out) };
}

/** All commits a repository has, with the parents they name. */
async function readCommits(gitDir: string): Promise<Map<string, readonly string[]>> {
  const all = ['cat-file', '--batch-all-objects', '--unordered', '--batch-check'];
  const ids = (await runGit(all, { cwd: gitDir }))
    .toString()
    .split('\n')
    .flatMap((line) => (line.split(' ')[1] === 'commit' ? [line.split(' ', 1)[0] ?? ''] : []));
  const input = ids.map((id) => `${id}\n`).join('');
  const out = await runGit(['cat-file', '--batch'], { cwd: gitDir, input });
  const commits = new Map<string, readonly string[]>();
  for (let at = 0; at < out.length;) {
    const line = out.indexOf(10, at);
    const [id = '', , size = '0'] = out.toString('latin1', at, line).split(' ');
    const end = line + 1 + Number(size);
    commits.set(id, parseCommit(out.toString('latin1', line + 1, end)).parents);
    at = end + 1;
  }
  return commits;
}

/** Tells git here who the parents of a commit are (gitglossary(7), grafts): a line is a commit and its parents. */
async function writeGrafts(gitDir: string, lines: readonly (readonly string[])[]): Promise<void> {
  await mkdir(join(gitDir, 'info'), { recursive: true });
  const text = lines.map((line) => `${line.join(' ')}\n`).join('');
  await writeFile(join(gitDir, 'info', 'grafts'), text);
}
