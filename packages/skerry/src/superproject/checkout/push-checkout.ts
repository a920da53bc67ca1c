import { shellWord } from '../../util/shell-quote.ts';
import { allSettled } from '../../util/all-settled.ts';
import { SkerryError, SkerryErrors } from '../../util/errors.ts';
import type { Network } from '../network.ts';
import { refAt } from './attach.ts';
import { Changes } from './changes.ts';
import { type Checkout, type CheckoutComponent, readCheckout } from './checkout.ts';
import { pinsOfCommit } from './commit-pins.ts';
import { remoteOf } from './fetch-pinned.ts';
import { readRefs } from './refs-here.ts';
import { firstUnreachable, isBefore } from './objects-here.ts';
import { findUnpinned, type Unpinned } from './unpinned.ts';
import { danglingPins, type PinToVerify } from './verify-pins.ts';

export interface PushOptions {
  /** Push this branch of the superproject and of the components that are on it, and no other branch. */
  readonly topic?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface PushResult {
  readonly branch: string;
  readonly commit: string;
  /** Component branches that were pushed. */
  readonly components: readonly {
    readonly path: string;
    readonly branch: string;
    readonly commit: string;
  }[];
  /** Pins that were found on their remotes. */
  readonly verified: number;
  /** Work in components that is not part of it. */
  readonly unpinned: readonly (Unpinned & { readonly isPushed: boolean })[];
  readonly commands: readonly string[];
  readonly connections: number;
}

interface ComponentPush {
  readonly component: CheckoutComponent;
  readonly branch: string;
  readonly commit: string;
}

/**
 * Pushes component branches first, then verifies every pin of the new commit on its remote, and only then pushes the
 * superproject. So nobody ever fetches a superproject whose pins are not there. Nothing is forced.
 *
 * @throws SP_NO_BRANCH, SP_PUSH_PARTIAL, SP_PUSH_SUPER, SP_PUSH_BEHIND, SkerryErrors of SP_PIN_DANGLING, what runGit throws
 */
export async function pushCheckout(
  network: Network,
  root: string,
  options: PushOptions = {},
): Promise<PushResult> {
  const { topic, dryRun, onProgress } = options;
  const { signal } = network;
  const checkout = await readCheckout(root, signal);
  const { branch, commit, remote } = await targetOf(checkout, topic, signal);
  const changes = new Changes(network, dryRun);
  // Every pin of the commit, not only those that changed: an earlier push may have gone unchecked.
  const pins = await pinsOfCommit({ dir: root, commit, url: checkout.url, signal });
  const pushes = await plan(checkout, { topic, pins }, signal);
  const pinned = new Map(pins.map(({ name, pin }) => [name, pin]));
  const unpinned = await findUnpinned(checkout.components, pinned, signal);
  const going = new Set(pushes.map(({ component, branch: name }) => `${component.path} ${name}`));
  onProgress?.(`pushing ${pushes.length} components`);
  await pushAll(changes, pushes);
  // In a dry run what would be pushed is taken as pushed.
  const ours = new Set(dryRun ? pushes.map(({ component }) => component.name) : []);
  const asked = pins.filter(({ name }) => !ours.has(name));
  await refuseDangling(network, checkout, asked, onProgress);
  onProgress?.('pushing the superproject');
  // The commit that was verified: the branch may have gone on meanwhile.
  const what = `${commit}:refs/heads/${branch}`;
  const args = ['push', '--quiet', '--no-recurse-submodules', '--', remote, what];
  await changes.remote(args, { url: checkout.url, cwd: root }).catch((error: unknown) => {
    throw superprojectLeft(error, pushes.length, topic);
  });
  return {
    ...{ branch, commit, verified: pins.length, commands: changes.commands },
    components: pushes.map(({ component: { path }, ...rest }) => ({ path, ...rest })),
    unpinned: unpinned.map((one) => ({
      ...one,
      isPushed: going.has(`${one.path} ${one.branch}`),
    })),
    connections: network.connections,
  };
}

/** Somebody was faster: there are commits that are not here. */
const BEHIND = /\(fetch first\)|\(non-fast-forward\)|\(needs force\)/;

/** The error where the components are pushed, or had nothing to be pushed, and only the superproject is left. */
function superprojectLeft(error: unknown, count: number, topic: string | undefined): unknown {
  if (!(error instanceof SkerryError)) return error;
  const isBehind = BEHIND.test(error.message);
  if (count === 0 && !isBehind) return error;
  const again = `skerry superproject push${topic === undefined ? '' : ` --topic ${topic}`}`;
  const data = {
    reason: String(error.data['reason'] ?? error.message),
    what: count === 1 ? '1 component is' : `${count} components are`,
    todo: isBehind
      ? `git pull (or: skerry superproject sync), then: ${again}`
      : `mend that, then: ${again}`,
  };
  const code = count === 0 ? 'SP_PUSH_BEHIND' : 'SP_PUSH_SUPER';
  return new SkerryError(code, { data, cause: error });
}

/** What of the superproject is pushed, and where to. @throws SP_NO_BRANCH, SP_NO_REMOTE, SP_REF_MISSING */
async function targetOf(
  checkout: Checkout,
  topic: string | undefined,
  signal: AbortSignal | undefined,
): Promise<{ branch: string; commit: string; remote: string }> {
  const { root, head, remoteName: remote } = checkout;
  const branch = topic ?? head.branch;
  if (branch === undefined) throw new SkerryError('SP_NO_BRANCH', { data: { what: 'push' } });
  if (remote === undefined) throw new SkerryError('SP_NO_REMOTE', { data: { root } });
  const commit = await refAt(checkout, `refs/heads/${branch}`, signal);
  if (commit !== undefined) return { branch, commit, remote };
  const advice = `make it: skerry superproject start ${shellWord(branch)}`;
  const data = { url: root, what: `branch '${branch}'`, where: '', advice };
  throw new SkerryError('SP_REF_MISSING', { data });
}

/** @throws SkerryErrors of SP_PIN_DANGLING */
async function refuseDangling(
  network: Network,
  { components }: Checkout,
  pins: readonly PinToVerify[],
  onProgress: PushOptions['onProgress'],
): Promise<void> {
  const present = components.filter(({ state }) => state === 'present');
  const dirs = new Map(present.map(({ name, dir }) => [name, dir]));
  const asked = pins.map((one) => ({ ...one, cwd: dirs.get(one.name) }));
  const dangling = await danglingPins(network, asked, onProgress);
  const errors = dangling.map(
    ({ path, pin, reason }) => new SkerryError('SP_PIN_DANGLING', { data: { path, pin, reason } }),
  );
  if (errors.length > 0) throw new SkerryErrors(errors);
}

/**
 * Component branches to push. Of a topic, all that have it. Else the branch that is checked out, and only where the commit
 * pins something that its remote has not, as far as is known here: other work is not ours to publish.
 */
async function plan(
  { components }: Checkout,
  { topic, pins }: { topic: string | undefined; pins: readonly PinToVerify[] },
  signal: AbortSignal | undefined,
): Promise<readonly ComponentPush[]> {
  const pinned = new Map(pins.map(({ name, pin }) => [name, pin]));
  const found: ComponentPush[] = [];
  for (const component of components) {
    const { state, head, at, dir, name } = component;
    const branch = topic ?? head?.branch;
    const pin = pinned.get(name);
    if (state !== 'present' || branch === undefined) continue;
    const refs = await readRefs(at, signal);
    const commit = refs.get(`refs/heads/${branch}`);
    const pushed = refs.get(`refs/remotes/${remoteOf(at.commonDir)}/${branch}`);
    if (commit === undefined || pushed === commit) continue;
    const where = { cwd: dir, signal };
    const isNeeded =
      topic !== undefined ||
      (pin !== undefined &&
        (await isBefore(pin, commit, where)) &&
        (await firstUnreachable([pin], ['--remotes'], where)) !== undefined);
    if (isNeeded) found.push({ component, branch, commit });
  }
  return found;
}

/** @throws SP_PUSH_PARTIAL with all that failed: the superproject stays as it is then */
async function pushAll(changes: Changes, pushes: readonly ComponentPush[]): Promise<void> {
  const failures: SkerryError[] = [];
  await allSettled(
    pushes.map(async ({ component, branch, commit }) => {
      const { dir, at, configuredUrl, remote, path } = component;
      const url = configuredUrl ?? remote;
      const to = remoteOf(at.commonDir) ?? url;
      const args = ['push', '--quiet', '--', to, `${commit}:refs/heads/${branch}`];
      try {
        await changes.remote(args, { url, cwd: dir, about: path });
      } catch (error) {
        if (!(error instanceof SkerryError)) throw error;
        failures.push(error);
      }
    }),
  );
  if (failures.length === 0) return;
  const reason = failures.map(({ message }) => message).join('\n');
  const data = { count: failures.length, of: pushes.length, reason };
  throw new SkerryError('SP_PUSH_PARTIAL', { data, cause: failures[0] });
}
