import { expect, test } from 'vitest';
import { withDisks } from './disk-layers.ts';

const disk = (path: string, below: string): string => `<disk type='file' device='disk'>
      <driver name='qemu' type='qcow2'/>
      <source file='${path}' index='1'/>${below}
      <target dev='vda' bus='virtio'/>
    </disk>`;

const NOTED = `
      <backingStore type='file' index='3'>
        <format type='qcow2'/>
        <source file='/m/disk.qcow2'/>
        <backingStore type='file' index='4'>
          <format type='qcow2'/>
          <source file='/images/debian.qcow2'/>
          <backingStore/>
        </backingStore>
      </backingStore>`;

test('new files are what the definition says, and what was below the old ones is left to them', () => {
  const xml = `<domain>${disk('/m/disk.a.qcow2', NOTED)}${disk('/m/data.a.qcow2', '<backingStore/>')}</domain>`;
  const from = [
    { path: '/m/disk.a.qcow2', serial: undefined },
    { path: '/m/data.a.qcow2', serial: 'data' },
  ];
  const to = [
    { path: '/m/disk.b.qcow2', serial: undefined },
    { path: '/m/data.b.qcow2', serial: 'data' },
  ];
  expect(withDisks(xml, from, to)).toBe(
    `<domain>${disk('/m/disk.b.qcow2', '')}${disk('/m/data.b.qcow2', '')}</domain>`,
  );
});
