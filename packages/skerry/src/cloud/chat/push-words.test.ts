import { expect, test } from 'vitest';
import type { VmState } from '../entity.ts';
import { vmPushes } from './push-words.ts';

const vm = (state: VmState['state'], more: Partial<VmState> = {}): VmState =>
  ({ state, memoryMiB: 512, vcpus: 1, snapshots: [], disks: [], ...more }) as unknown as VmState;

test.each([
  ['shutoff', 'running', 'created'],
  ['crashed', 'running', 'created'],
  ['running', 'paused', 'suspended'],
  ['paused', 'running', 'resumed'],
  ['paused', 'shutoff', 'shutoff'],
  ['running', 'shutting-down', 'shutdown'],
  ['shutting-down', 'shutoff', 'shutoff'],
  ['running', 'crashed', 'crashed'],
] as const)('from %s to %s it was %s', (before, after, change) => {
  const state = { state: after, memoryMiB: '512', vcpus: '1' };
  expect(vmPushes(vm(before), vm(after))).toEqual([
    { area: 'virtualmachine:control', change, state },
  ]);
});

test('what is no other state is not told', () => {
  expect(vmPushes(vm('running'), vm('blocked'))).toEqual([]);
});

test('all that differs is told, each by itself', () => {
  const before = vm('running', { snapshots: [{ name: 'a' }] as VmState['snapshots'] });
  const after = vm('running', {
    ...{ memoryMiB: 256, vcpus: 2, snapshots: [{ name: 'b' }] as VmState['snapshots'] },
    disks: [{ target: 'vda' }] as VmState['disks'],
  });
  expect(vmPushes(before, after).map(({ area, change }) => `${area} ${change}`)).toEqual([
    'virtualmachine:control memory',
    'virtualmachine:control nvcpu',
    'snapshoting taken',
    'snapshoting deleted',
    'disk created',
  ]);
});
