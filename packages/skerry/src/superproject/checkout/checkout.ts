import { existsSync, lstatSync } from 'node:fs';
import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { runGit } from '../git.ts';
import { checkedComponents } from '../gitmodules.ts';
import { resolveUrl } from '../module-url.ts';
import { isLocal, type PinnedComponent } from '../read-superproject.ts';
import { type Config, readConfig } from './config.ts';
import { findGitDir, gitDirAt, type Head, type GitDir, readHead, readText } from './git-dir.ts';
import { readHeadPins, readIndexPins } from './pins.ts';

/** One component of a checkout, as it is on disk. `pin` is the one in the index, which `git commit` would record. */
export interface CheckoutComponent extends PinnedComponent {
  /** Its work tree. */
  readonly dir: string;
  /** The pin of the superproject's HEAD. */
  readonly headPin: string | undefined;
  /** A merge of the superproject left more than one pin. */
  readonly isConflicted: boolean;
  /** Where its git directory is; where it would be, for one that is not there. */
  readonly at: GitDir;
  /**
   * `present`: has a work tree. `bare`: its git directory is there and its work tree is not, as after a switch to a commit
   * without it. `absent`: neither.
   */
  readonly state: 'present' | 'bare' | 'absent';
  /** What is checked out in it; none unless it is present. */
  readonly head: Head | undefined;
  /** `submodule.NAME.url` of the configuration, which goes before `.gitmodules`; none before it was initialised. */
  readonly configuredUrl: string | undefined;
}

/** The state of a superproject's checkout. */
export interface Checkout extends GitDir {
  readonly root: string;
  readonly head: Head;
  /** The superproject's remote that relative urls begin at; its own folder where it has none. */
  readonly url: string;
  /** The name of that remote. */
  readonly remoteName: string | undefined;
  /** All remotes: name to url. */
  readonly remotes: ReadonlyMap<string, string>;
  readonly config: Config;
  /** Paths in the index that `submodule.active` names; none where it is not set. */
  readonly activePaths: ReadonlySet<string> | undefined;
  /** The text of `.gitmodules` in the work tree; '' where there is none. */
  readonly gitmodules: string;
  readonly components: readonly CheckoutComponent[];
  /** Pins in the index that `.gitmodules` does not name: path to pin. */
  readonly strays: ReadonlyMap<string, string>;
}

/**
 * Reads a checkout: three processes whatever the number of components, the rest from files.
 *
 * @param root the top of its work tree; that of a linked worktree works too
 * @throws SP_NOT_HERE, SP_GITMODULES_INVALID, SP_GITMODULES_LINK, and what runGit throws
 */
export async function readCheckout(root: string, signal?: AbortSignal): Promise<Checkout> {
  const at = findGitDir(root);
  if (!at) throw new SkerryError('SP_NOT_HERE', { data: { dir: root } });
  const [index, headPins, config, head] = await Promise.all([
    readIndexPins(root, signal),
    readHeadPins(root, signal),
    readConfig(root, signal),
    readHead(at, signal),
  ]);
  const gitmodules = await moduleText(root, signal);
  const activePaths = config.has('submodule.active') ? await readActive(root, signal) : undefined;
  const base = baseOf(root, head, config);
  const where = join(root, '.gitmodules');
  const listed = checkedComponents(gitmodules, where, {
    isLocal: isLocal(base.url),
    base: base.url,
  });
  const components: CheckoutComponent[] = [];
  for (const component of listed) {
    const pins = index.get(component.path);
    components.push({
      ...component,
      ...(await stateOf(root, at, component, signal)),
      remote: resolveUrl(base.url, component.url),
      pin: pins?.[0],
      isConflicted: (pins?.length ?? 0) > 1,
      headPin: headPins.get(component.path),
      configuredUrl: config.get(`submodule.${component.name}.url`),
    });
  }
  const known = new Set(listed.map(({ path }) => path));
  const strays = new Map(
    [...index].flatMap(([path, [pin = '']]) => (known.has(path) ? [] : [[path, pin] as const])),
  );
  return { ...at, ...base, root, head, config, activePaths, gitmodules, components, strays };
}

/** Where the git directory of a component of this name belongs. */
export function moduleDir({ gitDir }: GitDir, name: string): string {
  return join(gitDir, 'modules', name);
}

type State = Pick<CheckoutComponent, 'dir' | 'at' | 'state' | 'head'>;

async function stateOf(
  root: string,
  above: GitDir,
  { name, path }: { name: string; path: string },
  signal?: AbortSignal,
): Promise<State> {
  const dir = join(root, path);
  const own = findGitDir(dir);
  if (own) return { dir, at: own, state: 'present', head: await readHead(own, signal) };
  const gitDir = moduleDir(above, name);
  const kept = gitDirAt(gitDir);
  const at = kept ?? { gitDir, commonDir: gitDir };
  return { dir, at, state: kept ? 'bare' : 'absent', head: undefined };
}

/** The work tree's `.gitmodules`; that of the index while a sparse checkout or a switch hides it, as git does. */
async function moduleText(root: string, signal?: AbortSignal): Promise<string> {
  const where = join(root, '.gitmodules');
  if (lstatSync(where, { throwIfNoEntry: false })?.isSymbolicLink())
    throw new SkerryError('SP_GITMODULES_LINK', { data: { where } });
  const text = readText(where);
  if (text !== undefined) return text;
  const entry = await runGit(['ls-files', '--', '.gitmodules'], { cwd: root, signal });
  if (entry.length === 0) return '';
  return (await runGit(['cat-file', 'blob', ':.gitmodules'], { cwd: root, signal })).toString();
}

/** The remote that relative urls begin at, by git's rule: the one the branch follows, else origin, else the only one. */
function baseOf(
  root: string,
  { branch }: Head,
  config: Config,
): Pick<Checkout, 'url' | 'remoteName' | 'remotes'> {
  const remotes = new Map(
    [...config].flatMap(([key, url]) => {
      const name = /^remote\.(.+)\.url$/s.exec(key)?.[1];
      return name === undefined ? [] : [[name, url] as const];
    }),
  );
  const followed = branch === undefined ? undefined : config.get(`branch.${branch}.remote`);
  const only = remotes.size === 1 ? [...remotes.keys()][0] : undefined;
  const remoteName = [followed, 'origin', only].find(
    (name) => name !== undefined && remotes.has(name),
  );
  return {
    remoteName,
    remotes,
    url: (remoteName !== undefined && remotes.get(remoteName)) || root,
  };
}

/** Whether a component is itself a superproject. */
export function isSuperproject(dir: string): boolean {
  return existsSync(join(dir, '.gitmodules'));
}

/** What the pathspecs of `submodule.active` name, which stock git writes for `clone --recurse-submodules=PATHSPEC`. */
async function readActive(root: string, signal?: AbortSignal): Promise<ReadonlySet<string>> {
  const run = async (...args: string[]): Promise<string[]> =>
    (await runGit(args, { cwd: root, signal })).toString().split('\0').filter(Boolean);
  const specs = await run('config', '-z', '--get-all', 'submodule.active');
  return new Set(specs.length === 0 ? [] : await run('ls-files', '-z', '--', ...specs));
}

/**
 * Whether the user, or `.gitmodules`, wants it at all: submodule.NAME.active goes before submodule.active, as with git
 * (gitsubmodules(7), "Active submodules"). One that neither names is wanted, initialised or not.
 */
export function isActive(
  { config, activePaths }: Checkout,
  { name, path, update }: CheckoutComponent,
): boolean {
  const strategy = config.get(`submodule.${name}.update`) ?? update;
  const own = config.get(`submodule.${name}.active`);
  const isWanted =
    own === undefined ? (activePaths?.has(path) ?? true) : !/^(false|no|off|0)$/i.test(own);
  return isWanted && strategy !== 'none';
}
