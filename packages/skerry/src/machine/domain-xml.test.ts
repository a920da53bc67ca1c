import { XMLParser, XMLValidator } from 'fast-xml-parser';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cpuXml, type DomainPlan, domainXml } from './domain-xml.ts';

const plan: DomainPlan = {
  name: 'agent_1',
  uuid: '3d0f6f9c-6a5c-8b1e-9f7e-0123456789ab',
  title: 'agent_1 of lab archipelago',
  memoryMiB: 512,
  cpus: 2,
  accel: 'tcg',
  nested: true,
  mac: '52:54:00:1a:2b:3c',
  network: 'lab',
  kernel: '/run/skerry/images/abc/vmlinux',
  initrd: '/run/skerry/images/abc/initrd',
  kernelArgs: 'console=ttyS0 quiet',
  disks: [
    { path: '/run/skerry/lab/machines/agent_1/disk.qcow2' },
    { path: '/run/skerry/lab/machines/agent_1/disk-data.qcow2', serial: 'data' },
  ],
  linkUp: true,
  dir: '/run/skerry/lab/machines/agent_1',
  mark: { lab: 'archipelago-6f1c02', machine: 'agent_1', image: 'abc', facts: { cpus: 2 } },
};

interface Parsed {
  readonly domain: {
    readonly name: string;
    readonly title: string;
    readonly os: { readonly cmdline: string };
    readonly devices: {
      readonly disk?: readonly { readonly source: { readonly '@file': string } }[];
    };
  };
}
const parser = new XMLParser({
  ignoreAttributes: false,
  attributeNamePrefix: '@',
  parseTagValue: false,
  trimValues: false,
  isArray: (name) => name === 'disk',
});

test('a machine as libvirt gets it', () => {
  expect(domainXml(plan)).toMatchInlineSnapshot(`
    "<domain type="qemu" xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0">
      <name>agent_1</name>
      <uuid>3d0f6f9c-6a5c-8b1e-9f7e-0123456789ab</uuid>
      <title>agent_1 of lab archipelago</title>
      <metadata><skerry:machine xmlns:skerry="https://skerry.dev/ns/1" lab="archipelago-6f1c02" machine="agent_1" hash="ac95521ee05fdcce" image="abc" template="" identity="" nesting="" provisioned="{}" ready="" facts="{&quot;cpus&quot;:2}"/></metadata>
      <memory unit="MiB">512</memory>
      <vcpu>2</vcpu>
      <os>
        <type arch="x86_64" machine="q35">hvm</type>
        <kernel>/run/skerry/images/abc/vmlinux</kernel>
        <initrd>/run/skerry/images/abc/initrd</initrd>
        <cmdline>console=ttyS0 quiet</cmdline>
      </os>
      <features><acpi/><apic/></features>
      <cpu mode="maximum"><feature policy="optional" name="vmx"/><feature policy="optional" name="svm"/></cpu>
      <clock offset="utc"><timer name="rtc" tickpolicy="catchup"/><timer name="pit" tickpolicy="delay"/><timer name="hpet" present="yes"/></clock>
      <on_poweroff>destroy</on_poweroff>
      <on_reboot>restart</on_reboot>
      <on_crash>destroy</on_crash>
      <pm><suspend-to-mem enabled="no"/><suspend-to-disk enabled="no"/></pm>
      <devices>
        <disk type="file" device="disk"><driver name="qemu" type="qcow2" cache="unsafe" discard="unmap"/><source file="/run/skerry/lab/machines/agent_1/disk.qcow2"/><target dev="vda" bus="virtio"/></disk>
        <disk type="file" device="disk"><driver name="qemu" type="qcow2" cache="unsafe" discard="unmap"/><source file="/run/skerry/lab/machines/agent_1/disk-data.qcow2"/><target dev="vdb" bus="virtio"/><serial>data</serial></disk>
        <controller type="usb" model="none"/>
        <interface type="network"><mac address="52:54:00:1a:2b:3c"/><source network="lab"/><model type="virtio"/><link state="up"/></interface>
        <serial type="pty"><log file="/run/skerry/lab/machines/agent_1/console.log" append="off"/><target port="0"/></serial>
        <console type="pty"><target type="serial" port="0"/></console>
        <channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>
        <channel type="unix"><source mode="bind" path="/run/skerry/guests/agent_1.sock"/><target type="virtio" name="org.skerry.guest.0"/></channel>
        <rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
        <memballoon model="none"/>
      </devices>
      <qemu:capabilities><qemu:del capability="cpu-unavailable-features"/></qemu:capabilities>
    </domain>"
  `);
});

test('without initrd and mark neither is mentioned', () => {
  const xml = domainXml({ ...plan, initrd: undefined, mark: undefined });
  expect(xml).not.toMatch(/<initrd>|<metadata>|qemu:commandline/);
});

test('a machine that is thawed has its memory from a file, and its cable out', () => {
  const xml = domainXml({ ...plan, linkUp: false, memoryFile: '/run/skerry/lab/a & b/memory' });
  expect(XMLValidator.validate(xml)).toBe(true);
  expect(xml).toContain('<link state="down"/>');
  expect(xml).toContain(
    'value="memory-backend-file,id=skerry-memory,mem-path=/run/skerry/lab/a &amp; b/memory,share=off,size=536870912,x-use-canonical-path-for-ramblock-id=off"',
  );
  expect(xml).toContain('<qemu:arg value="memory-backend=skerry-memory"/>');
});

test.each([
  [
    'kvm',
    true,
    '<cpu mode="host-model"><feature policy="optional" name="vmx"/><feature policy="optional" name="svm"/></cpu>',
  ],
  [
    'kvm',
    false,
    '<cpu mode="host-model"><feature policy="disable" name="vmx"/><feature policy="disable" name="svm"/></cpu>',
  ],
  [
    'tcg',
    true,
    '<cpu mode="maximum"><feature policy="optional" name="vmx"/><feature policy="optional" name="svm"/></cpu>',
  ],
  [
    'tcg',
    false,
    '<cpu mode="maximum"><feature policy="disable" name="vmx"/><feature policy="disable" name="svm"/></cpu>',
  ],
] as const)('the CPU under %s with nested %s', (accel, nested, xml) => {
  expect(cpuXml({ accel, nested })).toBe(xml);
});

const text = fc
  .string({ unit: 'grapheme', minLength: 1 })
  .filter((value) => !/[\0-\x1f\x7f]/.test(value));

test('whatever its values hold, the XML is well-formed and gives them back', () => {
  fc.assert(
    fc.property(
      text,
      text,
      text,
      fc.array(text, { maxLength: 4 }),
      (name, title, kernelArgs, paths) => {
        const disks = paths.map((path) => ({ path }));
        const xml = domainXml({ ...plan, name, title, kernelArgs, disks });
        expect(XMLValidator.validate(xml)).toBe(true);
        const { domain } = parser.parse(xml) as Parsed;
        expect([domain.name, domain.title, domain.os.cmdline]).toEqual([name, title, kernelArgs]);
        const files = (domain.devices.disk ?? []).map(({ source }) => source['@file']);
        expect(files).toEqual(paths);
      },
    ),
  );
});

test.each(['\0', '\x08', '\x1b', '\x1f'])('the control character %j is refused', (character) => {
  expect(() => domainXml({ ...plan, title: `a${character}b` })).toThrow(RangeError);
});
