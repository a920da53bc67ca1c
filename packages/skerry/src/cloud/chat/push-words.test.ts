import { expect, test } from 'vitest';
import type { HypervisorState, VmState } from '../entity.ts';
import { type EntityPush, networkPushes, vmPushes } from './push-words.ts';

const words = ({ area, change }: EntityPush): string => `${area} ${change}`;

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

test('a drive in another format, a snapshot that it went back to, another definition', () => {
  const state = (format: string, current: string, title: string): VmState =>
    vm('running', {
      title,
      disks: [{ target: 'vda', format }] as VmState['disks'],
      snapshots: ['a', 'b'].map((name) => ({
        name,
        current: name === current,
      })) as VmState['snapshots'],
    });
  expect(vmPushes(state('raw', 'b', 'x'), state('qcow2', 'a', 'y')).map(words)).toEqual([
    'disk converted',
    'snapshoting restored',
    'virtualmachine:definition defined',
  ]);
});

test('going back is told once, also to the snapshot that is the present one', () => {
  const snapshots = (current: string) =>
    ['a', 'b'].map((name) => ({ name, current: name === current })) as VmState['snapshots'];
  const done = (verb: string, at: number) => ({ lastChange: { verb, by: 'ann', at } });
  const told = (before: Partial<VmState>, after: Partial<VmState>) =>
    vmPushes(vm('running', before), vm('running', after)).map(words);
  const restored = ['snapshoting restored'];
  const b = { snapshots: snapshots('b') };
  expect(told(b, { ...b, ...done('snapshot_revert', 1) })).toEqual(restored);
  const again = { ...b, ...done('snapshot_revert', 2) };
  expect(told({ ...b, ...done('snapshot_revert', 1) }, again)).toEqual(restored);
  // First it is seen, then it is done.
  const task = { verb: 'snapshot_revert' } as VmState['task'];
  const under = { snapshots: snapshots('a'), task };
  expect(told({ ...b, task }, under)).toEqual([]);
  expect(told(under, { ...under, ...done('snapshot_revert', 3) })).toEqual(restored);
});

test('a processor that libvirt shows otherwise while it runs is no other definition', () => {
  const [off, on] = [vm('shutoff', { cpu: 'host-model' }), vm('running', { cpu: 'custom EPYC' })];
  expect(vmPushes(off, on).map(words)).toEqual(['virtualmachine:control created']);
});

test('networks come, begin, end and go', () => {
  const host = (networks: Record<string, boolean>, libvirt = 'connected'): HypervisorState =>
    ({
      libvirt,
      networks: Object.entries(networks).map(([name, active]) => ({ name, active })),
    }) as unknown as HypervisorState;
  const told = (before: HypervisorState, after: HypervisorState): string[] =>
    networkPushes(before, after, 2).map(words);
  expect(told(host({}), host({ lan: false }))).toEqual(['network defined']);
  expect(told(host({ lan: false }), host({ lan: true }))).toEqual(['network created']);
  expect(told(host({ lan: true }), host({ lan: false }))).toEqual(['network destroyed']);
  expect(told(host({ lan: false }), host({}))).toEqual(['network undefined']);
  expect(told(host({ lan: false }), host({}, 'lost'))).toEqual([]);
});

test('all that differs is told, each by itself', () => {
  const before = vm('running', { snapshots: [{ name: 'a' }] as VmState['snapshots'] });
  const after = vm('running', {
    ...{ memoryMiB: 256, vcpus: 2, snapshots: [{ name: 'b' }] as VmState['snapshots'] },
    disks: [{ target: 'vda' }] as VmState['disks'],
  });
  expect(vmPushes(before, after).map(words)).toEqual([
    'virtualmachine:control memory',
    'virtualmachine:control nvcpu',
    'snapshoting taken',
    'snapshoting deleted',
    'disk created',
  ]);
});
