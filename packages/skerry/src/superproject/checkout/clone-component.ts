import { existsSync } from 'node:fs';
import { mkdir, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { shellQuote } from '../../util/shell-quote.ts';
import { formatGit } from '../format-git.ts';
import { runGit } from '../git.ts';
import { CALM, type Changes } from './changes.ts';
import { type Checkout, type CheckoutComponent, moduleDir } from './checkout.ts';
import { editFile } from './config.ts';
import { fetchPinned } from './fetch-pinned.ts';
import { findGitDir, gitDirAt, readText } from './git-dir.ts';
import { linkWorkTree, refuseUnsafePlace, setWorkTree, workTreeFrom } from './link.ts';
import { hasCommit } from './objects-here.ts';
import { sweepLeft } from '../../util/sweep-left.ts';

export interface CloneRules {
  readonly depth?: number | undefined;
  /** Another checkout of the same superproject, or a folder of bare repositories, whose objects are borrowed. */
  readonly reference?: string | undefined;
  /** The branch that the component follows. */
  readonly branch: string | undefined;
  /** Where else it may be: a fork of a superproject need not have forks of all its components. */
  readonly elsewhere?: readonly string[] | undefined;
  /** Called when the clone is in its place: what is there from then on is ours. */
  readonly onPlaced?: (() => void) | undefined;
}

const TEMPORARY = '.skerry-';
let count = 0;

/**
 * Clones a component into `.git/modules/NAME` as `git submodule update --init` lays it out, with HEAD at the pin and
 * nothing checked out yet. It is made beside its place and renamed: a clone that was interrupted leaves nothing that
 * looks like one.
 *
 * @returns the url it was found at where that is another one: its configuration then says `url.THAT.insteadOf`
 * @throws SP_PIN_MISSING, SP_PATH_LINK, SP_NAME_NESTED, SP_PATH_FULL, and what runGit throws
 */
export async function cloneComponent(
  changes: Changes,
  checkout: Checkout,
  component: CheckoutComponent & { pin: string },
  rules: CloneRules,
): Promise<string | undefined> {
  const { root } = checkout;
  const { name, dir } = component;
  refuseUnsafePlace(checkout, component);
  const gitDir = moduleDir(checkout, name);
  const url = component.configuredUrl ?? component.remote;
  const shown = cloneArgs(url, dir, rules, checkout, name);
  const final = [...shown.slice(0, -3), '--separate-git-dir', gitDir, ...shown.slice(-3)];
  const worktree = workTreeFrom(gitDir, dir);
  let found: string | undefined;
  await changes.own(`mkdir -p -- ${shellQuote(dirname(gitDir))}`, root, async () => {});
  await changes.own(final, root, async () => {
    const modules = join(checkout.gitDir, 'modules');
    const temporary = join(modules, `${TEMPORARY}${process.pid}-${++count}`);
    await mkdir(modules, { recursive: true });
    try {
      found = await download(changes, { ...component, url, temporary, root }, rules, checkout);
      const config = join(temporary, '.git', 'config');
      await editFile(config, (text) => setWorkTree(text, worktree));
      await mkdir(dirname(gitDir), { recursive: true });
      await rename(join(temporary, '.git'), gitDir).catch((cause) => inTheWay(gitDir, name, cause));
      rules.onPlaced?.();
    } finally {
      await rm(temporary, { recursive: true, force: true, maxRetries: 3 });
    }
    await linkWorkTree(dir, gitDir);
  });
  const set = ['config', '-f', join(gitDir, 'config'), 'core.worktree', worktree];
  await changes.own(set, root, async () => {});
  // A clone makes a branch even where it checks nothing out.
  const branches = "for-each-ref '--format=delete %(refname)' refs/heads";
  const git = formatGit([], dir);
  await changes.own(['update-ref', '--no-deref', 'HEAD', component.pin], dir, async () => {});
  await changes.own(`${git} ${branches} | ${git} update-ref --stdin`, dir, async () => {});
  return found;
}

/** Removes clones that a process which is gone left half done, of the components and of the superproject. */
export async function sweepClones({
  root,
  gitDir,
}: Pick<Checkout, 'root' | 'gitDir'>): Promise<void> {
  await sweepLeft(join(gitDir, 'modules'), (name) => /^\.skerry-(\d+)-\d+$/.exec(name)?.[1]);
  await sweepWhole(root);
}

/** Where a superproject is cloned first, inside of its folder: what is beside it there is somebody else's. */
export const WHOLE = '.skerry-clone-';

/** Those of superprojects. */
export function sweepWhole(dir: string): Promise<void> {
  return sweepLeft(dir, (name) => /^\.skerry-clone-(\d+)-/.exec(name)?.[1]);
}

interface Download {
  readonly url: string;
  readonly path: string;
  readonly name: string;
  readonly pin: string;
  readonly root: string;
  readonly temporary: string;
}

async function download(
  changes: Changes,
  { url, path, name, pin, root, temporary }: Download,
  rules: CloneRules,
  checkout: Checkout,
): Promise<string | undefined> {
  const { network, signal } = changes;
  const run = async (with_: CloneRules, from?: string): Promise<void> => {
    const [clone = '', ...rest] = cloneArgs(url, temporary, with_, checkout, name);
    const instead = from === undefined ? [] : ['--config', `url.${from}.insteadOf=${url}`];
    const call = { url: from ?? url, cwd: root, about: path, timeoutMs: LONG_MS };
    await network.git([...CALM, clone, ...instead, ...rest], call);
  };
  const found = await firstThatHasIt(rules, run);
  const gitDir = join(temporary, '.git');
  if (!(await hasCommit(pin, { cwd: temporary, signal })))
    await fetchPinned(changes, {
      cwd: temporary,
      commonDir: gitDir,
      path,
      url,
      pin,
      depth: rules.depth,
    });
  await detach(changes, temporary, pin);
  return found;
}

/** @returns none for the url itself */
async function firstThatHasIt(
  rules: CloneRules,
  run: (rules: CloneRules, from?: string) => Promise<void>,
): Promise<string | undefined> {
  const { elsewhere = [] } = rules;
  let missing: unknown;
  for (const from of [undefined, ...elsewhere])
    try {
      // A shallow clone has one branch only; the one it should follow may be gone, and the pin is fetched all the same.
      await run(rules, from).catch((error: unknown) => {
        const isNoBranch =
          error instanceof SkerryError && /Remote branch .* not found/.test(error.message);
        if (!isNoBranch) throw error;
        return run({ ...rules, branch: undefined }, from);
      });
      return from;
    } catch (error) {
      if (!(error instanceof SkerryError) || error.code !== 'SP_REPOSITORY_MISSING') throw error;
      missing ??= error;
    }
  throw missing;
}

/** HEAD at the pin, and no local branch: it would only be one more that is behind, or ahead of the pin, some day. */
async function detach(changes: Changes, temporary: string, pin: string): Promise<void> {
  const gitDir = join(temporary, '.git');
  const branch = /^ref: (refs\/heads\/.+)$/m.exec(readText(join(gitDir, 'HEAD')) ?? '')?.[1];
  if (existsSync(join(gitDir, 'reftable'))) {
    const where = { cwd: temporary, signal: changes.signal };
    const ref = (await runGit(['symbolic-ref', 'HEAD'], where)).toString().trim();
    await runGit([...CALM, 'update-ref', '--no-deref', 'HEAD', pin], where);
    await runGit([...CALM, 'update-ref', '-d', ref], where);
    return;
  }
  await writeFile(join(gitDir, 'HEAD'), `${pin}\n`);
  if (branch !== undefined) await rm(join(gitDir, branch), { force: true });
}

function cloneArgs(
  url: string,
  to: string,
  { depth, branch, reference }: CloneRules,
  checkout: Checkout,
  name: string,
): string[] {
  const borrowed = reference === undefined ? undefined : borrowedFrom(reference, name);
  return [
    'clone',
    '--quiet',
    '--no-checkout',
    '--origin=origin',
    ...(depth === undefined ? [] : [`--depth=${depth}`]),
    ...(depth === undefined || branch === undefined ? [] : [`--branch=${branch}`]),
    ...(borrowed === undefined ? [] : [`--reference-if-able=${borrowed}`]),
    ...(checkout.config.has('init.templatedir') ? [] : ['--template=']),
    '--',
    url,
    to,
  ];
}

/** Where another checkout has this component's objects, or a folder of bare repositories named as the components. */
function borrowedFrom(reference: string, name: string): string | undefined {
  const other = findGitDir(reference)?.gitDir ?? reference;
  const places = [
    join(other, 'modules', name),
    join(reference, `${name}.git`),
    join(reference, name),
  ];
  return places.find((place) => existsSync(join(place, 'objects')));
}

function inTheWay(gitDir: string, name: string, cause: NodeJS.ErrnoException): never {
  if (cause.code !== 'ENOTEMPTY' && cause.code !== 'EEXIST') throw cause;
  // A git beside us has cloned it: that clone is as good as ours.
  const code = gitDirAt(gitDir) ? 'SP_GIT_DIR_CAME' : 'SP_GIT_DIR_TAKEN';
  throw new SkerryError(code, { data: { name, gitDir }, cause });
}

const LONG_MS = 6 * 3_600_000;
