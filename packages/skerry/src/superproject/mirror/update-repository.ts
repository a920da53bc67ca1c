import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
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

/** Fetches single commits, and names them, so that they stay. */
export async function fetchPins(
  network: Network,
  {
    gitDir,
    url,
    about,
    pins,
  }: { gitDir: string; url: string; about: string; pins: readonly string[] },
): Promise<void> {
  const specs = pins.map((pin) => `${pin}:refs/superproject/mirror/${pin}`);
  await network.git([...FETCH, '--', url, ...specs], {
    url,
    cwd: gitDir,
    about,
    timeoutMs: LONG_MS,
  });
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
