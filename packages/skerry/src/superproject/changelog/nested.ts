import { fetchIds, isUnadvertised } from '../fetch-ids.ts';
import { runGit } from '../git.ts';
import type { Network } from '../network.ts';
import { type PinnedComponent, superprojectAt } from '../read-superproject.ts';
import type { Scratch } from '../scratch.ts';
import { compareComponents, type ComponentDifference } from './compare-components.ts';

interface Tools {
  readonly network: Network;
  readonly scratch: Scratch;
}

const FETCH = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head'];

/**
 * How the components of a component differ between its two pins: nothing where it has none. One connection finds that
 * out, from the root folder of both pins; only a component with a `.gitmodules` costs more.
 *
 * @param dir its checkout, when that has both pins
 * @throws SP_GITMODULES_INVALID, and what runGit throws
 */
export async function nestedDifferences(
  tools: Tools,
  { now, before, name, from = '', to = '' }: ComponentDifference,
  dir: string | undefined,
): Promise<readonly ComponentDifference[]> {
  const url = now?.remote ?? '';
  const gitDir = dir ?? (await fetchRoots(tools, url, name, [from, to]));
  const files = [await moduleFile(gitDir, from), await moduleFile(gitDir, to)];
  if (!files.some((id) => id !== undefined)) return [];
  const whole = dir ?? (await fetchTrees(tools, { url, about: name, pins: [from, to], files }));
  const read = async (base: string, pin: string): Promise<readonly PinnedComponent[]> =>
    (await superprojectAt(whole, { url: base, commit: pin })).components;
  const { differences } = compareComponents(
    await read(before?.remote ?? url, from),
    await read(url, to),
  );
  return differences;
}

/** The object id of `.gitmodules` in a commit. */
async function moduleFile(gitDir: string, commit: string): Promise<string | undefined> {
  const args = ['ls-tree', '--full-tree', commit, '--', '.gitmodules'];
  const line = (await runGit(args, { cwd: gitDir })).toString();
  return /^100\d{3} blob ([0-9a-f]+)\t/.exec(line)?.[1];
}

async function fetchRoots(
  { network, scratch }: Tools,
  url: string,
  about: string,
  pins: readonly string[],
): Promise<string> {
  const cwd = await scratch.repository(pins[0] ?? '');
  await fetchIds(network, { url, about, gitDir: cwd, ids: pins, depth: 1, filter: 'tree:1' });
  return cwd;
}

/** All folders of both pins, and of files only `.gitmodules`. */
async function fetchTrees(
  { network, scratch }: Tools,
  {
    url,
    about,
    pins,
    files,
  }: { url: string; about: string; pins: string[]; files: (string | undefined)[] },
): Promise<string> {
  const cwd = await scratch.repository(pins[0] ?? '');
  const call = { url, about, gitDir: cwd };
  await fetchIds(network, { ...call, ids: pins, depth: 1, filter: 'blob:none' });
  const ids = [...new Set(files.filter((id) => id !== undefined))];
  try {
    await network.git([...FETCH, '--', url, ...ids], { url, cwd, about });
    return cwd;
  } catch (error) {
    if (!isUnadvertised(error)) throw error;
  }
  // Under protocol v0 no file can be asked for by its id.
  const whole = await scratch.repository(pins[0] ?? '');
  await fetchIds(network, { ...call, gitDir: whole, ids: pins, depth: 1 });
  return whole;
}
