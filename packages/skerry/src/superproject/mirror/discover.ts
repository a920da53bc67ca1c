import { SkerryError, SkerryErrors } from '../../util/errors.ts';
import { each } from '../checkout/each.ts';
import { runGit } from '../git.ts';
import { type Component, checkedComponents } from '../gitmodules.ts';
import type { RepositoryUse } from '../layout.ts';
import { resolveUrl, shownUrl } from '../module-url.ts';
import { isLocal } from '../read-superproject.ts';
import { LOG_ARGS } from '../changelog/commit-log.ts';
import { parseRawLog } from '../changelog/superproject-log.ts';

/** A component some commit of a repository names. */
export interface FoundUse extends RepositoryUse {
  readonly name: string;
  readonly path: string;
}

const LONG_MS = 600_000;
const WIDTH = 8;

/**
 * All components that the `.gitmodules` of some commits name. One that is the same in many commits is read once.
 *
 * @param commits ids of commits the repository has
 * @param onRefused gets what is wrong with one that is not safe, or no `.gitmodules` at all; the others are read on
 */
export async function usesIn(
  gitDir: string,
  remote: string,
  commits: Iterable<string>,
  { signal, onRefused }: { signal?: AbortSignal | undefined; onRefused: (reason: string) => void },
): Promise<FoundUse[]> {
  const input = [...commits].map((id) => `${id}:.gitmodules\n`).join('');
  if (input === '') return [];
  const out = await runGit(['cat-file', '--batch-check'], { cwd: gitDir, input, signal });
  const blobs = new Set(
    out
      .toString()
      .split('\n')
      .flatMap((line) => /^([0-9a-f]+) blob /.exec(line)?.[1] ?? []),
  );
  const uses = new Map<string, FoundUse>();
  for (const blob of blobs) {
    const text = (await runGit(['cat-file', 'blob', blob], { cwd: gitDir, signal })).toString();
    const where = `${shownUrl(remote)}@${blob.slice(0, 12)}:.gitmodules`;
    for (const { name, path, url } of readComponents(text, where, remote, onRefused))
      uses.set(JSON.stringify([path, url]), {
        ...{ name, path, url, parent: remote, remote: resolveUrl(remote, url) },
      });
  }
  return [...uses.values()];
}

function readComponents(
  text: string,
  where: string,
  remote: string,
  onRefused: (reason: string) => void,
): readonly Component[] {
  try {
    return checkedComponents(text, where, { isLocal: isLocal(remote), base: remote });
  } catch (error) {
    if (!(error instanceof SkerryError || error instanceof SkerryErrors)) throw error;
    onRefused(`${where}: ${error.message}`);
    return [];
  }
}

/** Commits that branches and tags of a repository name. */
export async function namedCommits(gitDir: string, signal?: AbortSignal): Promise<Set<string>> {
  const format = '--format=%(objecttype) %(objectname) %(*objecttype) %(*objectname) ';
  const args = ['for-each-ref', format, 'refs/heads', 'refs/tags'];
  const out = (await runGit(args, { cwd: gitDir, signal })).toString();
  const commits = out.split('\n').map((line) => /(?:^| )commit ([0-9a-f]+) /.exec(line)?.[1]);
  return new Set(commits.filter((commit) => commit !== undefined));
}

/** All commits that any commit of branches and tags ever pinned, by path. */
export async function pinsEver(
  gitDir: string,
  signal?: AbortSignal,
): Promise<Map<string, Set<string>>> {
  const args = [
    ...LOG_ARGS,
    ...['--raw', '--no-abbrev', '--no-renames', '--ignore-submodules=none', '--no-ext-diff'],
    ...['--root', '-m', '--branches', '--tags', '--'],
  ];
  const out = await runGit(args, { cwd: gitDir, signal, timeoutMs: LONG_MS });
  const pins = new Map<string, Set<string>>();
  for (const { moves } of parseRawLog(out))
    for (const { path, to } of moves) if (to !== undefined) add(pins, path, to);
  return pins;
}

/** What some commits pin, by path. */
export async function pinsOf(
  gitDir: string,
  commits: Iterable<string>,
  signal?: AbortSignal,
): Promise<Map<string, Set<string>>> {
  const pins = new Map<string, Set<string>>();
  await each([...commits], WIDTH, async (commit) => {
    const args = ['ls-tree', '-r', '-z', '--full-tree', commit];
    const out = (await runGit(args, { cwd: gitDir, signal })).toString();
    for (const entry of out.split('\0')) {
      const [, id, path] = /^160000 commit ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
      if (id !== undefined && path !== undefined) add(pins, path, id);
    }
  });
  return pins;
}

function add(pins: Map<string, Set<string>>, path: string, pin: string): void {
  const known = pins.get(path);
  if (known) known.add(pin);
  else pins.set(path, new Set([pin]));
}
