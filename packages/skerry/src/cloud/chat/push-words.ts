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
  ];
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
