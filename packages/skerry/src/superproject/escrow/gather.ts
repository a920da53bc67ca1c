import { allSettled } from '../../util/all-settled.ts';
import { SkerryError } from '../../util/errors.ts';
import { FETCH, fetchIds } from '../fetch-ids.ts';
import { runGit } from '../git.ts';
import type { RepositoryUse } from '../layout.ts';
import type { Network } from '../network.ts';
import { parseCommit } from '../objects.ts';
import { type PinnedComponent, superprojectAt } from '../read-superproject.ts';
import { commitOf, listRefs } from '../remote-refs.ts';
import { resolveRef } from '../resolve-ref.ts';
import type { Scratch } from '../scratch.ts';
import { trackedBranch } from '../tracked.ts';
import type { SourceNode } from './source-walk.ts';

/** A repository with all that the deposit needs of it, history included. */
export interface GatheredRepository {
  readonly remote: string;
  readonly gitDir: string;
  /** Full name of a ref of the deposit to what it names. */
  readonly refs: Map<string, string>;
  /** What its HEAD is: a branch, or a commit. */
  head: string;
}

/** One place in the source tree where a repository's commit stands. */
export interface GatheredComponent {
  /** In the whole tree; '' for the superproject itself. */
  readonly path: string;
  readonly name: string;
  readonly remote: string;
  readonly commit: string;
  readonly branch: string | undefined;
  /** Tags of its remote on this very commit. */
  readonly tags: readonly string[];
  /** The path of the component, or the superproject, it belongs to; none for the superproject. */
  readonly within: string | undefined;
}

export interface Gathered {
  /** The full name of the ref, or the commit's id. */
  readonly ref: string;
  /** What `git clone -b` takes. */
  readonly branchOrTag: string;
  readonly root: SourceNode;
  readonly repositories: ReadonlyMap<string, GatheredRepository>;
  /** The superproject first, then in the order of the tree. */
  readonly components: readonly GatheredComponent[];
  readonly uses: readonly RepositoryUse[];
}

interface Work {
  readonly network: Network;
  readonly scratch: Scratch;
  readonly repositories: Map<string, GatheredRepository>;
  readonly components: GatheredComponent[];
  readonly uses: RepositoryUse[];
  /** The superproject's branch, for components that follow `.`. */
  readonly superBranch: string | undefined;
  readonly onProgress: ((text: string) => void) | undefined;
}

const LONG_MS = 6 * 3_600_000;
const MAX_LEVEL = 16;

/**
 * Fetches a superproject's commit and all components it pins, those of components too, each with its history.
 *
 * @param ref a tag, a branch or a full commit id of the remote
 * @throws SP_REF_MISSING, SP_ESCROW_NESTING, and what runGit throws
 */
export async function gather(
  network: Network,
  scratch: Scratch,
  { url, ref }: { url: string; ref: string },
  onProgress?: (text: string) => void,
): Promise<Gathered> {
  const isId = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);
  const found = isId
    ? { ref: `refs/heads/escrow-${ref.slice(0, 12)}`, commit: ref }
    : await resolveRef(network, url, ref);
  const gitDir = await scratch.repository(found.commit);
  onProgress?.('fetching the superproject');
  const call = { url, cwd: gitDir, timeoutMs: LONG_MS };
  if (isId) await fetchIds(network, { url, gitDir, ids: [ref], timeoutMs: LONG_MS });
  else await network.git([...FETCH, '--', url, `+${found.ref}:${found.ref}`], call);
  // The ref may have moved since it was looked up: what came is what counts.
  const named = isId ? ref : await idOf(gitDir, found.ref);
  const commit = await idOf(gitDir, `${named}^{commit}`);
  const isBranch = found.ref.startsWith('refs/heads/');
  const work: Work = {
    ...{ network, scratch, onProgress, repositories: new Map(), components: [], uses: [] },
    superBranch: isBranch && !isId ? found.ref.slice('refs/heads/'.length) : undefined,
  };
  work.repositories.set(url, {
    ...{ remote: url, gitDir, refs: new Map([[found.ref, named]]) },
    head: isBranch ? `ref: ${found.ref}` : commit,
  });
  const branchOrTag = found.ref.replace(/^refs\/(heads|tags)\//, '');
  const about = { path: '', name: branchOrTag, remote: url, commit, within: undefined };
  const tags = found.ref.startsWith('refs/tags/') ? [branchOrTag] : [];
  work.components.push({ ...about, branch: work.superBranch, tags });
  const root = await nodeOf(work, { remote: url, commit, path: '', level: 0 });
  const { repositories, components, uses } = work;
  components.sort((a, b) => Buffer.compare(Buffer.from(a.path), Buffer.from(b.path)));
  return { ref: isId ? ref : found.ref, branchOrTag, root, repositories, components, uses };
}

interface Position {
  readonly remote: string;
  readonly commit: string;
  readonly path: string;
  readonly level: number;
}

/** A commit that is fetched already, with all below it. */
async function nodeOf(work: Work, position: Position): Promise<SourceNode> {
  const { remote, commit, path, level } = position;
  const gitDir = work.repositories.get(remote)?.gitDir ?? '';
  const raw = (await runGit(['cat-file', 'commit', commit], { cwd: gitDir })).toString('latin1');
  const { seconds } = parseCommit(raw);
  if (level > MAX_LEVEL) throw new SkerryError('SP_ESCROW_NESTING', { data: { path } });
  const { components } = await superprojectAt(gitDir, { url: remote, commit });
  const pinned = components.filter(hasPin);
  const byRemote = Map.groupBy(pinned, (component) => component.remote);
  const tags = new Map(
    await allSettled(
      [...byRemote].map(async ([url, all]) => [url, await fetchPins(work, url, all)] as const),
    ),
  );
  const nodes = new Map<string, SourceNode>();
  for (const component of pinned) {
    const below = path === '' ? component.path : `${path}/${component.path}`;
    work.uses.push({ parent: remote, url: component.url, remote: component.remote });
    work.components.push({
      ...{ path: below, name: component.name, remote: component.remote, within: path },
      commit: component.pin,
      branch: trackedBranch(component, work.superBranch),
      tags: tags.get(component.remote)?.get(component.pin) ?? [],
    });
    const next = { remote: component.remote, commit: component.pin, path: below, level: level + 1 };
    nodes.set(component.path, await nodeOf(work, next));
  }
  return { gitDir, commit, seconds, components: nodes };
}

type Pinned = PinnedComponent & { readonly pin: string };

export function hasPin(component: PinnedComponent): component is Pinned {
  return component.pin !== undefined;
}

/** Fetches the pins of one remote, and the tags on them; gives the tags of each pin. */
async function fetchPins(
  work: Work,
  url: string,
  components: readonly Pinned[],
): Promise<ReadonlyMap<string, readonly string[]>> {
  const { network, scratch, repositories } = work;
  const about = components[0]?.name;
  work.onProgress?.(`fetching ${components[0]?.path}`);
  const { pins, tags, tagRefs, named } = await wantedOf(network, url, components);
  const repository = repositories.get(url) ?? {
    ...{ remote: url, refs: new Map<string, string>(), head: pins[0] ?? '' },
    gitDir: await scratch.repository(pins[0] ?? ''),
  };
  repositories.set(url, repository);
  const { gitDir } = repository;
  const call = { url, about, gitDir, timeoutMs: LONG_MS };
  await fetchIds(network, { ...call, ids: pins, also: named });
  for (const ref of tagRefs) repository.refs.set(ref, await idOf(gitDir, ref));
  for (const component of components) nameBranch(repository, component, work.superBranch);
  return tags;
}

/** What is fetched of one remote: the pins, and the tags on them. */
export async function wantedOf(
  network: Network,
  url: string,
  components: readonly Pinned[],
): Promise<{
  pins: readonly string[];
  tags: ReadonlyMap<string, readonly string[]>;
  tagRefs: readonly string[];
  /** Those as they are fetched. */
  named: readonly string[];
}> {
  const pins = [...new Set(components.map(({ pin }) => pin))].sort();
  const { refs } = await listRefs(network, url, ['refs/tags/*'], components[0]?.name);
  const tags = new Map(
    pins.map((pin) => {
      const on = [...refs.keys()].filter(
        (ref) => !ref.endsWith('^{}') && commitOf(refs, ref) === pin,
      );
      return [pin, on.map((ref) => ref.slice('refs/tags/'.length)).sort()] as const;
    }),
  );
  const tagRefs = [...tags.values()].flat().map((tag) => `refs/tags/${tag}`);
  return { pins, tags, tagRefs, named: tagRefs.map((ref) => `+${ref}:${ref}`) };
}

/** Each pin gets a ref: the branch it was pinned from, and the ref that keeps it alive. */
function nameBranch(
  repository: GatheredRepository,
  component: Pinned,
  superBranch: string | undefined,
): void {
  const { pin } = component;
  const { refs } = repository;
  refs.set(`refs/superproject/pins/${pin}`, pin);
  const branch = trackedBranch(component, superBranch);
  const ref = branch === undefined ? undefined : `refs/heads/${branch}`;
  if (ref === undefined || refs.has(ref)) return;
  refs.set(ref, pin);
  if (!repository.head.startsWith('ref: ')) repository.head = `ref: ${ref}`;
}

async function idOf(gitDir: string, name: string): Promise<string> {
  const out = await runGit(['rev-parse', '--verify', name], { cwd: gitDir });
  return out.toString().trim();
}
