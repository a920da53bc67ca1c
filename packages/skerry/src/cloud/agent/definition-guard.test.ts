import { expect, test } from 'vitest';
import { parseXml } from '../xml/element.ts';
import { isIn, reachesHost } from './definition-guard.ts';
import { newDomainXml } from './new-domain-xml.ts';

const FILES = {
  before: parseXml(
    "<domain><devices><emulator>/usr/bin/qemu</emulator><disk type='file'><source file='/var/lib/pool/web.qcow2'/></disk></devices></domain>",
  ),
  isImage: (path: string) => path === '/var/lib/pool/debian.qcow2',
};
const reach = (devices: string, before = ''): string[] =>
  reachesHost(parseXml(`<domain>${before}<devices>${devices}</devices></domain>`), FILES);

test('what Skerry itself makes reaches nothing', () => {
  const xml = newDomainXml({
    name: 'web',
    uuid: '00000000-0000-4000-8000-000000000000',
    memoryMiB: 64,
    vcpus: 1,
    disk: '/var/lib/pool/web.qcow2',
    network: 'default',
    tags: ['a'],
    virtType: 'kvm',
  });
  expect(reachesHost(parseXml(xml), FILES)).toEqual([]);
});

test.each([
  ["<hostdev mode='subsystem' type='pci'/>", 'a device of the host (hostdev)'],
  ["<filesystem><source dir='/'/></filesystem>", 'a folder of the host (filesystem)'],
  ["<disk type='block'><source dev='/dev/sda'/></disk>", 'a disk of the type block'],
  ["<disk type='file'><source file='/etc/shadow'/></disk>", "the host's /etc/shadow (source)"],
  [
    "<disk type='file'><source file='/var/lib/pool/other.qcow2'/><readonly/></disk>",
    "the host's /var/lib/pool/other.qcow2 (source)",
  ],
  [
    "<disk type='file'><source file='/var/lib/pool/web.qcow2'/><backingStore type='file'><source file='/var/lib/pool/other.qcow2'/></backingStore></disk>",
    "the host's /var/lib/pool/other.qcow2 (source)",
  ],
  [
    "<disk type='file'><source file='/var/lib/pool/debian.qcow2'/></disk>",
    "the host's /var/lib/pool/debian.qcow2 (source)",
  ],
  ["<disk type='volume'><source pool='p' volume='other'/></disk>", 'a disk of the type volume'],
  [
    "<interface type='direct'><source dev='eth0'/></interface>",
    'a network card of the type direct',
  ],
  ["<serial type='file'><source path='/etc/x'/></serial>", 'a serial of the type file'],
  [
    "<graphics type='vnc' listen='0.0.0.0'/>",
    'a screen that listens on the network: Skerry shows it without that',
  ],
  [
    "<graphics type='vnc'><listen type='address' address='::'/></graphics>",
    'a screen that listens on the network: Skerry shows it without that',
  ],
  ['<emulator>/tmp/mine</emulator>', 'a program of the host (emulator)'],
  ["<tpm><backend type='passthrough'/></tpm>", 'a TPM of the host'],
])('%s reaches the host', (devices, expected) => {
  expect(reach(devices)).toContain(expected);
});

test('what it has already it may keep, and no other of the kind', () => {
  const disk =
    "<disk type='file'><driver cache='none'/><source file='/var/lib/pool/web.qcow2'/></disk>";
  expect(reach(`<emulator>/usr/bin/qemu</emulator>${disk}`)).toEqual([]);
  expect(reach('<emulator>/usr/bin/other</emulator>')).toContain(
    'a program of the host (emulator)',
  );
});

test('an image that is only read, and the kernel in one, reach nothing', () => {
  const kernel = '<os><kernel>/var/lib/pool/debian.qcow2</kernel></os>';
  const file = "<source file='/var/lib/pool/debian.qcow2'/>";
  expect(reach(`<disk type='file'>${file}<readonly/></disk>`, kernel)).toEqual([]);
  expect(reach(`<disk type='file' device='cdrom'>${file}</disk>`)).toEqual([]);
});

test.each([
  ['/pool/a', true],
  ['/pool/a/b', true],
  ['/pool/../a', false],
  ['/poolx/a', false],
])('%s is in /pool: %s', (path, is) => expect(isIn(path, '/pool')).toBe(is));

test('so does what libvirt passes on unseen, and a kernel from anywhere', () => {
  const before = `<qemu:commandline><qemu:arg value='-device'/></qemu:commandline><os><kernel>/boot/vmlinuz</kernel></os>`;
  expect(reach('', before)).toEqual([
    'what libvirt does not check (qemu:commandline)',
    'what libvirt does not check (qemu:arg)',
    "the host's /boot/vmlinuz (kernel)",
  ]);
});
