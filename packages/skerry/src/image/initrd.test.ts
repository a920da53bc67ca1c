import { expect, test } from 'vitest';

import { driverPaths, formatInitrd } from './initrd.ts';

const MODULES_DEP = `
kernel/drivers/virtio/virtio.ko: kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio_ring.ko:
kernel/drivers/virtio/virtio_pci.ko: kernel/drivers/virtio/virtio_pci_modern_dev.ko kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/virtio/virtio_pci_modern_dev.ko:
kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio.ko kernel/drivers/virtio/virtio_ring.ko
kernel/drivers/block/not_virtio_blk.ko:
`;

test('drivers are loaded after what they need, each once', () => {
  expect(driverPaths(MODULES_DEP).map((path) => path.replace(/.*\//, ''))).toEqual([
    'virtio_ring.ko',
    'virtio.ko',
    'virtio_pci_modern_dev.ko',
    'virtio_pci.ko',
    'virtio_blk.ko',
  ]);
});

test('drivers the kernel has built in are not missed', () => {
  expect(driverPaths('')).toEqual([]);
});

test('equal parts give equal bytes', () => {
  const parts = {
    busybox: Buffer.from('busybox'),
    modules: [Buffer.from('one'), Buffer.from('two')],
  };
  const initrd = formatInitrd(parts);
  expect(formatInitrd(parts).equals(initrd)).toBe(true);
  expect(initrd.length % 4).toBe(0);
  expect(initrd.toString('latin1')).toContain('modules/01.ko');
});
