// What an entity's presence says to people, in Archipel's words. Pure.
import type { HypervisorState, VmState } from '../entity.ts';

export interface EntityPresence {
  /** XMPP's `show`: nothing is there and free, `away` paused, `xa` off, `dnd` busy. */
  readonly show: '' | 'away' | 'xa' | 'dnd';
  readonly status: string;
  /** What people call it. */
  readonly name: string;
}

const POWER: Record<VmState['state'], readonly [EntityPresence['show'], string]> = {
  running: ['', 'Running'],
  blocked: ['', 'Running'],
  paused: ['away', 'Paused'],
  sleeping: ['away', 'Sleeping'],
  'shutting-down': ['', 'Shutting down...'],
  shutoff: ['xa', 'Off'],
  crashed: ['xa', 'Crashed'],
  unknown: ['xa', 'Unknown'],
};

/** What is being done while one is busy, by verb. */
const BUSY: Readonly<Record<string, string>> = {
  clone: 'Cloning',
  drives_convert: 'Converting a disk',
  drives_create: 'Creating a drive',
  drives_delete: 'Deleting a drive',
  snapshot_delete: 'Deleting a snapshot',
  snapshot_revert: 'Restoring a snapshot',
  snapshot_take: 'Snapshoting',
};

/**
 * @example
 * vmPresence({ ...vm, state: 'paused' }); // { show: 'away', status: 'Paused', name: 'web-1' }
 */
export function vmPresence(vm: VmState, libvirt: HypervisorState['libvirt']): EntityPresence {
  const { name, task } = vm;
  const [show, status] = POWER[vm.state];
  if (libvirt === 'lost') return { show: 'dnd', status: 'Libvirt connection lost', name };
  if (task?.verb === 'migrate') {
    const percent = task.progress === null ? '' : ` - ${Math.round(task.progress * 100)}%`;
    return { show, status: `Migrating${percent}`, name };
  }
  const busy = task && BUSY[task.verb];
  return busy ? { show: 'dnd', status: `${busy}...`, name } : { show, status, name };
}

/** @param machines how many there are on it. */
export function hypervisorPresence(
  { name, libvirt }: HypervisorState,
  machines: number,
): EntityPresence {
  if (libvirt === 'lost') return { show: 'dnd', status: 'Libvirt connection lost', name };
  return { show: '', status: `Online (${machines})`, name };
}
