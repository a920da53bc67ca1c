// What has happened to an entity, in Archipel's words for its events: an area, and what changed there. Pure.
import type { HypervisorState, VmState } from '../entity.ts';

/** `archipel:push:AREA`, with `change="CHANGE"`. */
export interface EntityPush {
  readonly area: string;
  readonly change: string;
  /** How it is now: Archipel's clients had to ask. */
  readonly state: Readonly<Record<string, string>>;
}

/** What a state that was come to from another one is called. */
const POWER: Partial<Record<VmState['state'], string>> = {
  paused: 'suspended',
  sleeping: 'suspended',
  'shutting-down': 'shutdown',
  shutoff: 'shutoff',
  crashed: 'crashed',
};

/**
 * @example
 * vmPushes({ ...vm, state: 'running' }, { ...vm, state: 'paused' }); // [{ area: 'virtualmachine:control', change: 'suspended', ... }]
 */
export function vmPushes(before: VmState, after: VmState): EntityPush[] {
  const { state, memoryMiB, vcpus } = after;
  const now = { state, memoryMiB: String(memoryMiB), vcpus: String(vcpus) };
  const push = (area: string, change: string): EntityPush => ({ area, change, state: now });
  const control = 'virtualmachine:control';
  const [had, has] = [names(before), names(after)];
  return [
    ...(powerOf(before) === powerOf(after) ? [] : [push(control, powerWord(before, after))]),
    ...(before.memoryMiB === memoryMiB ? [] : [push(control, 'memory')]),
    ...(before.vcpus === vcpus ? [] : [push(control, 'nvcpu')]),
    ...differences(had.snapshots, has.snapshots, ['taken', 'deleted']).map((change) =>
      push('snapshoting', change),
    ),
    ...differences(had.disks, has.disks, ['created', 'deleted']).map((change) =>
      push('disk', change),
    ),
    ...(isOtherFormat(before, after) ? [push('disk', 'converted')] : []),
    ...(isRestored(before, after) ? [push('snapshoting', 'restored')] : []),
    ...(definitionOf(before) === definitionOf(after)
      ? []
      : [push('virtualmachine:definition', 'defined')]),
  ];
}

/** What became of the networks of a hypervisor. @param machines how many there are on it */
export function networkPushes(
  before: HypervisorState,
  after: HypervisorState,
  machines: number,
): EntityPush[] {
  // Without libvirt nothing is known of them.
  if (before.libvirt !== 'connected' || after.libvirt !== 'connected') return [];
  const were = new Map(before.networks.map((each) => [each.name, each.active]));
  const are = new Map(after.networks.map((each) => [each.name, each.active]));
  const changes = [
    ...differences([...were.keys()], [...are.keys()], ['defined', 'undefined']),
    ...[...are].flatMap(([name, active]) => {
      if ((were.get(name) ?? false) === active) return [];
      return [active ? 'created' : 'destroyed'];
    }),
  ];
  return changes.map((change) => ({ ...hypervisorPush(after, change, machines), area: 'network' }));
}

function isOtherFormat(before: VmState, after: VmState): boolean {
  return before.disks.some(({ target, format }) =>
    after.disks.some((each) => each.target === target && each.format !== format),
  );
}

/** It went back to a snapshot: by our verb, also to the present one, or by somebody's else: then another one is the present one. */
function isRestored(before: VmState, after: VmState): boolean {
  const revert = 'snapshot_revert';
  if (after.lastChange?.verb === revert && after.lastChange.at !== before.lastChange?.at)
    return true;
  const now = after.snapshots.find(({ current }) => current)?.name;
  const then = before.snapshots.find(({ current }) => current)?.name;
  const isOther = now !== undefined && now !== then;
  // Our own is told once, when it is done.
  return (
    isOther && before.snapshots.length === after.snapshots.length && after.task?.verb !== revert
  );
}

/** What only a new definition changes; of a processor libvirt says something else while it runs. */
function definitionOf({ name, title, description, tags, maxMemoryMiB, maxVcpus, nics }: VmState) {
  return JSON.stringify({ name, title, description, tags, maxMemoryMiB, maxVcpus, nics });
}

/** @param machines how many there are on it */
export function hypervisorPush(
  { libvirt }: HypervisorState,
  change: string,
  machines: number,
): EntityPush {
  return { area: 'hypervisor', change, state: { libvirt, machines: String(machines) } };
}

/** What differs for Archipel: a blocked processor is a running machine. */
function powerOf({ state }: VmState): VmState['state'] {
  return state === 'blocked' ? 'running' : state;
}

function powerWord(before: VmState, after: VmState): string {
  const word = POWER[after.state];
  if (word !== undefined) return word;
  return before.state === 'paused' || before.state === 'sleeping' ? 'resumed' : 'created';
}

function names({ snapshots, disks }: VmState) {
  return {
    snapshots: snapshots.map(({ name }) => name),
    disks: disks.map(({ target }) => target),
  };
}

function differences(
  before: readonly string[],
  after: readonly string[],
  [come, gone]: readonly [string, string],
): string[] {
  return [
    ...after.filter((name) => !before.includes(name)).map(() => come),
    ...before.filter((name) => !after.includes(name)).map(() => gone),
  ];
}
