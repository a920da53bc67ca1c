import { allSettled } from '../../util/all-settled.ts';
import type { Network } from '../network.ts';
import type { PinnedComponent } from '../read-superproject.ts';
import { Scratch } from '../scratch.ts';
import { trackedBranch } from '../tracked.ts';
import { type Checkout, type CheckoutComponent, isActive, readCheckout } from './checkout.ts';
import { type LocalStatus, localStatus } from './status-local.ts';
import { type RemoteStatus, remoteStatus } from './status-remote.ts';
import { groupsInUse, selectFrom, type Selection } from './select.ts';

/** What differs; the words of `--json`. */
export type Drift =
  | 'conflict'
  | 'dirty'
  | 'under-way'
  | 'not-here'
  | 'unpushed'
  | 'head'
  | 'staged'
  | 'url-override'
  | 'branch-override'
  | 'tip'
  | 'branch-missing'
  | 'pin-missing'
  | 'unreadable';

export interface ComponentStatus {
  readonly name: string;
  readonly path: string;
  readonly pin: string | undefined;
  /** The branch it follows; none: its remote's default branch. */
  readonly branch: string | undefined;
  /** Only in a checkout. */
  readonly local: LocalStatus | undefined;
  /** Only where remotes were asked. */
  readonly remote: RemoteStatus | undefined;
  readonly drift: readonly Drift[];
}

export interface SuperprojectStatus {
  readonly components: readonly ComponentStatus[];
  /** Pins that `.gitmodules` does not name: path to pin. */
  readonly strays: Readonly<Record<string, string>>;
  readonly connections: number;
}

export interface StatusOptions extends Selection {
  /** Ask the remotes as well. */
  readonly isRemote?: boolean | undefined;
  /** Count the commits between pin and tip also where that takes fetching them; with `isRemote`. */
  readonly isCounting?: boolean | undefined;
  /** What `branch = .` means; by itself the branch checked out. */
  readonly branch?: string | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/** The status of a checkout. @throws what readCheckout throws, SP_COMPONENT_UNKNOWN */
export async function checkoutStatus(
  network: Network,
  root: string,
  options: StatusOptions = {},
): Promise<SuperprojectStatus> {
  const { signal } = network;
  const checkout = await readCheckout(root, signal);
  const chosen = selectFrom(checkout, options);
  const superBranch = options.branch ?? checkout.head.branch;
  const { onProgress } = options;
  const about = { signal, ...(!options.isRemote && { onProgress }) };
  const local = localStatus(checkout, chosen, about);
  const remote = options.isRemote
    ? remoteStatuses(network, chosen, { superBranch, onProgress, isCounting: options.isCounting })
    : Promise.resolve([]);
  await allSettled<unknown>([local, remote]);
  const [locals, remotes] = [await local, await remote];
  const missing = missingOf(checkout, options);
  return {
    components: chosen.map((component, at) =>
      summary(component, superBranch, {
        local: locals[at],
        remote: remotes[at],
        isMissing: missing.has(component),
      }),
    ),
    strays: Object.fromEntries(checkout.strays),
    connections: network.connections,
  };
}

/** The same for components that are not here: only what their remotes say. */
export async function remoteOnlyStatus(
  network: Network,
  components: readonly PinnedComponent[],
  { branch, ...options }: Pick<StatusOptions, 'branch' | 'onProgress' | 'isCounting'>,
): Promise<SuperprojectStatus> {
  const remotes = await remoteStatuses(network, components, { superBranch: branch, ...options });
  return {
    components: components.map((component, at) =>
      summary(component, branch, { remote: remotes[at] }),
    ),
    strays: {},
    connections: network.connections,
  };
}

async function remoteStatuses(
  network: Network,
  components: readonly (PinnedComponent | CheckoutComponent)[],
  options: Pick<StatusOptions, 'onProgress' | 'isCounting'> & { superBranch: string | undefined },
): Promise<readonly RemoteStatus[]> {
  await using scratch = await Scratch.create();
  let done = 0;
  return await allSettled(
    components.map(async (component) => {
      const cwd = 'state' in component && component.state === 'present' ? component.dir : undefined;
      const { superBranch, isCounting } = options;
      const question = { component, cwd, superBranch, isCounting };
      const status = await remoteStatus(network, scratch, question);
      options.onProgress?.(`${++done}/${components.length} ${component.path}`);
      return status;
    }),
  );
}

/**
 * Components that a sync would bring. A clone without any was made so, for example to ask the remotes only: that is no drift
 * of it.
 */
function missingOf(
  checkout: Checkout,
  { isRemote, groups, words }: StatusOptions,
): ReadonlySet<CheckoutComponent> {
  const { components } = checkout;
  const isEmpty = components.every(({ configuredUrl }) => configuredUrl === undefined);
  if (isRemote && isEmpty) return new Set();
  const wanted = selectFrom(checkout, { groups: groupsInUse(checkout, { groups, words }) });
  return new Set(
    wanted.filter(
      (one) => one.state !== 'present' && one.pin !== undefined && isActive(checkout, one),
    ),
  );
}

interface Found {
  readonly local?: LocalStatus | undefined;
  readonly remote?: RemoteStatus | undefined;
  readonly isMissing?: boolean;
}

function summary(
  component: PinnedComponent,
  superBranch: string | undefined,
  found: Found,
): ComponentStatus {
  const { name, path, pin } = component;
  const { local, remote } = found;
  const branch = trackedBranch(component, superBranch) ?? remote?.branch;
  return { name, path, pin, branch, local, remote, drift: driftOf(pin, found) };
}

function driftOf(pin: string | undefined, { local, remote, isMissing }: Found): readonly Drift[] {
  const commit = local?.head?.commit;
  const found: Record<Drift, boolean | undefined> = {
    conflict: local?.isConflicted,
    dirty: local?.isDirty,
    'under-way': local?.underWay !== undefined,
    'not-here': isMissing,
    unpushed: (local?.unpushed ?? 0) > 0,
    head: pin !== undefined && commit !== undefined && commit !== pin,
    staged: local?.isStaged,
    'url-override': local?.overrides.some(({ key }) => key === 'url'),
    'branch-override': local?.overrides.some(({ key }) => key === 'branch'),
    tip:
      remote !== undefined && ['behind', 'ahead', 'diverged', 'differs'].includes(remote.relation),
    'branch-missing': remote?.relation === 'branch-missing',
    'pin-missing': remote?.isPinMissing,
    unreadable: remote?.relation === 'unreadable',
  };
  return (Object.keys(found) as Drift[]).filter((key) => found[key]);
}
