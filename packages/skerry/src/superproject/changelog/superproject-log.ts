import { fetchIds } from '../fetch-ids.ts';
import { runGit } from '../git.ts';
import type { Network } from '../network.ts';
import { Scratch } from '../scratch.ts';
import { decodeText, LOG_ARGS, type LogEntry, splitNul, toEntry } from './commit-log.ts';
import { isShallow, type Located, locate, type Origin } from './resolve-commit.ts';

/** A pin that a commit of the superproject changed. */
export interface PinChange {
  readonly path: string;
  /** None where it was added. */
  readonly from: string | undefined;
  /** None where it was removed. */
  readonly to: string | undefined;
}

/** One commit of the superproject, with what it moved. */
export interface SuperprojectEntry extends LogEntry {
  readonly moves: readonly PinChange[];
  /** Files of the superproject itself that it changed. */
  readonly files: number;
}

export interface LogQuestion {
  /** Where to stop; the whole history unless told. */
  readonly from?: string | undefined;
  readonly to: string;
  /** Commits at most. */
  readonly limit?: number | undefined;
}

const FIELDS = 5;
const LONG_MS = 600_000;

/**
 * The commits of a superproject's branch, newest first, each with the pins it moved. A merge counts as what it brought
 * to the branch. Reads the superproject and nothing else: from the checkout at hand where that has it, else its commits
 * and folders are fetched without files.
 *
 * @throws SP_REF_MISSING, and what runGit throws
 */
export async function readLog(
  network: Network,
  origin: Origin,
  question: LogQuestion,
): Promise<SuperprojectEntry[]> {
  await using scratch = await Scratch.create();
  const names = [question.to, ...(question.from === undefined ? [] : [question.from])];
  const [to, from] = await locate(network, origin, names);
  if (!to) throw new Error('a name gives a commit');
  const { root } = origin;
  const isHere =
    root !== undefined && !isShallow(root) && !to.remoteRef && (!from || !from.remoteRef);
  const here = isHere && (await has(root, [to, from])) ? root : undefined;
  const gitDir =
    here ?? (await fetchHistory(network, scratch, origin.url, { to, from, limit: question.limit }));
  return await logOf(
    gitDir,
    { to: to.commit, from: from?.commit, limit: question.limit },
    network.signal,
  );
}

/** The same from a repository that has the history. Opens no connection. */
export async function logOf(
  gitDir: string,
  { from, to, limit }: LogQuestion,
  signal?: AbortSignal,
): Promise<SuperprojectEntry[]> {
  const args = [
    ...LOG_ARGS,
    ...['--raw', '--no-abbrev', '--no-renames', '--ignore-submodules=none', '--no-ext-diff'],
    ...['--first-parent', '-m', '--root'],
    ...(limit === undefined ? [] : [`--max-count=${limit}`]),
    to,
    ...(from === undefined ? [] : ['--not', from]),
    '--',
  ];
  const out = await runGit(args, { cwd: gitDir, signal, timeoutMs: LONG_MS });
  return parseRawLog(out);
}

/**
 * Reads git log --raw -z with the format of LOG_ARGS. After the five fields of a commit stand its changes, each as
 * `:mode mode id id status` and a path, and the first of them after a line feed.
 */
export function parseRawLog(out: Uint8Array): SuperprojectEntry[] {
  const fields = splitNul(out);
  const entries: SuperprojectEntry[] = [];
  let at = 0;
  while (at + FIELDS <= fields.length) {
    const entry = toEntry(fields.slice(at, at + FIELDS));
    at += FIELDS;
    const moves: PinChange[] = [];
    let files = 0;
    for (; isChange(fields[at]); at += 2) {
      const move = toMove(decodeText(fields[at]), decodeText(fields[at + 1]));
      if (move) moves.push(move);
      else files++;
    }
    entries.push({ ...entry, moves, files });
  }
  return entries;
}

function isChange(field: Uint8Array | undefined): boolean {
  return field?.[0] === 58 || (field?.[0] === 10 && field[1] === 58);
}

/** A change of a gitlink; undefined for one of a file. */
function toMove(change: string, path: string): PinChange | undefined {
  const [oldMode, newMode, oldId, newId] = change.trim().slice(1).split(' ');
  const from = oldMode === '160000' ? oldId : undefined;
  const to = newMode === '160000' ? newId : undefined;
  return from === undefined && to === undefined ? undefined : { path, from, to };
}

async function has(cwd: string, commits: readonly (Located | undefined)[]): Promise<boolean> {
  const input = commits.map((each) => (each ? `${each.commit}\n` : '')).join('');
  const out = await runGit(['cat-file', '--batch-check'], { cwd, input });
  return !out.toString().includes(' missing');
}

/**
 * Fetches commits and folders of a superproject without files; only the newest `limit` where that is all that is asked
 * for, and one more, to compare the last one with.
 */
async function fetchHistory(
  network: Network,
  scratch: Scratch,
  url: string,
  { to, from, limit }: { to: Located; from: Located | undefined; limit?: number | undefined },
): Promise<string> {
  const cwd = await scratch.repository(to.commit);
  const depth = limit !== undefined && from === undefined ? limit + 1 : undefined;
  const ids = [...new Set([to.commit, ...(from ? [from.commit] : [])])];
  await fetchIds(network, { url, gitDir: cwd, ids, depth, filter: 'blob:none' });
  return cwd;
}
