import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { runGit, tryGit } from '../git.ts';
import type { Network } from '../network.ts';
import { listRefs } from '../remote-refs.ts';

export interface RefChange {
  readonly ref: string;
  readonly from: string | undefined;
  /** None where it is gone. */
  readonly to: string | undefined;
}

const LONG_MS = 6 * 3_600_000;
const FETCH = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--no-auto-maintenance'];
const NAMED = ['+refs/heads/*:refs/heads/*', '+refs/tags/*:refs/tags/*'];
const PINS = '+refs/superproject/pins/*:refs/superproject/pins/*';
/** Connections for commits that a remote does not have, at most. */
const MAX_GONE = 50;
/** A command line has an end. */
const AT_ONCE = 1000;
/** How git, and JGit, name a commit that they do not have or do not give out. */
const NOT_THERE = /(?:not our ref|unadvertised object|want) ([0-9a-f]{40,64})/;
/** What other repositories may have borrowed is never thrown away, not even by a git gc that somebody runs. */
const CONFIG = '[gc]\n\tauto = 0\n\tpruneExpire = never\n[receive]\n\tautogc = false\n';

/** Makes a bare repository for `url`, whose HEAD is that of the remote. Nothing where there is one. */
export async function makeMirror(
  network: Network,
  { gitDir, url, about }: { gitDir: string; url: string; about: string },
): Promise<void> {
  if (existsSync(join(gitDir, 'HEAD'))) return;
  const { refs, head } = await listRefs(network, url, ['HEAD'], about);
  const isSha256 = refs.get('HEAD')?.length === 64;
  const format = isSha256
    ? '\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n'
    : '\trepositoryformatversion = 0\n';
  await mkdir(join(gitDir, 'objects'), { recursive: true });
  await mkdir(join(gitDir, 'refs'), { recursive: true });
  await writeFile(join(gitDir, 'config'), `[core]\n\tbare = true\n${format}${CONFIG}`);
  await writeFile(join(gitDir, 'HEAD'), `ref: ${head ?? 'refs/heads/main'}\n`);
}

/**
 * Brings a mirror to what its remote has: branches, tags and the refs that keep pins alive. What is gone on the remote stays
 * unless `isPruning`; and whatever loses its name gets another one, refs/superproject/mirror/ID, so that no commit of
 * the mirror is ever lost.
 */
export async function updateMirror(
  network: Network,
  {
    gitDir,
    url,
    about,
    isPruning,
  }: { gitDir: string; url: string; about: string; isPruning: boolean },
): Promise<RefChange[]> {
  const before = await readRefs(gitDir, network.signal);
  const call = { url, cwd: gitDir, about, timeoutMs: LONG_MS };
  for (const command of fetchCommands(url, isPruning)) await network.git(command, call);
  const after = await readRefs(gitDir, network.signal);
  const changes = [...new Set([...before.keys(), ...after.keys()])].flatMap((ref): RefChange[] => {
    const [from, to] = [before.get(ref), after.get(ref)];
    return from === to ? [] : [{ ref, from, to }];
  });
  const old = changes.flatMap(({ from }) => from ?? []);
  if (old.length > 0) await keep(gitDir, old, network.signal);
  return changes;
}

/** The fetches of a mirror of `url`. */
export function fetchCommands(url: string, isPruning: boolean): string[][] {
  // Pins are not pruned in any case: those of old releases have no other name here.
  return isPruning
    ? [
        [...FETCH, '--prune', '--', url, ...NAMED],
        [...FETCH, '--', url, PINS],
      ]
    : [[...FETCH, '--', url, ...NAMED, PINS]];
}

interface PinsQuestion {
  readonly gitDir: string;
  readonly url: string;
  readonly about: string;
  readonly pins: readonly string[];
}

/**
 * Fetches commits, and names them, so that they stay: over one connection for a thousand, and over one more for each that
 * the remote says it does not have.
 *
 * @returns those; and why others were not fetched, of which nobody knows whether they are there
 */
export async function fetchPins(
  network: Network,
  { gitDir, url, about, pins }: PinsQuestion,
): Promise<{ gone: Set<string>; reason?: string }> {
  const call = { url, cwd: gitDir, about, timeoutMs: LONG_MS };
  const asked = new Set(pins);
  const gone = new Set<string>();
  while (asked.size > 0 && gone.size <= MAX_GONE) {
    const some = [...asked].slice(0, AT_ONCE);
    const specs = some.map((pin) => `${pin}:refs/superproject/mirror/${pin}`);
    try {
      await network.git([...FETCH, '--', url, ...specs], call);
      for (const pin of some) asked.delete(pin);
    } catch (error) {
      if (!(error instanceof SkerryError)) throw error;
      const pin = NOT_THERE.exec(error.message)?.[1] ?? '';
      if (!asked.delete(pin)) return { gone, reason: error.message };
      gone.add(pin);
    }
  }
  if (asked.size === 0) return { gone };
  return {
    gone,
    reason: `so many pinned commits are gone that ${asked.size} more were not asked for`,
  };
}

/** Which of these commits the repository does not have. */
export async function missingCommits(
  gitDir: string,
  commits: Iterable<string>,
  signal?: AbortSignal,
): Promise<string[]> {
  const input = [...commits].map((id) => `${id}\n`).join('');
  if (input === '') return [];
  const out = await runGit(['cat-file', '--batch-check'], { cwd: gitDir, input, signal });
  return out
    .toString()
    .split('\n')
    .flatMap((line) => (line.endsWith(' missing') ? [line.split(' ', 1)[0] ?? ''] : []));
}

async function keep(
  gitDir: string,
  old: readonly string[],
  signal: AbortSignal | undefined,
): Promise<void> {
  const input = old.map((id) => `${id}\n`).join('');
  const args = ['rev-list', '--max-count=1', '--stdin', '--not', '--all'];
  const { stdout } = await tryGit(args, { cwd: gitDir, signal, input });
  if (stdout.length === 0) return;
  const updates = old.map((id) => `update refs/superproject/mirror/${id} ${id}\n`).join('');
  await runGit(['update-ref', '--stdin'], { cwd: gitDir, signal, input: updates });
}

async function readRefs(
  gitDir: string,
  signal: AbortSignal | undefined,
): Promise<Map<string, string>> {
  const args = ['for-each-ref', '--format=%(objectname) %(refname)'];
  const out = (await runGit(args, { cwd: gitDir, signal })).toString();
  return new Map(
    out.split('\n').flatMap((line) => {
      const space = line.indexOf(' ');
      return space < 0 ? [] : [[line.slice(space + 1), line.slice(0, space)] as const];
    }),
  );
}
