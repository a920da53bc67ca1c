import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { formatSetting } from '../format-config.ts';
import { shownUrl } from '../module-url.ts';
import {
  attachCommand,
  attachmentOf,
  attachSteps,
  detachCommand,
  newUpstream,
  upstreamCommand,
} from './attach.ts';
import type { Changes } from './changes.ts';
import { type Checkout, type CheckoutComponent, moduleDir } from './checkout.ts';
import { cloneComponent, type CloneRules } from './clone-component.ts';
import { editFile } from './config.ts';
import { fetchPinned } from './fetch-pinned.ts';
import { hasLinkOnTheWay, readHead, underWay } from './git-dir.ts';
import { linkWorkTree, refuseUnsafePlace, workTreeFrom } from './link.ts';
import { countBetween, hasCommit, isDirty } from './objects-here.ts';
import { rescue } from './rescue.ts';

export interface ComponentRules extends CloneRules {
  /** Be on the branch that the component follows, where that loses nothing. */
  readonly isAttaching: boolean;
}

/** What became of one component. */
export interface Synced {
  /** `left`: not brought to its pin, for it is somebody's work; the notes say why. */
  readonly status: 'unchanged' | 'cloned' | 'restored' | 'moved' | 'attached' | 'left';
  readonly from?: string | undefined;
  /** The branch it is on; none when detached. */
  readonly branch?: string | undefined;
  /** The ref that keeps what HEAD was on and no branch had. */
  readonly rescued?: string | undefined;
  readonly notes: readonly string[];
}

type Pinned = CheckoutComponent & { readonly pin: string };

/**
 * Brings one component to its pin. Never moves the pin, never touches work that is not committed, never leaves a commit
 * without a name.
 *
 * @throws SP_PIN_MISSING, what cloneComponent throws, and what runGit throws
 */
export async function syncComponent(
  changes: Changes,
  checkout: Checkout,
  component: CheckoutComponent,
  rules: ComponentRules,
): Promise<Synced> {
  if (component.isConflicted) return left('a merge left more than one pin: resolve it first');
  const { pin } = component;
  if (pin === undefined) return { status: 'unchanged', notes: ['nothing is pinned yet'] };
  const pinned = { ...component, pin };
  if (component.state === 'absent') {
    const found = await cloneComponent(changes, checkout, pinned, rules);
    const synced = await checkOutFirst(changes, checkout, pinned, rules, 'cloned');
    if (found === undefined) return synced;
    const { configuredUrl, remote } = component;
    await rememberPlace(changes, checkout, configuredUrl ?? remote, found);
    const note = `came from ${shownUrl(found)}: there is no fork of it beside that of the superproject`;
    return { ...synced, notes: [...synced.notes, note] };
  }
  if (component.state === 'bare') {
    await restoreWorkTree(changes, checkout, pinned);
    return checkOutFirst(changes, checkout, pinned, rules, 'restored');
  }
  // A clone that was interrupted before its files came has no index.
  if (!existsSync(join(component.at.gitDir, 'index'))) {
    refuseUnsafePlace(checkout, component);
    await ensurePin(changes, pinned, rules);
    return checkOutFirst(changes, checkout, pinned, rules, 'restored');
  }
  const isAtPin = component.head?.commit === pin;
  // A commit may have put a link where a folder was: what it leads to is no component, and maybe somebody else's.
  if ((!isAtPin || rules.isAttaching) && hasLinkOnTheWay(checkout.root, component.path))
    throw new SkerryError('SP_PATH_LINK', { data: { path: component.path } });
  return isAtPin ? atPin(changes, pinned, rules) : move(changes, pinned, rules);
}

/** So that status and fetches of the superproject find it as well. */
async function rememberPlace(
  changes: Changes,
  { root, commonDir }: Checkout,
  url: string,
  found: string,
): Promise<void> {
  const section = formatSetting(`url.${found}.insteadOf`, url);
  await changes.own(['config', `url.${found}.insteadOf`, url], root, () =>
    editFile(join(commonDir, 'config'), (text) => `${text.replace(/\n?$/, '\n')}${section}`),
  );
}

/** Its git directory is here from before; its work tree is not. */
async function restoreWorkTree(
  changes: Changes,
  checkout: Checkout,
  pinned: Pinned,
): Promise<void> {
  const { dir } = pinned;
  refuseUnsafePlace(checkout, pinned);
  const gitDir = moduleDir(checkout, pinned.name);
  const value = workTreeFrom(gitDir, dir);
  const cwd = checkout.root;
  // By the file's name: git itself would go to the work tree of before first, which is gone.
  await changes.git(['config', '--file', join(gitDir, 'config'), 'core.worktree', value], { cwd });
  await changes.own(['init', '--quiet', '--separate-git-dir', gitDir, dir], cwd, () =>
    linkWorkTree(dir, gitDir),
  );
  // In a dry run there is no work tree to ask in.
  if (!changes.isDryRun) await ensurePin(changes, pinned, {});
}

async function ensurePin(
  changes: Changes,
  { dir, at, path, pin, configuredUrl, remote }: Pinned,
  { depth }: Pick<ComponentRules, 'depth'>,
): Promise<void> {
  if (await hasCommit(pin, { cwd: dir, signal: changes.signal })) return;
  const url = configuredUrl ?? remote;
  await fetchPinned(changes, { cwd: dir, commonDir: at.commonDir, path, url, pin, depth });
}

/** The first checkout of a work tree that is empty: nothing in it can be lost, though HEAD's commits can. */
async function checkOutFirst(
  changes: Changes,
  checkout: Checkout,
  { dir, at, name, pin, state }: Pinned,
  { isAttaching, branch }: ComponentRules,
  status: 'cloned' | 'restored',
): Promise<Synced> {
  const { signal } = changes;
  const gitDir = moduleDir(checkout, name);
  const place = state === 'present' ? at : { gitDir, commonDir: gitDir };
  if (changes.isDryRun)
    return planFirst(changes, { dir, pin }, isAttaching ? branch : undefined, status);
  const rescued =
    status === 'restored' ? await rescueHead(changes, { dir, at: place, pin }) : undefined;
  const attachment = isAttaching
    ? await attachmentOf({ dir, at: place, pin, branch, signal })
    : undefined;
  const isOn = attachment !== undefined && attachment.kind !== 'no';
  // A new git directory has no index, so git would take all files as removed: --force writes them.
  const args = isOn ? attachCommand(attachment, pin) : detachCommand(pin);
  await changes.git(['checkout', '--force', ...args.slice(1)], { cwd: dir });
  if (isOn) await setUpstream(changes, dir, place, attachment.branch);
  return {
    status,
    rescued,
    branch: isOn ? attachment.branch : undefined,
    notes: attachment?.kind === 'no' ? [attachment.note] : [],
  };
}

/** As if the branch had the pin: what its remote has of it shows when it is cloned. */
async function planFirst(
  changes: Changes,
  { dir, pin }: Pick<Pinned, 'dir' | 'pin'>,
  branch: string | undefined,
  status: 'cloned' | 'restored',
): Promise<Synced> {
  const args =
    branch === undefined ? detachCommand(pin) : attachCommand({ kind: 'new', branch }, pin);
  await changes.git(['checkout', '--force', ...args.slice(1)], { cwd: dir });
  if (branch === undefined) return { status, notes: [] };
  await changes.git(newUpstream(branch), { cwd: dir });
  return { status, branch, notes: [`will be detached unless ${branch} has the pin`] };
}

/** HEAD is where it should be; perhaps it should be on its branch, too. No file changes by that. */
async function atPin(changes: Changes, pinned: Pinned, rules: ComponentRules): Promise<Synced> {
  const { dir, at, pin, head } = pinned;
  const on = head?.branch;
  if (!rules.isAttaching || on !== undefined) return { status: 'unchanged', branch: on, notes: [] };
  const { branch } = rules;
  const attachment = await attachmentOf({ dir, at, pin, branch, signal: changes.signal });
  if (attachment.kind === 'no') return { status: 'unchanged', notes: [attachment.note] };
  const busy = underWay(at.gitDir);
  if (busy !== undefined)
    return { status: 'unchanged', notes: [`stays detached: ${busy} is under way`] };
  const now = await readHead(at, changes.signal);
  if (now.commit !== pin || now.branch !== undefined)
    return { status: 'unchanged', branch: now.branch, notes: ['somebody went on in it meanwhile'] };
  for (const step of attachSteps(attachment, pin, false)) await changes.git(step, { cwd: dir });
  await setUpstream(changes, dir, at, attachment.branch);
  return { status: 'attached', branch: attachment.branch, notes: [] };
}

async function move(changes: Changes, pinned: Pinned, rules: ComponentRules): Promise<Synced> {
  const { dir, at, pin } = pinned;
  const { signal } = changes;
  const before = { from: pinned.head?.commit, branch: pinned.head?.branch };
  const busy = underWay(at.gitDir);
  if (busy !== undefined) return { ...left(`${busy} is under way`), ...before };
  if (await isDirty(dir, signal))
    return { ...left('has changes that are not committed'), ...before };
  await ensurePin(changes, pinned, rules);
  // What was read at the start may be minutes old, and somebody may have committed since.
  const head = await readHead(at, signal);
  const from = head.commit;
  const rescued = await rescueHead(changes, { dir, at, pin });
  // Who is on the branch already stays on it: the next commit is then made there and not on a detached HEAD.
  const isStaying = head.branch !== undefined && head.branch === rules.branch;
  const asked = { dir, at, pin, branch: rules.branch, signal };
  const attachment = rules.isAttaching || isStaying ? await attachmentOf(asked) : undefined;
  const isOn = attachment !== undefined && attachment.kind !== 'no';
  const steps = isOn ? attachSteps(attachment, pin, isStaying) : [detachCommand(pin)];
  const inTheWay = await checkOut(changes, dir, steps);
  if (inTheWay !== undefined) return { ...left(inTheWay), from, rescued, branch: head.branch };
  if (isOn) await setUpstream(changes, dir, at, attachment.branch);
  const branch = isOn ? attachment.branch : undefined;
  const gone = await wentOff(changes, { ...pinned, head }, branch);
  const why = attachment?.kind === 'no' && !isStaying ? [attachment.note] : [];
  return { status: 'moved', from, rescued, branch, notes: [...gone, ...why] };
}

/** Who was on a branch is told where HEAD went, and that his commits are still there. */
async function wentOff(
  { signal }: Changes,
  { dir, pin, head }: Pinned,
  branch: string | undefined,
): Promise<string[]> {
  if (head?.branch === undefined || head.commit === undefined || head.branch === branch) return [];
  // Nothing is fetched in a dry run, so the pin need not be here.
  const count = await countBetween(pin, head.commit, { cwd: dir, signal });
  const commits =
    count === 1 ? '1 commit that the pin has not is' : `${count} commits that the pin has not are`;
  const kept = count === undefined || count === 0 ? '' : `; ${commits} on ${head.branch}`;
  return [
    `was on ${head.branch}, is ${branch === undefined ? 'detached' : `on ${branch}`} now${kept}`,
  ];
}

/**
 * A checkout that writes over nothing: by itself git takes files that are ignored for worthless.
 *
 * @returns why it was not done
 */
async function checkOut(
  changes: Changes,
  dir: string,
  steps: readonly (readonly string[])[],
): Promise<string | undefined> {
  try {
    for (const [verb = '', ...rest] of steps) {
      const careful = verb === 'update-ref' ? [] : ['--no-overwrite-ignore'];
      await changes.git([verb, ...careful, ...rest], { cwd: dir });
    }
    return undefined;
  } catch (error) {
    if (!(error instanceof SkerryError)) throw error;
    const files = /would be overwritten by (?:checkout|merge):\n((?:\s*\t.*\n?)+)/.exec(
      error.message,
    )?.[1];
    if (files === undefined) throw error;
    const names = files.split('\n').flatMap((line) => line.trim() || []);
    const more = names.length > 1 ? ` and ${names.length - 1} more` : '';
    return `the pin has files that are here already, and not in git: ${names[0]}${more}; move them away`;
  }
}

/** HEAD on a branch keeps its commits by that. It is read here, right before it moves. */
async function rescueHead(
  changes: Changes,
  { dir, at, pin }: Pick<Pinned, 'dir' | 'at' | 'pin'>,
): Promise<string | undefined> {
  const { commit, branch } = await readHead(at, changes.signal);
  if (commit === undefined || branch !== undefined || commit === pin) return undefined;
  if (changes.isDryRun && !(await hasCommit(pin, { cwd: dir, signal: changes.signal })))
    return undefined;
  return rescue(changes, { dir, head: commit, to: pin });
}

async function setUpstream(
  changes: Changes,
  dir: string,
  at: Pinned['at'],
  branch: string,
): Promise<void> {
  const command = upstreamCommand(at, branch);
  if (command) await changes.git(command, { cwd: dir });
}

function left(note: string): Synced {
  return { status: 'left', notes: [note] };
}
