// Hypervisors of libvirt's test driver, each with machines of its own: what the UI is shown.

export interface TestVm {
  readonly name: string;
  readonly memoryMiB: number;
  readonly vcpus?: number;
  readonly off?: boolean;
}

/** A node of the test driver: `test:///PATH` of a file with this. */
export function nodeXml(host: number, vms: readonly TestVm[]): string {
  const domains = vms.map((vm, at) => domainXml(host, at, vm));
  return `<node>
  ${domains.join('\n')}
  <network><name>default</name><bridge name='virbr0'/><ip address='192.168.122.1' netmask='255.255.255.0'/></network>
  <network><name>lab</name><bridge name='virbr1'/><ip address='192.168.123.1' netmask='255.255.255.0'/></network>
  <pool type='dir'><name>default-pool</name><target><path>/default-pool</path></target></pool>
  <cpu><mhz>2600</mhz><model>EPYC-Milan</model><active>16</active><nodes>1</nodes><sockets>1</sockets><cores>8</cores><threads>2</threads></cpu>
  <memory>33554432</memory>
</node>`;
}

function domainXml(host: number, at: number, vm: TestVm): string {
  const hex = (number: number): string => number.toString(16).padStart(2, '0');
  const state = vm.off ? 5 : 1;
  return `<domain type='test' xmlns:test='http://libvirt.org/schemas/domain/test/1.0'>
    <name>${vm.name}</name>
    <uuid>6e1f0a00-0000-4000-8${host.toString(16)}00-0000000000${hex(at)}</uuid>
    <memory unit='MiB'>${vm.memoryMiB}</memory><vcpu>${vm.vcpus ?? 1}</vcpu>
    <os><type>hvm</type></os>
    <test:runstate>${state}</test:runstate>
    <devices>
      <disk type='file' device='disk'><driver name='qemu' type='qcow2'/><source file='/default-pool/${vm.name}.qcow2'/><target dev='vda' bus='virtio'/></disk>
      <interface type='network'><mac address='52:54:00:00:${hex(host)}:${hex(at)}'/><source network='default'/><model type='virtio'/></interface>
      <console type='pty'/>
      <graphics type='vnc' port='-1'/>
    </devices>
  </domain>`;
}
