import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { each } from '../checkout/each.ts';
import { findGitDir } from '../checkout/git-dir.ts';
import { hasCommit } from '../checkout/objects-here.ts';
import { shownUrl } from '../module-url.ts';
import type { Network } from '../network.ts';
import { superprojectAt } from '../read-superproject.ts';
import { Scratch } from '../scratch.ts';
import { compareComponents, type ComponentDifference } from './compare-components.ts';
import { buildChangelog, type Changelog, type ComponentChange } from './document.ts';
import { commitsBetween, type CommitsBetween, fetchCommits } from './fetch-commits.ts';
import { nestedDifferences } from './nested.ts';
import { isShallow, locate, type Origin, repositoryOf } from './resolve-commit.ts';

export interface ChangelogOptions {
  /** Do not look into components that are superprojects themselves. */
  readonly noNested?: boolean | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

interface Work {
  readonly network: Network;
  readonly scratch: Scratch;
  readonly options: ChangelogOptions;
  /** Ranges of repositories that were looked at, so that nesting in circles ends. */
  readonly seen: Set<string>;
}

interface Place {
  /** The work tree of the superproject or component it is below, where there is one. */
  readonly root: string | undefined;
  /** The path of the component it is nested in. */
  readonly within: string | undefined;
  readonly level: number;
}

const MAX_LEVEL = 8;
/** Components at once: as many as a host is asked for at most. */
const WIDTH = 32;

/**
 * What changed between two commits of a superproject, in every component: its commits, without a clone or a checkout. What
 * the checkout at hand has is taken from there, without a connection.
 *
 * @throws SP_REF_MISSING, SP_GITMODULES_INVALID, SP_TRANSIENT; a component that cannot be read otherwise is `unread`
 */
export async function readChangelog(
  network: Network,
  origin: Origin,
  range: { from: string; to: string },
  options: ChangelogOptions = {},
): Promise<Changelog> {
  await using scratch = await Scratch.create();
  const [from, to] = await locate(network, origin, [range.from, range.to]);
  if (!from || !to) throw new Error('two names give two commits');
  const commits = [from.commit, to.commit];
  const gitDir = await repositoryOf(network, scratch, origin, commits);
  const before = await superprojectAt(gitDir, { url: origin.url, commit: from.commit });
  const now = await superprojectAt(gitDir, { url: origin.url, commit: to.commit });
  const { differences, unchanged } = compareComponents(before.components, now.components);
  const work: Work = { network, scratch, options, seen: new Set() };
  const place = { root: origin.root, within: undefined, level: 0 };
  const changes = await readChanges(work, differences, place);
  const head = {
    url: shownUrl(origin.url),
    from: { ref: from.ref, commit: from.commit },
    to: { ref: to.ref, commit: to.commit },
    unchanged,
  };
  return buildChangelog(head, changes);
}

async function readChanges(
  work: Work,
  differences: readonly ComponentDifference[],
  place: Place,
): Promise<ComponentChange[]> {
  const all = await each(differences, WIDTH, (one) => readChange(work, one, place));
  return all.flat();
}

/** One component, followed by those nested in it. */
async function readChange(
  work: Work,
  difference: ComponentDifference,
  place: Place,
): Promise<ComponentChange[]> {
  const { within } = place;
  const path = within === undefined ? difference.path : `${within}/${difference.path}`;
  const { name, from, to, url, urlBefore } = difference;
  const pathBefore =
    within === undefined || difference.pathBefore === undefined
      ? difference.pathBefore
      : `${within}/${difference.pathBefore}`;
  const about = { path, name, from, to, url, urlBefore, pathBefore, within };
  const { kind } = difference;
  if (kind !== 'moved') return [{ ...about, kind, commits: [], dropped: [], notes: [] }];
  const dir = await checkoutOf(work, difference, place);
  const notes: string[] = [];
  const moved = await noted(notes, () => readMoved(work, difference, dir));
  work.options.onProgress?.(`${path}: ${moved?.commits.length ?? 0} commits`);
  const own: ComponentChange = {
    ...about,
    kind: moved?.kind ?? 'unread',
    commits: moved?.commits ?? [],
    dropped: moved?.dropped ?? [],
    notes,
  };
  if (work.options.noNested || !moved || !isFirst(work, difference, place)) return [own];
  const nested = await noted(notes, () => nestedDifferences(work, difference, dir));
  const below = { root: dir, within: path, level: place.level + 1 };
  return [own, ...(await readChanges(work, nested ?? [], below))];
}

type Moved = Pick<ComponentChange, 'commits' | 'dropped'> & { kind: 'forward' | 'rewound' };

async function readMoved(
  { network, scratch }: Work,
  { now, name, from = '', to = '' }: ComponentDifference,
  dir: string | undefined,
): Promise<Moved> {
  const url = now?.remote ?? '';
  const read = (a: string, b: string): Promise<CommitsBetween> =>
    dir === undefined
      ? fetchCommits(network, scratch, { url, about: name, from: a, to: b })
      : commitsBetween(dir, a, b, network.signal);
  const { isForward, commits } = await read(from, to);
  if (isForward) return { kind: 'forward', commits, dropped: [] };
  return { kind: 'rewound', commits, dropped: (await read(to, from)).commits };
}

/** The component's checkout, when it has both pins and all between. */
async function checkoutOf(
  { network: { signal } }: Work,
  { path, from = '', to = '' }: ComponentDifference,
  { root }: Place,
): Promise<string | undefined> {
  if (root === undefined) return undefined;
  const cwd = join(root, path);
  if (!findGitDir(cwd) || isShallow(cwd)) return undefined;
  const where = { cwd, signal };
  return (await hasCommit(from, where)) && (await hasCommit(to, where)) ? cwd : undefined;
}

function isFirst(
  { seen }: Work,
  { now, from, to }: ComponentDifference,
  { level }: Place,
): boolean {
  const key = `${now?.remote} ${from} ${to}`;
  if (level >= MAX_LEVEL || seen.has(key)) return false;
  seen.add(key);
  return true;
}

/** What cannot be read for good is a note in the changelog; what may work a moment later fails it. */
async function noted<T>(notes: string[], work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof SkerryError) || error.code === 'SP_TRANSIENT') throw error;
    notes.push(error.message);
    return undefined;
  }
}
