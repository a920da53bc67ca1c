import { SkerryError } from '../util/errors.ts';
import { fetchIds } from './fetch-ids.ts';
import { runGit } from './git.ts';
import { type Component, checkedComponents } from './gitmodules.ts';
import { filterUrl, resolveUrl, shownUrl } from './module-url.ts';
import type { Network } from './network.ts';
import { type CommitFacts, parseCommit } from './objects.ts';
import type { Scratch } from './scratch.ts';

/** A component as one superproject commit has it. */
export interface PinnedComponent extends Component {
  /** Where it is fetched from: `url` made absolute by the superproject's own. */
  readonly remote: string;
  /** The commit the superproject pins; none where `.gitmodules` names it but nothing is pinned yet. */
  readonly pin: string | undefined;
}

/** One commit of a superproject: all that is needed to make the next one. */
export interface Superproject extends CommitFacts {
  readonly url: string;
  readonly commit: string;
  readonly components: readonly PinnedComponent[];
  /** The text of `.gitmodules`. */
  readonly gitmodules: string;
  /** A bare repository that has the commit with its whole tree, at depth 1 or more. */
  readonly gitDir: string;
}

/**
 * Fetches one commit of a superproject, without a work tree, and reads its components.
 *
 * @param commit its object id, as listRefs gave it
 * @throws SP_GITMODULES_INVALID, SP_GITLINK_STRAY, and what runGit throws
 */
export async function readSuperproject(
  network: Network,
  scratch: Scratch,
  { url, commit, depth = 1 }: { url: string; commit: string; depth?: number },
): Promise<Superproject> {
  const gitDir = await scratch.repository(commit);
  await fetchIds(network, { url, gitDir, ids: [commit], depth });
  return superprojectAt(gitDir, { url, commit });
}

/**
 * The components of a commit whose root folder `gitDir` has. All folders are fetched for it, and of files only
 * `.gitmodules`; all of it where the remote does not serve that.
 *
 * @throws what readSuperproject throws
 */
export async function readComponents(
  network: Network,
  scratch: Scratch,
  { about, url, commit, gitDir }: { about: string; url: string; commit: string; gitDir: string },
): Promise<readonly PinnedComponent[]> {
  const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--depth=1'];
  const file = (await treeOf(gitDir, commit, ['.gitmodules'])).gitmodules;
  const wanted = file?.mode.startsWith('100') ? [commit, file.id] : [commit];
  const trees = await scratch.repository(commit);
  const call = { url, about, timeoutMs: 600_000 };
  try {
    const lean = [...args, '--filter=blob:none', '--', filterUrl(url), ...wanted];
    await network.git(lean, { ...call, cwd: trees });
    return (await superprojectAt(trees, { url, commit })).components;
  } catch (error) {
    if (!(error instanceof SkerryError) || error.code !== 'SP_GIT') throw error;
    // Under protocol v0 no file can be asked for by its id, nor a commit that no ref names.
    const whole = await scratch.repository(commit);
    await fetchIds(network, { url, about, gitDir: whole, ids: [commit], depth: 1 });
    return (await superprojectAt(whole, { url, commit })).components;
  }
}

/** The same for a commit that the repository at `gitDir` has already. Opens no connection. */
export async function superprojectAt(
  gitDir: string,
  { url, commit }: { url: string; commit: string },
): Promise<Superproject> {
  const raw = await runGit(['cat-file', 'commit', commit], { cwd: gitDir });
  const tree = await treeOf(gitDir, commit);
  const where = `${shownUrl(url)}@${commit.slice(0, 12)}:.gitmodules`;
  const gitmodules = await moduleText(gitDir, tree, where);
  const listed = checkedComponents(gitmodules, where, { isLocal: isLocal(url), base: url });
  const paths = new Set(listed.map(({ path }) => path));
  const strays = [...tree.links.keys()].filter((path) => !paths.has(path));
  if (strays.length > 0)
    throw new SkerryError('SP_GITLINK_STRAY', { data: { where, paths: strays.join(', ') } });
  return {
    ...parseCommit(raw.toString()),
    url,
    commit,
    gitmodules,
    gitDir,
    components: listed.map((component) => ({
      ...component,
      remote: resolveUrl(url, component.url),
      pin: tree.links.get(component.path),
    })),
  };
}

interface Tree {
  /** Path to pin. */
  readonly links: ReadonlyMap<string, string>;
  readonly gitmodules: { readonly mode: string; readonly id: string } | undefined;
}

/** @param paths only these, of the root folder; all of all folders unless told */
async function treeOf(gitDir: string, commit: string, paths?: readonly string[]): Promise<Tree> {
  const which = paths === undefined ? ['-r', commit] : [commit, '--', ...paths];
  const out = await runGit(['ls-tree', '-z', '--full-tree', ...which], { cwd: gitDir });
  const links = new Map<string, string>();
  let gitmodules: Tree['gitmodules'];
  for (const entry of out.toString().split('\0')) {
    const tab = entry.indexOf('\t');
    const [mode = '', , id = ''] = entry.slice(0, tab).split(' ');
    const path = entry.slice(tab + 1);
    if (mode === '160000') links.set(path, id);
    else if (path === '.gitmodules') gitmodules = { mode, id };
  }
  return { links, gitmodules };
}

async function moduleText(gitDir: string, { gitmodules }: Tree, where: string): Promise<string> {
  if (!gitmodules) return '';
  // A link would let a commit choose which file of the reader's machine is read (git refuses it as well).
  if (!gitmodules.mode.startsWith('100'))
    throw new SkerryError('SP_GITMODULES_LINK', { data: { where } });
  return (await runGit(['cat-file', 'blob', gitmodules.id], { cwd: gitDir })).toString();
}

/** Whether a url is of this computer, so that components beside it may be too. */
export function isLocal(url: string): boolean {
  return url.startsWith('file:') || url.startsWith('/') || /^\.{1,2}(\/|$)/.test(url);
}
