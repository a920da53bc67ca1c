import { expect, test } from 'vitest';
import type { HypervisorState, VmState } from '../entity.ts';
import { aHypervisor, aVm } from '../test-entities.ts';
import { migrationTargets, placesFor } from './placement.ts';

const NEEDS = { memoryMiB: 1024, vcpus: 2, networks: ['default'], tags: ['web'] };
const aDisk = {
  ...{ target: 'vda', device: 'disk' as const, source: '/images/web.qcow2', format: 'qcow2' },
  ...{ bus: 'virtio', readonly: false, cache: 'none' },
};
const input = (hosts: readonly HypervisorState[], vms: readonly VmState[] = [], silent = '') => ({
  hosts,
  vms,
  isLive: (name: string) => name !== silent,
});

test('the emptier hypervisor is better, and the points say why', () => {
  const vms = [aVm({ hypervisor: 'hv1', memoryMiB: 4096, state: 'running' })];
  const places = placesFor(NEEDS, input([aHypervisor('hv1'), aHypervisor('hv2')], vms));
  expect(places.map(({ hypervisor }) => hypervisor)).toEqual(['hv2', 'hv1']);
  expect(places[0]?.parts.map(({ name }) => name)).toEqual(['memory', 'processors', 'spread']);
  expect(places[0]?.score).toBe(places[0]?.parts.reduce((sum, { points }) => sum + points, 0));
});

test('machines with the same tag are spread', () => {
  const twin = aVm({ hypervisor: 'hv1', tags: ['web'], memoryMiB: 16 });
  const places = placesFor(NEEDS, input([aHypervisor('hv1'), aHypervisor('hv2')], [twin]));
  expect(places[0]?.hypervisor).toBe('hv2');
});

test.each([
  [{ drained: true }, 'it is drained'],
  [{ libvirt: 'lost' as const }, 'its agent does not reach libvirt'],
  [{ memoryMiB: 1024 }, '512 MiB are free, 1024 MiB are needed'],
  [{ networks: [] }, "its network 'default' is not there, or off"],
])('%j: %s', (change, reason) => {
  expect(placesFor(NEEDS, input([{ ...aHypervisor('hv1'), ...change }]))).toMatchObject([
    { possible: false, score: 0, reasons: [reason] },
  ]);
});

test('one that is not heard from is no place', () => {
  const [place] = placesFor(NEEDS, input([aHypervisor('hv1')], [], 'hv1'));
  expect(place?.reasons).toEqual(['it is not heard from']);
});

test.each([
  [
    {
      snapshots: [
        { name: 'a', parent: null, createdAt: 0, state: 'running', description: '', current: true },
      ],
    },
    'web has a snapshot: libvirt does not take it along',
  ],
  [{ hostDevices: ['pci device'] }, 'web has a pci device of its host'],
  [{ state: 'paused' as const, disks: [aDisk] }, 'web is paused: resume it first'],
  [{ persistent: false }, 'web has no definition that stays'],
])('a machine with %j stays', (change, reason) => {
  const vm = aVm({ name: 'web', hypervisor: 'hv1', ...change });
  const places = migrationTargets(vm, input([aHypervisor('hv1'), aHypervisor('hv2')], [vm]));
  expect(places).toMatchObject([{ hypervisor: 'hv2', possible: false, reasons: [reason] }]);
});

test('one that is off stays where only its hypervisor has its disks', () => {
  const vm = aVm({ name: 'web', hypervisor: 'hv1', state: 'shutoff', disks: [aDisk] });
  const own = aHypervisor('hv1', { sharedStorage: false });
  const places = migrationTargets(vm, input([own, aHypervisor('hv2')], [vm]));
  expect(places).toMatchObject([
    { possible: false, reasons: ['web is off, and its disks are on hv1 only: start it'] },
  ]);
  const on = { ...vm, state: 'running' as const };
  expect(migrationTargets(on, input([own, aHypervisor('hv2')], [on]))[0]?.possible).toBe(true);
});
