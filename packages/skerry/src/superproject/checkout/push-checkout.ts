import { allSettled } from '../../util/all-settled.ts';
import { SkerryError, SkerryErrors } from '../../util/errors.ts';
import type { Network } from '../network.ts';
import { refAt } from './attach.ts';
import { Changes } from './changes.ts';
import { type Checkout, type CheckoutComponent, readCheckout } from './checkout.ts';
import { remoteOf } from './fetch-pinned.ts';
import { readRefs } from './refs-here.ts';
import { firstUnreachable } from './objects-here.ts';
import { readHeadPins } from './pins.ts';
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
 * @throws SP_NO_BRANCH, SP_PUSH_PARTIAL, SkerryErrors of SP_PIN_DANGLING, what runGit throws
 */
export async function pushCheckout(
  network: Network,
  root: string,
  options: PushOptions = {},
): Promise<PushResult> {
  const { topic, dryRun, onProgress } = options;
  const { signal } = network;
  const checkout = await readCheckout(root, signal);
  const branch = topic ?? checkout.head.branch;
  const remote = checkout.remoteName;
  if (branch === undefined) throw new SkerryError('SP_NO_BRANCH', { data: { what: 'push' } });
  if (remote === undefined) throw new SkerryError('SP_NO_REMOTE', { data: { root } });
  const commit = await refAt(checkout, `refs/heads/${branch}`, signal);
  if (commit === undefined)
    throw new SkerryError('SP_REF_MISSING', {
      data: {
        url: root,
        what: `branch '${branch}'`,
        where: '',
        advice: `make it: skerry superproject start ${branch}`,
      },
    });
  const changes = new Changes(network, dryRun);
  const pushes = await plan(checkout, topic, signal);
  onProgress?.(`pushing ${pushes.length} components`);
  await pushAll(changes, pushes);
  const pins = await pinsOf(checkout, commit, signal);
  const ours = new Map(pushes.map((each) => [each.component.name, each.commit]));
  // In a dry run what would be pushed is taken as pushed.
  const asked = dryRun ? pins.filter(({ name }) => !ours.has(name)) : pins;
  const dangling = await danglingPins(network, asked, onProgress);
  if (dangling.length > 0)
    throw new SkerryErrors(
      dangling.map(
        ({ path, pin, reason }) =>
          new SkerryError('SP_PIN_DANGLING', { data: { path, pin, reason } }),
      ),
    );
  onProgress?.('pushing the superproject');
  const args = [
    'push',
    '--quiet',
    '--no-recurse-submodules',
    '--',
    remote,
    `refs/heads/${branch}:refs/heads/${branch}`,
  ];
  await changes.remote(args, { url: checkout.url, cwd: root });
  return {
    ...{ branch, commit, verified: pins.length, commands: changes.commands },
    components: pushes.map(({ component: { path }, ...rest }) => ({
      path,
      ...{ branch: rest.branch, commit: rest.commit },
    })),
    connections: network.connections,
  };
}

/** Component branches with commits that their remotes have not: those checked out, or the topic's. */
async function plan(
  { components }: Checkout,
  topic: string | undefined,
  signal: AbortSignal | undefined,
): Promise<readonly ComponentPush[]> {
  const found: ComponentPush[] = [];
  for (const component of components) {
    const { state, head, at, dir } = component;
    const branch = topic ?? head?.branch;
    if (state !== 'present' || branch === undefined) continue;
    const refs = await readRefs(at, signal);
    const commit = refs.get(`refs/heads/${branch}`);
    if (
      commit === undefined ||
      refs.get(`refs/remotes/${remoteOf(at.commonDir)}/${branch}`) === commit
    )
      continue;
    const isOwn =
      topic !== undefined ||
      (await firstUnreachable([commit], ['--remotes'], { cwd: dir, signal }));
    if (isOwn) found.push({ component, branch, commit });
  }
  return found;
}

/** @throws SP_PUSH_PARTIAL with all that failed: the superproject stays as it is then */
async function pushAll(changes: Changes, pushes: readonly ComponentPush[]): Promise<void> {
  const failures: SkerryError[] = [];
  await allSettled(
    pushes.map(async ({ component, branch }) => {
      const { dir, at, configuredUrl, remote, path } = component;
      const url = configuredUrl ?? remote;
      const to = remoteOf(at.commonDir) ?? url;
      const args = ['push', '--quiet', '--', to, `refs/heads/${branch}:refs/heads/${branch}`];
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

/** Every pin of the commit, not only those that changed: an earlier push may have gone unchecked. */
async function pinsOf(
  { root, components }: Checkout,
  commit: string,
  signal: AbortSignal | undefined,
): Promise<readonly PinToVerify[]> {
  const pins = await readHeadPins(root, signal, commit);
  return components.flatMap(({ name, path, remote, state, dir }) => {
    const pin = pins.get(path);
    return pin === undefined
      ? []
      : [{ name, path, remote, pin, ...(state === 'present' && { cwd: dir }) }];
  });
}
