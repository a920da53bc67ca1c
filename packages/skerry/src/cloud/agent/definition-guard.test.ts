import { expect, test } from 'vitest';
import { type Element, parseXml } from '../xml/element.ts';
import { broughtBack, partsOfHost, reachesHost } from './definition-guard.ts';
import { newDomainXml } from './new-domain-xml.ts';

const FILES = {
  before: parseXml(
    "<domain><devices><emulator>/usr/bin/qemu</emulator><disk type='file'><driver type='qcow2'/><source file='/var/lib/pool/web.qcow2'/></disk></devices></domain>",
  ),
  isImage: (path: string) => path === '/var/lib/pool/debian.qcow2',
};
const reach = (devices: string, before = ''): string[] =>
  reachesHost(parseXml(`<domain>${before}<devices>${devices}</devices></domain>`), FILES);

// As virt-install and virt-manager write them, after libvirt has completed them.
test('an ordinary machine of other tools reaches nothing', () => {
  const address = "<address type='pci' domain='0x0000' bus='0x04' slot='0x00' function='0x0'/>";
  const xml = `<domain type='kvm'><name>win</name><uuid>5</uuid><title>/my machine</title>
  <metadata><libosinfo:libosinfo xmlns:libosinfo='http://libosinfo.org/xmlns/libvirt/domain/1.0'><libosinfo:os id='x'/></libosinfo:libosinfo></metadata>
  <memory unit='KiB'>2097152</memory><currentMemory unit='KiB'>2097152</currentMemory><vcpu placement='static'>2</vcpu>
  <sysinfo type='smbios'><system><entry name='serial'>ds=nocloud;s=http://10.0.0.1/</entry></system></sysinfo>
  <os firmware='efi'><type arch='x86_64' machine='q35'>hvm</type><firmware><feature enabled='yes' name='secure-boot'/></firmware>
    <loader secure='yes'/><boot dev='hd'/><bootmenu enable='yes'/><smbios mode='sysinfo'/></os>
  <features><acpi/><apic/><hyperv mode='custom'><relaxed state='on'/></hyperv><kvm><hidden state='on'/></kvm><vmport state='off'/><smm state='on'/></features>
  <cpu mode='host-passthrough' check='none' migratable='on'><topology sockets='1' cores='2' threads='1'/><feature policy='require' name='vmx'/></cpu>
  <clock offset='localtime'><timer name='rtc' tickpolicy='catchup'/><timer name='hpet' present='no'/></clock>
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
  <pm><suspend-to-mem enabled='no'/><suspend-to-disk enabled='no'/></pm>
  <devices>
    <disk type='file' device='disk'><driver name='qemu' type='qcow2' discard='unmap'><metadata_cache><max_size unit='bytes'>1</max_size></metadata_cache></driver><source file='/var/lib/pool/web.qcow2'/><backingStore/><target dev='vda' bus='virtio'/><boot order='1'/><alias name='ua-x'/>${address}</disk>
    <disk type='file' device='cdrom'><driver name='qemu' type='raw'/><target dev='sda' bus='sata'/><readonly/><address type='drive' controller='0' bus='0' target='0' unit='0'/></disk>
    <disk type='file' device='cdrom'><source file='/var/lib/pool/debian.qcow2' startupPolicy='optional'/><target dev='sdb' bus='sata'/></disk>
    <controller type='usb' index='0' model='qemu-xhci' ports='15'>${address}</controller>
    <controller type='pci' index='1' model='pcie-root-port'><model name='pcie-root-port'/><target chassis='1' port='0x10'/>${address}</controller>
    <controller type='scsi' model='virtio-scsi'><driver queues='2'/></controller>
    <interface type='network'><mac address='52:54:00:00:00:01'/><source network='default'/><model type='virtio'/><driver name='vhost' queues='2'/><link state='up'/>${address}</interface>
    <serial type='pty'><target type='isa-serial' port='0'><model name='isa-serial'/></target></serial>
    <console type='pty'><target type='serial' port='0'/></console>
    <channel type='unix'><source mode='bind'/><target type='virtio' name='org.qemu.guest_agent.0'/><address type='virtio-serial' controller='0' bus='0' port='1'/></channel>
    <channel type='spicevmc'><target type='virtio' name='com.redhat.spice.0'/></channel>
    <input type='tablet' bus='usb'><address type='usb' bus='0' port='1'/></input><input type='mouse' bus='ps2'/>
    <tpm model='tpm-crb'><backend type='emulator' version='2.0'/></tpm>
    <graphics type='vnc' port='-1' autoport='yes' listen='127.0.0.1'><listen type='address' address='127.0.0.1'/></graphics>
    <graphics type='spice' autoport='yes'><listen type='address'/><image compression='off'/></graphics>
    <sound model='ich9'>${address}</sound><audio id='1' type='none'/>
    <video><model type='qxl' ram='65536' vram='65536' vgamem='16384' heads='1' primary='yes'/>${address}</video>
    <watchdog model='itco' action='reset'/><memballoon model='virtio'><stats period='5'/></memballoon>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng><panic model='isa'/>
  </devices></domain>`;
  expect(reachesHost(parseXml(xml), FILES)).toEqual([]);
});

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
    'a disk below its disk (backingStore)',
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

const WEB = "<driver type='qcow2'/><source file='/var/lib/pool/web.qcow2'/>";
const QEMU = 'http://libvirt.org/schemas/domain/qemu/1.0';

// Each of these was found to get past an earlier guard, or is a sibling of one that did.
test.each([
  [`<x xmlns='${QEMU}'/>`, 'what is not known to be harmless (x)'],
  [
    `<disk type='file' xmlns='${QEMU}'>${WEB}</disk>`,
    'what libvirt does not check (xmlns of disk)',
  ],
  [
    `<disk x:type='volume'>${WEB}<target dev='vda'/></disk>`,
    'what libvirt does not check (x:type of disk)',
  ],
  ["<channel type='unix'><source mode='connect' path='/run/any.sock'/></channel>", '/run/any.sock'],
  ["<channel type='unix'><source mode='bind' path='/etc/x'/></channel>", '/etc/x'],
  ["<channel type='unix'><source mode='bind' path='etc/x'/></channel>", 'etc/x'],
  ["<channel type='pty'><log file='/etc/cron.d/x'/></channel>", 'a file of the host (log)'],
  ["<serial type='pty'><source path='/dev/mem'/></serial>", '(source)'],
  [
    `<disk type='file'>${WEB}<backingStore type='volume'><source pool='default' volume='victim'/></backingStore></disk>`,
    'a disk below its disk (backingStore)',
  ],
  [
    `<disk type='file'>${WEB}<backingStore type='network'><source protocol='nbd'><host name='h'/></source></backingStore></disk>`,
    'a disk below its disk (backingStore)',
  ],
  [
    `<disk type='file'>${WEB}<mirror type='file' file='/etc/x'/></disk>`,
    'what is not known to be harmless (mirror)',
  ],
  [
    "<disk type='file'><source file='/var/lib/pool/web.qcow2'/></disk>",
    "the host's /var/lib/pool/web.qcow2 (source) as raw, which it is not",
  ],
  [
    "<disk type='file'><driver type='qcow2'/><driver type='raw'/><source file='/var/lib/pool/web.qcow2'/></disk>",
    "the host's /var/lib/pool/web.qcow2 (source) as qcow2 raw, which it is not",
  ],
  ["<disk type='file'><source file='etc/shadow'/><readonly/></disk>", "the host's etc/shadow"],
  [`<disk type='file' rawio='yes'>${WEB}</disk>`, 'the rawio yes (disk)'],
  [
    "<disk type='file'><source pool='default' volume='victim'/></disk>",
    'the pool default (source)',
  ],
  ["<smartcard mode='passthrough' type='tcp'/>", 'a device from elsewhere (smartcard)'],
  [
    "<graphics type='vnc' port='6379' autoport='no' listen='::1'/>",
    'a screen at a port of its own choice',
  ],
  ["<graphics type='vnc' port='6379'/>", 'a screen at a port of its own choice'],
  ["<graphics type='spice' tlsPort='6379'/>", 'a screen at a port of its own choice'],
  ["<graphics type='vnc' websocket='5700'/>", 'the websocket 5700 (graphics)'],
  ["<graphics type='vnc' socket='/run/x'/>", 'the socket /run/x (graphics)'],
  [
    "<graphics type='vnc'><listen type='network' network='n'/></graphics>",
    'listens on the network',
  ],
  ["<graphics type='vnc'><listen type='socket'/></graphics>", 'listens on the network'],
  ["<graphics type='rdp'/>", 'a graphics of the type rdp'],
  ["<graphics type='spice'><gl enable='yes'/></graphics>", '(gl)'],
  ["<interface type='user'/>", 'a network card of the type user'],
  ['<interface/>', 'a network card of the type ?'],
  [
    "<interface type='bridge'><source bridge='docker0'/></interface>",
    'a network card of the type bridge',
  ],
  [
    "<interface type='network'><source network='n'/><script path='x'/></interface>",
    'what is not known to be harmless (script)',
  ],
  ["<input type='evdev'><source dev='/dev/input/event0'/></input>", 'an input of the type evdev'],
  ["<audio id='1' type='file' path='/etc/x'/>", 'an audio of the type file'],
  ["<rng><backend model='egd' type='tcp'/></rng>", 'a backend with the model egd'],
  ["<rng><backend model='random'>/dev/sda</backend></rng>", "the host's /dev/sda (backend)"],
  ["<lease><target path='/etc/x'/></lease>", 'what is not known to be harmless (lease)'],
  ["<memory model='nvdimm'><source><path>/dev/sda</path></source></memory>", '(memory)'],
])('%s reaches the host', (devices, expected) => {
  expect(reach(devices).join('; ')).toContain(expected);
});

test.each([
  [`<commandline xmlns='${QEMU}'><arg value='-drive'/></commandline>`, '(commandline)'],
  [`<qemu:commandline xmlns:qemu='${QEMU}'/>`, 'what libvirt does not check (qemu:commandline)'],
  [`<os xmlns='${QEMU}'/>`, 'what libvirt does not check (xmlns of os)'],
  ['<bootloader>x</bootloader>', 'what is not known to be harmless (bootloader)'],
  ["<sysinfo type='fwcfg'><entry name='opt/x' file='etc/shadow'/></sysinfo>", 'of the type fwcfg'],
  ['<metadatax/>', '(metadatax)'],
  ['<on_crash>coredump-destroy</on_crash>', 'on_crash coredump-destroy'],
  // In two pieces, the first of which is an image's path.
  [
    '<os><initrd>/var/lib/pool/debian.qcow2<!-- -->-1234abcd-vda.qcow2</initrd></os>',
    "the host's /var/lib/pool/debian.qcow2-1234abcd-vda.qcow2 (initrd)",
  ],
  ['<os><initrd>etc/shadow</initrd></os>', "the host's etc/shadow (initrd)"],
  ["<os><nvram template='etc/shadow'/></os>", 'the template etc/shadow (nvram)'],
  ['<os><nvram>/var/lib/pool/debian.qcow2</nvram></os>', "the host's /var/lib/pool/debian.qcow2"],
  ['<memoryBacking><locked/></memoryBacking>', '(memoryBacking)'],
])('%s reaches the host', (part, expected) => {
  expect(reach('', part).join('; ')).toContain(expected);
});

test('a root of another kind reaches the host, and a prefix that nothing uses does not', () => {
  const root = (attributes: string): string[] =>
    reachesHost(parseXml(`<domain ${attributes}/>`), FILES);
  expect(root("type='lxc'")).toEqual(['a domain of the type lxc']);
  expect(root(`xmlns='${QEMU}'`)).toEqual(['what libvirt does not check (xmlns of domain)']);
  expect(root(`type='kvm' xmlns:qemu='${QEMU}'`)).toEqual([]);
  expect(reachesHost(parseXml(`<domain><devices xmlns='${QEMU}'/></domain>`), FILES)).toEqual([
    'what libvirt does not check (xmlns of devices)',
  ]);
});

test('what is only read stays so, wherever it is named', () => {
  const image = "<source file='/var/lib/pool/debian.qcow2'/>";
  const before = parseXml(
    `<domain><os><kernel>/var/lib/pool/debian.kernel</kernel></os><devices><disk type='file'>${image}<readonly/></disk></devices></domain>`,
  );
  const again = (devices: string, os = ''): string[] =>
    reachesHost(parseXml(`<domain>${os}<devices>${devices}</devices></domain>`), {
      ...FILES,
      before,
    });
  const written = ["the host's /var/lib/pool/debian.qcow2 (source)"];
  expect(again(`<disk type='file'>${image}</disk>`)).toEqual(written);
  expect(again(`<disk type='file' device='floppy'>${image}</disk>`)).toEqual(written);
  expect(again("<disk type='file'><source file='/var/lib/pool/debian.kernel'/></disk>")).toEqual([
    "the host's /var/lib/pool/debian.kernel (source)",
  ]);
  expect(again('', '<os><nvram>/var/lib/pool/debian.kernel</nvram></os>')).toHaveLength(1);
  const kernel = '<os><kernel>/var/lib/pool/debian.kernel</kernel><boot dev="hd"/></os>';
  expect(again(`<disk type='file'>${image}<target dev='vdz'/><readonly/></disk>`, kernel)).toEqual(
    [],
  );
});

test('what it has already it may keep, and no other of the kind', () => {
  const disk =
    "<disk type='file'><driver type='qcow2' cache='none'/><source file='/var/lib/pool/web.qcow2'/></disk>";
  expect(reach(`<emulator>/usr/bin/qemu</emulator>${disk}`)).toEqual([]);
  expect(reach('<emulator>/usr/bin/other</emulator>')).toContain(
    'a program of the host (emulator)',
  );
});

test('it may stay on the bridge that it is on', () => {
  const nic = (bridge: string, model: string): string =>
    `<domain><devices><interface type='bridge'><source bridge='${bridge}'/><model type='${model}'/></interface></devices></domain>`;
  const before = parseXml(nic('br0', 'e1000'));
  const isImage = (): boolean => false;
  expect(reachesHost(parseXml(nic('br0', 'virtio')), { before, isImage })).toEqual([]);
  expect(reachesHost(parseXml(nic('br1', 'virtio')), { before, isImage })).toEqual([
    "the host's bridge br1",
  ]);
});

test('an image that is only read, and the kernel in one, reach nothing', () => {
  const kernel = '<os><kernel>/var/lib/pool/debian.qcow2</kernel></os>';
  const file = "<source file='/var/lib/pool/debian.qcow2'/>";
  expect(reach(`<disk type='file'>${file}<readonly/></disk>`, kernel)).toEqual([]);
  expect(reach(`<disk type='file' device='cdrom'>${file}</disk>`)).toEqual([]);
});

test('so does what libvirt passes on unseen, and a kernel from anywhere', () => {
  const before = `<qemu:commandline><qemu:arg value='-device'/></qemu:commandline><os><kernel>/boot/vmlinuz</kernel></os>`;
  expect(reach('', before)).toEqual([
    'what libvirt does not check (qemu:commandline)',
    "the host's /boot/vmlinuz (kernel)",
  ]);
});

test('what a machine has of its host: not its disks, and not what libvirt adds or how it is tuned', () => {
  const domain = (devices: string): Element =>
    parseXml(`<domain type='kvm' xmlns:qemu='q'><name>web</name><memory>1</memory>
      <memoryBacking><hugepages/></memoryBacking><resource><partition>/machine</partition></resource>
      <os><type>hvm</type><loader type='pflash'>/usr/share/OVMF.fd</loader></os>
      <devices><emulator>/usr/bin/qemu</emulator>
        <disk type='file' device='disk'><source file='/pool/web.qcow2'/><target dev='vda'/></disk>
        <interface type='network'><source network='default'/></interface>
        ${devices}</devices></domain>`);
  const isDisk = (file: string): boolean => file === '/pool/web.qcow2';
  expect(partsOfHost(domain(''), isDisk)).toEqual([]);
  expect(partsOfHost(domain(''), () => false)).toEqual(["the host's /pool/web.qcow2 (source)"]);
  const block = "<disk type='block'><source dev='/dev/sda'/><target dev='vdb'/></disk>";
  expect(partsOfHost(domain(block), () => true)).toEqual([
    'a disk of the type block',
    'the dev /dev/sda (source)',
  ]);
  expect(
    partsOfHost(
      domain(
        "<hostdev/><interface type='bridge'><source bridge='br0'/></interface></devices><qemu:commandline/><devices>",
      ),
      isDisk,
    ),
  ).toEqual([
    'a device of the host (hostdev)',
    'a network card of the type bridge',
    "the host's bridge br0",
    'what libvirt does not check (qemu:commandline)',
  ]);
});

test.each([
  ['<kernel>/etc/shadow</kernel>', ["the host's /etc/shadow (kernel)"]],
  ['<initrd>/etc/shadow</initrd>', ["the host's /etc/shadow (initrd)"]],
  ['<kernel>/images/debian.kernel</kernel>', []],
  ['<loader>/etc/shadow</loader>', ["the host's /etc/shadow (loader)"]],
  [
    '<loader>/usr/share/../../etc/shadow</loader>',
    ["the host's /usr/share/../../etc/shadow (loader)"],
  ],
  ["<loader readonly='yes' type='pflash'>/usr/share/OVMF/OVMF_CODE.fd</loader>", []],
  ['<nvram>/var/lib/other_VARS.fd</nvram>', ["the host's /var/lib/other_VARS.fd (nvram)"]],
  ['<nvram>/var/lib/libvirt/qemu/nvram/web_VARS.fd</nvram>', []],
  ["<nvram template='/usr/share/OVMF/OVMF_VARS.fd'>/nvram/web_VARS.fd</nvram>", []],
  ["<nvram template='/etc/shadow'/>", ['the template /etc/shadow (nvram)']],
  [
    "<nvram template='/usr/share/../../etc/shadow'>/nvram/web_VARS.fd</nvram>",
    ['the template /usr/share/../../etc/shadow (nvram)', "the host's /nvram/web_VARS.fd (nvram)"],
  ],
  [
    "<acpi><table type='slic'>/etc/shadow</table></acpi>",
    ['what is not known to be harmless (acpi)'],
  ],
  [
    "<nvram type='block'><source dev='/dev/sda'/></nvram>",
    ['the type block (nvram)', 'what is not known to be harmless (source)'],
  ],
])('what a machine starts from is of its host, or not: %s', (os, expected) => {
  const domain = parseXml(
    `<domain><name>web</name><os><type>hvm</type>${os}</os><devices/></domain>`,
  );
  const isImage = (file: string): boolean => file.startsWith('/images/');
  expect(partsOfHost(domain, () => true, isImage)).toEqual(expected);
});

test('what a definition of before brings back: not what libvirt adds, and not what is there now', () => {
  const domain = (devices: string, rest = ''): Element =>
    parseXml(`<domain type='kvm'>${rest}<devices>${devices}</devices></domain>`);
  const folder = (dir: string): string =>
    `<filesystem><source dir='${dir}'/><target dir='f'/></filesystem>`;
  const added = "<emulator>/usr/bin/qemu</emulator><memballoon model='virtio'/>";
  const seclabel = "<seclabel type='dynamic' model='apparmor'/>";
  const now = domain(folder('/srv'));
  expect(broughtBack(domain(added + folder('/srv'), seclabel), now, () => false)).toEqual([]);
  // Of the same kind is not the same.
  expect(broughtBack(domain(folder('/etc')), now, () => false)).toHaveLength(1);
  const disk = "<disk type='file'><source file='/pool/other.qcow2'/><target dev='vda'/></disk>";
  expect(broughtBack(domain(disk), now, () => false)).toEqual([
    "the host's /pool/other.qcow2 (source)",
  ]);
});
