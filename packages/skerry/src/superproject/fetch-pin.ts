import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../util/errors.ts';
import { parseBatch } from './batch.ts';
import { fetchRefs, hasAll, isUnadvertised, keptIds } from './fetch-ids.ts';
import { runGit } from './git.ts';
import { filterUrl } from './module-url.ts';
import type { Network } from './network.ts';
import { type CommitFacts, parseCommit } from './objects.ts';
import type { Scratch } from './scratch.ts';
import { keepRef } from './tracked.ts';
import type { Refs } from './remote-refs.ts';

/** How a pin stands to the one before it. */
export type Relation = 'new' | 'same' | 'forward' | 'rewound';

export interface FetchedPin extends CommitFacts {
  readonly relation: Relation;
  /** A bare repository that has the commit. */
  readonly gitDir: string;
}

export interface PinQuestion {
  readonly url: string;
  /** The component's name, for errors. */
  readonly about: string;
  readonly to: string;
  readonly from: string | undefined;
  /** What the remote has: its keep ref of `from` saves fetching the history. */
  readonly refs: Refs;
}

/**
 * Fetches a commit from its remote, which proves that it can be had there, and tells whether it comes after `from`. A host
 * that serves only what is on a ref (protocol v0) is asked for all branches and tags where it is on none, as stock git does:
 * a pin below a tip, or a tip that was left behind since it was read.
 *
 * @throws SP_NOT_A_COMMIT, and what runGit throws
 */
export async function fetchPin(
  network: Network,
  scratch: Scratch,
  question: PinQuestion,
): Promise<FetchedPin> {
  try {
    return await fetchAlone(network, scratch, question);
  } catch (error) {
    if (!isUnadvertised(error)) throw error;
    const { url, about, to, from } = question;
    const gitDir = await scratch.repository(to);
    await fetchRefs(network, { url, about, gitDir }, 'tree:1', keptIds([to, from ?? to]));
    if (!(await hasAll(gitDir, [to]))) throw error;
    return {
      relation: await relationOf(gitDir, from, to),
      ...(await readCommit(gitDir, to, about)),
      gitDir,
    };
  }
}

/**
 * With a keep ref of `from` only the commits between the two are sent, else the graph of all commits; with the folder at
 * the root, but no file, where the remote knows filters (git-rev-list(1) --filter=tree:1).
 */
async function fetchAlone(
  network: Network,
  scratch: Scratch,
  question: PinQuestion,
): Promise<FetchedPin> {
  const { url, about, to, from, refs } = question;
  const gitDir = await scratch.repository(to);
  const fetch = (...limits: string[]): Promise<unknown> =>
    network.git(
      [
        'fetch',
        '--quiet',
        '--no-tags',
        '--no-write-fetch-head',
        '--filter=tree:1',
        ...limits,
        '--',
        filterUrl(url),
        to,
      ],
      { url, cwd: gitDir, about, timeoutMs: 600_000 },
    );
  if (from === undefined || from === to) {
    await fetch('--depth=1');
    const relation = await relationOf(gitDir, from, to);
    return { relation, gitDir, ...(await readCommit(gitDir, to, about)) };
  }
  if (refs.get(keepRef(from)) === from) {
    try {
      await fetch(`--shallow-exclude=${keepRef(from)}`);
    } catch (error) {
      // Nothing is left when `from` has all of `to`: it went back.
      if (!isEmptyRange(error)) throw error;
      await fetch('--depth=1');
      return { relation: 'rewound', gitDir, ...(await readCommit(gitDir, to, about)) };
    }
    if (await isBoundary(gitDir, from))
      return { relation: 'forward', gitDir, ...(await readCommit(gitDir, to, about)) };
    // What is cut off at a merge may hide the way: only the whole graph says for sure that it was rewound.
    return await fetchAlone(network, scratch, { ...question, refs: new Map() });
  }
  await fetch();
  const relation = await relationOf(gitDir, from, to);
  return { relation, gitDir, ...(await readCommit(gitDir, to, about)) };
}

/** Whether a fetched commit has components of its own. */
export async function hasComponents(gitDir: string, commit: string): Promise<boolean> {
  const out = await runGit(['ls-tree', commit, '.gitmodules'], { cwd: gitDir });
  return out.length > 0;
}

function isEmptyRange(error: unknown): boolean {
  return error instanceof SkerryError && error.message.includes('no commits selected for shallow');
}

/**
 * Whether `from` is the parent of a commit at the edge of what was fetched. All that `from` has was left out, so any way
 * from the tip down to `from` ends at such an edge; git lists the edges in the file `shallow`, and the raw commits there
 * still name their parents (gitformat-shallow).
 */
async function isBoundary(gitDir: string, from: string): Promise<boolean> {
  const edges = await readFile(join(gitDir, 'shallow'), 'utf8').catch(() => '');
  // Some that are listed were not sent; `missing` is said of those.
  const out = await runGit(['cat-file', '--batch'], { cwd: gitDir, input: edges });
  return parseBatch(out).some(
    ({ type, text }) => type === 'commit' && parseCommit(text).parents.includes(from),
  );
}

/** By what was fetched of all that `to` has. */
async function relationOf(gitDir: string, from: string | undefined, to: string): Promise<Relation> {
  if (from === undefined) return 'new';
  if (from === to) return 'same';
  const known = await runGit(['cat-file', '--batch-check'], { cwd: gitDir, input: `${from}\n` });
  if (!known.toString().includes(' commit ')) return 'rewound';
  const out = await runGit(['rev-list', '--max-count=1', from, `^${to}`], { cwd: gitDir });
  return out.length === 0 ? 'forward' : 'rewound';
}

async function readCommit(gitDir: string, id: string, about: string): Promise<CommitFacts> {
  const out = await runGit(['cat-file', '--batch'], { cwd: gitDir, input: `${id}\n`, about });
  const text = out.toString();
  const [first = ''] = text.split('\n', 1);
  if (!first.startsWith(`${id} commit `))
    throw new SkerryError('SP_NOT_A_COMMIT', { data: { id, about, what: first } });
  return parseCommit(text.slice(first.length + 1));
}
