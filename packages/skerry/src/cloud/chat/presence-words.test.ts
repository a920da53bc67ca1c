import { expect, test } from 'vitest';
import type { HypervisorState, Task, VmState } from '../entity.ts';
import { hypervisorPresence, vmPresence } from './presence-words.ts';

function vm(state: VmState['state'], task: Partial<Task> | null = null): VmState {
  return { name: 'web-1', state, task } as VmState;
}

test.each([
  [vm('running'), '', 'Running'],
  [vm('paused'), 'away', 'Paused'],
  [vm('shutoff'), 'xa', 'Off'],
  [vm('crashed'), 'xa', 'Crashed'],
  [vm('shutting-down'), '', 'Shutting down...'],
  [vm('running', { verb: 'snapshot_take', progress: null }), 'dnd', 'Snapshoting...'],
  [vm('running', { verb: 'migrate', progress: 0.42 }), '', 'Migrating - 42%'],
  [vm('running', { verb: 'migrate', progress: null }), '', 'Migrating'],
  [vm('shutoff', { verb: 'create', progress: null }), 'xa', 'Off'],
])('%j', (state, show, status) => {
  expect(vmPresence(state, 'connected')).toEqual({ show, status, name: 'web-1' });
});

test('without libvirt nothing is known', () => {
  const lost = { show: 'dnd', status: 'Libvirt connection lost' };
  expect(vmPresence(vm('running'), 'lost')).toMatchObject(lost);
  const hypervisor = { name: 'hv1', libvirt: 'lost' } as HypervisorState;
  expect(hypervisorPresence(hypervisor, 3)).toMatchObject(lost);
  expect(hypervisorPresence({ ...hypervisor, libvirt: 'connected' }, 12)).toEqual({
    show: '',
    status: 'Online (12)',
    name: 'hv1',
  });
});
