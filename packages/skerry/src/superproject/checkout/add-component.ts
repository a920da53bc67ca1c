import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { shellQuote } from '../../util/shell-quote.ts';
import { runGit } from '../git.ts';
import { removeSection, setKeys } from '../edit-gitmodules.ts';
import { resolveUrl, shownUrl } from '../module-url.ts';
import type { Network } from '../network.ts';
import { branchTip, listRefs } from '../remote-refs.ts';
import { attachCommand, newUpstream, upstreamCommand } from './attach.ts';
import { Changes } from './changes.ts';
import { type Checkout, type CheckoutComponent, moduleDir, readCheckout } from './checkout.ts';
import { cloneComponent } from './clone-component.ts';
import { changeConfig, editFile } from './config.ts';
import { applyEdit, checkEdit, refuseUnstaged } from './edit-modules.ts';
import { gitDirAt } from './git-dir.ts';
import { removeEmpty } from './left-over.ts';
import { refuseOutside, refuseUnsafePlace } from './link.ts';
import { lockCheckout } from './lock.ts';
import { firstLoss } from './losses.ts';
import { allOrNothing, type Defer } from './undo.ts';

export interface AddOptions {
  /** As it is to stand in `.gitmodules`; relative ones begin at the superproject's remote. */
  readonly url: string;
  /** From the root. */
  readonly path: string;
  /** The branch it follows, or `.`; by itself the default branch of its remote, which is then written down. */
  readonly branch?: string | undefined;
  /** By itself the path. */
  readonly name?: string | undefined;
  readonly groups?: readonly string[] | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface Added {
  readonly name: string;
  readonly path: string;
  readonly branch: string;
  readonly pin: string;
  readonly commands: readonly string[];
}

/**
 * Adds a component at the tip of its branch: work tree, git directory, configuration, `.gitmodules` and pin; all of it or
 * nothing. It is staged and not committed.
 *
 * @throws SP_PATH_OUTSIDE, SP_REF_MISSING, SP_COMPONENT_EXISTS, SP_GIT_DIR_KEPT, and what cloneComponent throws
 */
export async function addComponent(
  network: Network,
  root: string,
  options: AddOptions,
): Promise<Added> {
  const { url, path, name = path } = options;
  const { signal } = network;
  refuseOutside(root, path);
  await using _lock = await lockCheckout(network, root, {
    command: 'add',
    isDryRun: options.dryRun,
  });
  const checkout = await readCheckout(root, signal);
  await refuseUnstaged(checkout, signal);
  // First by itself: no git and no remote gets to see what a rule refuses.
  checkEdit(checkout, setKeys('', keysOf(name, { ...options, branch: options.branch ?? '.' })));
  await refuseTaken(checkout, { name, path });
  const remote = resolveUrl(checkout.url, url);
  const tip = await findTip(network, checkout, { remote, branch: options.branch, path });
  const { branch, pin } = tip;
  const keys = keysOf(name, { ...options, branch });
  const text = setKeys(checkout.gitmodules, keys);
  checkEdit(checkout, text);
  const changes = new Changes(network, options.dryRun);
  await dropOldGitDir(changes, checkout, name, remote);
  await allOrNothing(async (defer) => {
    await initialise(changes, checkout, { name, remote }, defer);
    const component = newComponent(checkout, { name, path, url, remote, pin });
    await checkOut({ changes, checkout, component, branch }, defer);
    const commands = keys.map((each) => [
      ...['config', '-f', '.gitmodules'],
      ...[`submodule.${name}.${each.key}`, each.value],
    ]);
    await applyEdit(changes, checkout, { text, commands, links: new Map([[path, pin]]) }, defer);
  });
  return { name, path, branch, pin, commands: changes.commands };
}

function keysOf(
  name: string,
  { path, url, branch, groups = [] }: AddOptions & { branch: string },
): { name: string; key: string; value: string }[] {
  return [
    { name, key: 'path', value: path },
    { name, key: 'url', value: url },
    { name, key: 'branch', value: branch },
    ...(groups.length > 0 ? [{ name, key: 'superproject-group', value: groups.join(',') }] : []),
  ];
}

/** What `git submodule init` writes. */
async function initialise(
  changes: Changes,
  { root, commonDir }: Checkout,
  { name, remote }: { name: string; remote: string },
  defer: Defer,
): Promise<void> {
  const config = join(commonDir, 'config');
  await changes.own(['config', `submodule.${name}.url`, remote], root, async () => {
    defer(() => editFile(config, (old) => removeSection(old, name)));
    await changeConfig(config, [
      { name, key: 'url', value: remote },
      { name, key: 'active', value: 'true' },
    ]);
  });
  await changes.own(['config', `submodule.${name}.active`, 'true'], root, async () => {});
}

async function refuseTaken(
  checkout: Checkout,
  { name, path }: { name: string; path: string },
): Promise<void> {
  const { root, components } = checkout;
  const taken = components.find((each) => each.name === name || each.path === path);
  const tracked = await runGit(['ls-files', '-z', '--', `:(literal)${path}`], { cwd: root });
  if (!taken && tracked.length === 0) return;
  const what = taken
    ? `the component ${taken.name} at ${taken.path}`
    : `files in the index at ${path}`;
  throw new SkerryError('SP_COMPONENT_EXISTS', { data: { what } });
}

/** The tip of the branch; the branch itself where none was named. @throws SP_REF_MISSING */
async function findTip(
  network: Network,
  { head }: Checkout,
  { remote, branch, path }: { remote: string; branch: string | undefined; path: string },
): Promise<{ branch: string; pin: string }> {
  const followed = branch === '.' ? head.branch : branch;
  if (branch === '.' && followed === undefined)
    throw new SkerryError('SP_NO_BRANCH', { data: { what: '--branch .' } });
  const wanted = followed === undefined ? 'HEAD' : `refs/heads/${followed}`;
  const { refs, head: symbolic } = await listRefs(network, remote, [wanted, 'HEAD'], path);
  const name = followed ?? symbolic?.replace('refs/heads/', '');
  if (name === undefined)
    throw new SkerryError('SP_REF_MISSING', {
      data: {
        url: shownUrl(remote),
        what: 'default branch',
        where: `, which ${path} would follow`,
        advice: 'name one: --branch NAME',
      },
    });
  const pin =
    followed === undefined ? (refs.get('HEAD') ?? '') : branchTip(refs, name, remote, path);
  return { branch: branch ?? name, pin };
}

/**
 * A git directory that a stock `git rm` left under the same name: used again by nobody, for it may be of another
 * repository. It goes only when all its commits are on its remote, and those of the components in it on theirs.
 */
async function dropOldGitDir(
  changes: Changes,
  checkout: Checkout,
  name: string,
  remote: string,
): Promise<void> {
  const gitDir = moduleDir(checkout, name);
  const at = gitDirAt(gitDir);
  if (!at) return;
  const { network, signal } = changes;
  const question = { path: name, dir: undefined, gitDir, network, signal };
  const loss = await firstLoss(question).catch((error: unknown) => {
    network.signal?.throwIfAborted();
    if (!(error instanceof SkerryError)) throw error;
    return { path: name, reason: error.message };
  });
  if (loss)
    throw new SkerryError('SP_GIT_DIR_KEPT', {
      data: { name, gitDir, lost: `${loss.path}: ${loss.reason}`, remote },
    });
  await changes.own(`rm -r -- ${shellQuote(gitDir)}`, checkout.root, () =>
    rm(gitDir, { recursive: true }),
  );
}

function newComponent(
  checkout: Checkout,
  {
    name,
    path,
    url,
    remote,
    pin,
  }: { name: string; path: string; url: string; remote: string; pin: string },
): CheckoutComponent & { pin: string } {
  const gitDir = moduleDir(checkout, name);
  return {
    ...{ name, path, url, remote, pin, extra: {}, line: 0 },
    dir: join(checkout.root, path),
    at: { gitDir, commonDir: gitDir },
    state: 'absent',
    head: undefined,
    headPin: undefined,
    isConflicted: false,
    configuredUrl: remote,
  };
}

interface CheckOut {
  readonly changes: Changes;
  readonly checkout: Checkout;
  readonly component: CheckoutComponent & { pin: string };
  readonly branch: string;
}

/** On its branch: whoever adds a component goes on to work in it. */
async function checkOut(
  { changes, checkout, component, branch }: CheckOut,
  defer: Defer,
): Promise<void> {
  const { dir, at, pin } = component;
  const { root } = checkout;
  // Before anything is registered to be taken back: what is there is not ours.
  refuseUnsafePlace(checkout, component);
  if (existsSync(join(dir, '.git')))
    throw new SkerryError('SP_PATH_FULL', { data: { path: component.path, file: '.git' } });
  const hadDir = existsSync(dir);
  let isOurs = false;
  defer(async () => {
    // Until the clone is in its place, what is there came from somebody else.
    if (!isOurs) return;
    await rm(at.gitDir, { recursive: true, force: true });
    await rm(hadDir ? join(dir, '.git') : dir, { recursive: true, force: true });
    if (!hadDir) await removeEmpty(dirname(dir), root);
  });
  const onPlaced = (): void => void (isOurs = true);
  await cloneComponent(changes, checkout, component, { branch: undefined, onPlaced });
  const named = branch === '.' ? (checkout.head.branch ?? '') : branch;
  const [, ...rest] = attachCommand({ kind: 'new', branch: named }, pin);
  await changes.git(['checkout', '--force', ...rest], { cwd: dir });
  const upstream = changes.isDryRun ? newUpstream(named) : upstreamCommand(at, named);
  if (upstream) await changes.git(upstream, { cwd: dir });
}
