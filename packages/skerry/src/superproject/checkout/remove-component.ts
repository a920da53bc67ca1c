import { existsSync } from 'node:fs';
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { shellQuote } from '../../util/shell-quote.ts';
import { removeSection } from '../edit-gitmodules.ts';
import type { Network } from '../network.ts';
import { Changes } from './changes.ts';
import { type Checkout, type CheckoutComponent, moduleDir, readCheckout } from './checkout.ts';
import { editFile } from './config.ts';
import { applyEdit, refuseUnstaged } from './edit-modules.ts';
import { gitDirAt } from './git-dir.ts';
import { removeEmpty } from './left-over.ts';
import { lockCheckout } from './lock.ts';
import { firstLoss } from './losses.ts';
import { selectFrom } from './select.ts';
import { allOrNothing, type Defer } from './undo.ts';

export interface RemoveOptions {
  /** Paths from `cwd`, or names. */
  readonly words: readonly string[];
  readonly cwd?: string | undefined;
  /** Keep the git directory under `.git/modules`, with commits that are nowhere else. */
  readonly keepGitDir?: boolean | undefined;
  /** Even with files that git ignores, which are in no commit and so are lost. */
  readonly force?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface Removed {
  readonly removed: readonly { readonly name: string; readonly path: string }[];
  readonly commands: readonly string[];
}

/**
 * Removes components from all four places: index, `.gitmodules`, configuration and `.git/modules`; all of it or nothing.
 * Refused when that would lose something. It is staged and not committed.
 *
 * @throws SP_REMOVE_LOSES, SP_REMOVE_IGNORED, SP_COMPONENT_UNKNOWN
 */
export async function removeComponents(
  network: Network,
  root: string,
  options: RemoveOptions,
): Promise<Removed> {
  const { words, cwd, keepGitDir = false, dryRun } = options;
  const { signal } = network;
  await using _lock = await lockCheckout(network, root, { command: 'remove', isDryRun: dryRun });
  const checkout = await readCheckout(root, signal);
  const chosen = selectFrom(checkout, { words, cwd });
  await refuseUnstaged(checkout, signal);
  for (const component of chosen) await refuseLoss(network, checkout, component, options);
  const changes = new Changes(network, dryRun);
  const trash = join(checkout.gitDir, `.skerry-removed-${process.pid}`);
  await allOrNothing(async (defer) => {
    for (const component of chosen)
      await putAside(changes, checkout, component, { trash, keepGitDir, defer });
    let text = checkout.gitmodules;
    for (const { name } of chosen) text = removeSection(text, name);
    const sections = chosen.map(({ name }) => [
      'config',
      '-f',
      '.gitmodules',
      '--remove-section',
      `submodule.${name}`,
    ]);
    const links = new Map(chosen.map(({ path }) => [path, undefined]));
    await applyEdit(changes, checkout, { text, commands: sections, links }, defer);
  });
  if (!changes.isDryRun) {
    await rm(trash, { recursive: true, force: true, maxRetries: 3 });
    for (const { dir } of chosen) await removeEmpty(dirname(dir), root);
  }
  return { removed: chosen.map(({ name, path }) => ({ name, path })), commands: changes.commands };
}

/** @throws SP_REMOVE_LOSES, SP_REMOVE_IGNORED */
async function refuseLoss(
  network: Network,
  checkout: Checkout,
  { name, path, dir, state, at }: CheckoutComponent,
  { keepGitDir = false, force }: RemoveOptions,
): Promise<void> {
  const isPresent = state === 'present';
  const gitDir = isPresent ? at.gitDir : moduleDir(checkout, name);
  if (!isPresent && (keepGitDir || !gitDirAt(gitDir))) return;
  const loss = await firstLoss({
    ...{ path, gitDir, network, signal: network.signal, losesIgnored: force },
    dir: isPresent ? dir : undefined,
    keepsGitDir: keepGitDir && gitDir !== join(dir, '.git'),
  });
  if (!loss) return;
  const { ignored: file } = loss;
  if (file === undefined) throw new SkerryError('SP_REMOVE_LOSES', { data: { ...loss } });
  const data = { path: loss.path, file, component: path };
  throw new SkerryError('SP_REMOVE_IGNORED', { data });
}

interface Aside {
  readonly trash: string;
  readonly keepGitDir: boolean;
  readonly defer: Defer;
}

/** Nothing is deleted before all is done: renamed back it is as it was. */
async function putAside(
  changes: Changes,
  { root, commonDir, gitDir: above }: Checkout,
  { name, dir, at, state }: CheckoutComponent,
  { trash, keepGitDir, defer }: Aside,
): Promise<void> {
  const config = join(commonDir, 'config');
  const aside = async (from: string, to: string): Promise<void> => {
    if (!existsSync(from)) return;
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
    defer(async () => {
      await mkdir(dirname(from), { recursive: true });
      await rename(to, from);
    });
  };
  await changes.own(['submodule', 'deinit', '--force', '--', dir], root, async () => {
    await aside(dir, join(trash, 'work', encodeURIComponent(name)));
    await editFile(config, (text) => {
      defer(() => editFile(config, () => text));
      return removeSection(text, name);
    });
  });
  const gitDir = state === 'present' ? at.gitDir : join(above, 'modules', name);
  if (keepGitDir || gitDir === join(dir, '.git')) return;
  await changes.own(`rm -r -- ${shellQuote(gitDir)}`, root, async () => {
    await aside(gitDir, join(trash, 'modules', encodeURIComponent(name)));
    await removeEmpty(dirname(gitDir), join(above, 'modules'));
  });
}
