import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { setKeys } from '../edit-gitmodules.ts';
import { runGit } from '../git.ts';
import type { Network } from '../network.ts';
import { Changes } from './changes.ts';
import { type Checkout, type CheckoutComponent, isSuperproject, readCheckout } from './checkout.ts';
import { editFile } from './config.ts';
import { applyEdit, checkEdit, refuseUnstaged } from './edit-modules.ts';
import { hasLinkOnTheWay } from './git-dir.ts';
import { removeEmpty } from './left-over.ts';
import { linkWorkTree, refuseOutside, setWorkTree, workTreeFrom } from './link.ts';
import { lockCheckout } from './lock.ts';
import { selectFrom } from './select.ts';
import { allOrNothing } from './undo.ts';

export interface MoveOptions {
  /** The component: its path from `cwd`, or its name. */
  readonly from: string;
  /** Its new path, from the root. */
  readonly to: string;
  readonly cwd?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

export interface MovedComponent {
  readonly name: string;
  readonly from: string;
  readonly to: string;
  readonly commands: readonly string[];
}

/**
 * Moves a component to another path, with all that is in it: work tree, `.gitmodules`, pin, and the links between work tree
 * and git directory, those of its own components too. Its name and git directory stay. It is staged and not committed.
 *
 * @throws SP_PATH_OUTSIDE, SP_MOVE_INSIDE, SP_COMPONENT_UNKNOWN, SP_COMPONENT_EXISTS, SP_PATH_LINK
 */
export async function moveComponent(
  network: Network,
  root: string,
  options: MoveOptions,
): Promise<MovedComponent> {
  const { from, to, cwd, dryRun } = options;
  const { signal } = network;
  refuseOutside(root, to);
  await using _lock = await lockCheckout(network, root, { command: 'move', isDryRun: dryRun });
  const checkout = await readCheckout(root, signal);
  const component = theOne(checkout, from, cwd);
  const { name, path, pin } = component;
  if (to.startsWith(`${path}/`)) throw new SkerryError('SP_MOVE_INSIDE', { data: { path, to } });
  await refuseUnstaged(checkout, signal);
  await refusePlace(root, to, signal);
  const text = setKeys(checkout.gitmodules, [{ name, key: 'path', value: to }]);
  checkEdit(checkout, text);
  const changes = new Changes(network, dryRun);
  await allOrNothing(async (defer) => {
    await changes.own(['mv', '--', path, to], root, async () => {
      if (!existsSync(component.dir)) return;
      defer(() => moveTree(component, join(root, to), component.dir, root));
      await moveTree(component, component.dir, join(root, to), root);
    });
    if (pin === undefined) return;
    const links = new Map([
      [path, undefined],
      [to, pin],
    ]);
    // `git mv` of the plan does the rest of it, too.
    const plan = { text, commands: [], links };
    await applyEdit(new Changes(network, dryRun), checkout, plan, defer);
  });
  return { name, from: path, to, commands: changes.commands };
}

/** @throws SP_COMPONENT_UNKNOWN where it is none, or several */
function theOne(checkout: Checkout, word: string, cwd: string | undefined): CheckoutComponent {
  const [component, ...others] = selectFrom(checkout, { words: [word], cwd });
  if (component && others.length === 0) return component;
  const names = checkout.components.map(({ path }) => path).join(', ');
  throw new SkerryError('SP_COMPONENT_UNKNOWN', {
    data: { url: checkout.root, name: word, names },
  });
}

async function refusePlace(root: string, to: string, signal?: AbortSignal): Promise<void> {
  if (hasLinkOnTheWay(root, to)) throw new SkerryError('SP_PATH_LINK', { data: { path: to } });
  const tracked = await runGit(['ls-files', '-z', '--', `:(literal)${to}`], { cwd: root, signal });
  if (existsSync(join(root, to)) || tracked.length > 0)
    throw new SkerryError('SP_COMPONENT_EXISTS', { data: { what: to } });
}

/** Renames the work tree, and writes the links of it and of what is in it anew: they are relative. */
async function moveTree(
  { at, state }: CheckoutComponent,
  from: string,
  to: string,
  root: string,
): Promise<void> {
  if (existsSync(from)) {
    await mkdir(dirname(to), { recursive: true });
    await rename(from, to);
    await removeEmpty(dirname(from), root);
  }
  if (state === 'present')
    await relink(to, at.gitDir === join(from, '.git') ? join(to, '.git') : at.gitDir);
}

async function relink(dir: string, gitDir: string): Promise<void> {
  const isAbsorbed = gitDir !== join(dir, '.git');
  if (isAbsorbed) {
    await linkWorkTree(dir, gitDir);
    await editFile(join(gitDir, 'config'), (text) => setWorkTree(text, workTreeFrom(gitDir, dir)));
  }
  if (!isSuperproject(dir)) return;
  // Their links are broken until they are written anew: only names and paths are right.
  for (const component of (await readCheckout(dir)).components)
    if (existsSync(join(component.dir, '.git')))
      await relink(component.dir, join(gitDir, 'modules', component.name));
}
