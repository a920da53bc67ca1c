import { expect, test } from 'vitest';
import { aVm } from '../test-entities.ts';
import { isSomeonesDisk } from './golden-images.ts';

test.each([
  ['/pool/debian.qcow2', false],
  ['/pool/read.qcow2', false],
  ['/pool/win.qcow2', true],
  ['/pool/by-volume.img', true],
  ['/pool/parked-1234abcd-vda.qcow2', true],
  ['/pool/parked-1234abcd-vdb-5678ef90.raw', true],
])('%s is the disk of a machine: %s', (path, is) => {
  const disk = {
    target: 'vda',
    device: 'disk',
    format: 'qcow2',
    bus: 'virtio',
    cache: null,
  } as const;
  const disks = [
    { ...disk, source: '/pool/win.qcow2', readonly: false },
    { ...disk, source: '/pool/read.qcow2', readonly: true },
    { ...disk, source: 'golden/by-volume.img', readonly: false },
  ];
  expect(isSomeonesDisk([aVm({ disks })], 'golden', path)).toBe(is);
});
