import { expect, test } from 'vitest';
import { parseXml } from '../xml/element.ts';
import { reachesHost } from './definition-guard.ts';
import { newDomainXml } from './new-domain-xml.ts';

const FOLDERS = ['/var/lib/pool'];
const reach = (devices: string, before = ''): string[] =>
  reachesHost(parseXml(`<domain>${before}<devices>${devices}</devices></domain>`), FOLDERS);

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
  expect(reachesHost(parseXml(xml), FOLDERS)).toEqual([]);
});

test.each([
  ["<hostdev mode='subsystem' type='pci'/>", 'a device of the host (hostdev)'],
  ["<filesystem><source dir='/'/></filesystem>", 'a folder of the host (filesystem)'],
  ["<disk type='block'><source dev='/dev/sda'/></disk>", 'a disk of the type block'],
  ["<disk type='file'><source file='/etc/shadow'/></disk>", "the host's /etc/shadow (source)"],
  [
    "<disk type='file'><source file='/var/lib/pool/../x'/></disk>",
    "the host's /var/lib/pool/../x (source)",
  ],
  [
    "<disk type='file'><source file='/var/lib/poolx/a'/></disk>",
    "the host's /var/lib/poolx/a (source)",
  ],
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

test('so does what libvirt passes on unseen, and a kernel from anywhere', () => {
  const before = `<qemu:commandline><qemu:arg value='-device'/></qemu:commandline><os><kernel>/boot/vmlinuz</kernel></os>`;
  expect(reach('', before)).toEqual([
    'what libvirt does not check (qemu:commandline)',
    'what libvirt does not check (qemu:arg)',
    "the host's /boot/vmlinuz (kernel)",
  ]);
});
