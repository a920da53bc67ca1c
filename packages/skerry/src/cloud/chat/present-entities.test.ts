import { expect, test } from 'vitest';
import type { HypervisorState, VmState } from '../entity.ts';
import { presentEntities } from './present-entities.ts';

function vm(uuid: string, state: VmState['state'], managed = true): VmState {
  return {
    kind: 'vm',
    id: `vm:${uuid}`,
    name: uuid,
    ...{ memoryMiB: 64, vcpus: 1, snapshots: [], disks: [] },
    state,
    managed,
    task: null,
  } as unknown as VmState;
}

function hypervisor(libvirt: HypervisorState['libvirt']): HypervisorState {
  return {
    kind: 'hypervisor',
    id: 'hypervisor:hv1',
    name: 'hv1',
    libvirt,
    networks: [],
  } as unknown as HypervisorState;
}

test('what is published is shown, what is not managed is not, and shouts are heard', () => {
  const shown = new Map<string, string>();
  const said: string[] = [];
  const pushed: string[] = [];
  const present = presentEntities({
    set: (id, { show, status }) => void shown.set(id, `${show} ${status}`),
    remove: async (id) => void shown.delete(id),
    say: (id, text) => said.push(`${id} ${text}`),
    push: (id, { area, change }) => pushed.push(`${id} ${area} ${change}`),
  });
  let seq = 0;
  const publish = (changed: (VmState | HypervisorState)[], removed: string[] = []): void =>
    present({ type: 'state', epoch: 'e', seq: ++seq, changed, removed });

  publish([hypervisor('connected'), vm('a', 'running'), vm('b', 'running', false)]);
  expect(Object.fromEntries(shown)).toEqual({
    'vm:a': ' Running',
    'hypervisor:hv1': ' Online (1)',
  });
  publish([vm('a', 'paused'), vm('b', 'shutoff')]);
  expect(shown.get('vm:a')).toBe('away Paused');
  expect(shown.get('hypervisor:hv1')).toBe(' Online (2)');
  publish([hypervisor('lost')]);
  expect([...shown.values()]).toEqual(Array(3).fill('dnd Libvirt connection lost'));
  publish([hypervisor('connected'), vm('b', 'running', false)], ['vm:a', 'vm:never']);
  expect(Object.fromEntries(shown)).toEqual({ 'hypervisor:hv1': ' Online (0)' });
  present({ type: 'shout', entity: 'vm:a', text: 'hello', at: 1 });
  present({ type: 'alive', epoch: 'e', seq: 9 });
  expect(said).toEqual(['vm:a hello']);
  expect(pushed).toEqual([
    'vm:a virtualmachine:control suspended',
    'hypervisor:hv1 hypervisor manage',
    'hypervisor:hv1 hypervisor free',
    'hypervisor:hv1 hypervisor unmanage',
  ]);
});
