import { SkerryError } from '../util/errors.ts';
import { runGit } from './git.ts';
import { filterUrl } from './module-url.ts';
import type { Network } from './network.ts';
import { keepRef } from './tracked.ts';

/** Where it is fetched from and to. */
export interface FetchPlace {
  readonly url: string;
  /** The component's name, for errors. */
  readonly about?: string | undefined;
  readonly gitDir: string;
  readonly timeoutMs?: number;
}

export interface FetchIds extends FetchPlace {
  readonly ids: readonly string[];
  /** Refs to be fetched on the same connection, as `+refs/tags/1.0:refs/tags/1.0`. */
  readonly also?: readonly string[];
  readonly depth?: number | undefined;
  /** As git-rev-list(1) has it, such as `tree:1`. */
  readonly filter?: string | undefined;
}

/** A fetch that leaves nothing but what it is told to. */
export const FETCH = [
  'fetch',
  '--quiet',
  '--no-tags',
  '--no-write-fetch-head',
  '--no-auto-maintenance',
];
const LONG_MS = 600_000;

/**
 * Fetches commits by their ids. A host that serves only what a ref names (protocol v0) is asked for all branches and tags
 * instead, as stock git does, and for no depth then: what is below a tip is had no other way.
 *
 * @throws what runGit throws; the host's refusal where a commit is on none of its branches and tags
 */
export async function fetchIds(network: Network, question: FetchIds): Promise<void> {
  const { url, about, gitDir, ids, also = [], depth, filter, timeoutMs = LONG_MS } = question;
  const limits = [
    ...(depth === undefined ? [] : [`--depth=${depth}`]),
    ...(filter === undefined ? [] : [`--filter=${filter}`]),
  ];
  const from = filter === undefined ? url : filterUrl(url);
  try {
    const call = { url, cwd: gitDir, about, timeoutMs };
    await network.git([...FETCH, ...limits, '--', from, ...ids, ...also], call);
  } catch (error) {
    if (!isUnadvertised(error)) throw error;
    await fetchRefs(network, question, filter, [...keptIds(ids), ...also]);
    if (!(await hasAll(gitDir, ids))) throw error;
  }
}

/** What fetches commits by their keep refs; patterns, for refs that may be missing. */
export function keptIds(ids: readonly string[]): string[] {
  return [...new Set(ids)].map((id) => `+${keepRef(id)}*:refs/all/pins/${id}*`);
}

/** Fetches all branches and tags, under other names than those of this repository's own. @throws what runGit throws */
export async function fetchRefs(
  network: Network,
  { url, about, gitDir, timeoutMs = LONG_MS }: FetchPlace,
  filter?: string,
  also: readonly string[] = [],
): Promise<void> {
  const all = ['+refs/heads/*:refs/all/heads/*', '+refs/tags/*:refs/all/tags/*'];
  const limits = filter === undefined ? [] : [`--filter=${filter}`];
  const from = filter === undefined ? url : filterUrl(url);
  const call = { url, cwd: gitDir, about, timeoutMs };
  await network.git([...FETCH, ...limits, '--', from, ...all, ...also], call);
}

/** What git says where a host speaks protocol v0, of a commit that no ref names. */
export function isUnadvertised(error: unknown): boolean {
  return error instanceof SkerryError && /unadvertised/i.test(error.message);
}

/**
 * Whether a repository has all these objects itself. Asked so that git never looks for them at the remote of a partial
 * clone, which older ones than 2.45 do by themselves.
 */
export async function hasAll(gitDir: string, ids: readonly string[]): Promise<boolean> {
  const args = ['rev-parse', ...ids.map((id) => `--disambiguate=${id}`)];
  const found = new Set((await runGit(args, { cwd: gitDir })).toString().split('\n'));
  return ids.every((id) => found.has(id));
}
