import { randomUUID } from 'node:crypto';
import { identityXml } from './guest-identity.ts';
import { metadataXml, METADATA } from './vm-from-xml.ts';
import { escapeXml } from '../../util/escape-xml.ts';

/** A machine as people ask for it. */
export interface NewDomain {
  readonly name: string;
  readonly uuid: string;
  readonly memoryMiB: number;
  readonly vcpus: number;
  /** A path of a qcow2 image; none for a machine without a disk. */
  readonly disk?: string | undefined;
  /** A Linux to start directly, for a disk that has no boot loader. */
  readonly boot?: { readonly kernel: string; readonly initrd: string | undefined } | undefined;
  readonly network?: string | undefined;
  /** Public keys that may log in, one a line. */
  readonly sshKeys?: string | undefined;
  readonly tags: readonly string[];
  readonly virtType: 'kvm' | 'qemu' | 'test';
}

/** The `<domain>` of a new machine: virtio everything, a serial console, a screen on the loopback, the guest agent's way. */
export function newDomainXml(domain: NewDomain): string {
  const { name, uuid, memoryMiB, vcpus, disk, boot, network, tags, virtType } = domain;
  if (virtType === 'test')
    return `<domain type='test'><name>${escapeXml(name)}</name><uuid>${uuid}</uuid>${metadata(tags)}
<memory unit='MiB'>${memoryMiB}</memory><vcpu>${vcpus}</vcpu><os><type>hvm</type></os></domain>`;
  return `<domain type='${virtType}'>
  <name>${escapeXml(name)}</name>
  <uuid>${uuid}</uuid>
  ${metadata(tags)}
  <memory unit='MiB'>${memoryMiB}</memory>
  <vcpu>${vcpus}</vcpu>
  ${identityXml(domain)}
  <os><type arch='x86_64' machine='q35'>hvm</type>${boot === undefined ? "<boot dev='hd'/>" : kernelXml(boot)}<smbios mode='sysinfo'/></os>
  <features><acpi/><apic/></features>
  ${virtType === 'kvm' ? "<cpu mode='host-model'/>" : ''}
  <clock offset='utc'/>
  <on_poweroff>destroy</on_poweroff><on_reboot>restart</on_reboot><on_crash>destroy</on_crash>
  <devices>
    ${disk === undefined ? '' : `<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none' discard='unmap'/><source file='${escapeXml(disk)}'/><target dev='vda' bus='virtio'/></disk>`}
    ${network === undefined ? '' : `<interface type='network'><source network='${escapeXml(network)}'/><model type='virtio'/></interface>`}
    <serial type='pty'/><console type='pty'/>
    <channel type='unix'><target type='virtio' name='org.qemu.guest_agent.0'/></channel>
    <graphics type='vnc' autoport='yes' listen='127.0.0.1'/>
    <video><model type='vga' vram='16384' heads='1' primary='yes'/></video>
    <memballoon model='virtio'/>
    <rng model='virtio'><backend model='random'>/dev/urandom</backend></rng>
  </devices>
</domain>`;
}

/** A name for a disk of a new machine: no other hypervisor's machine gives it to a disk in the same pool. */
export function volumeName(
  vm: { readonly name: string; readonly uuid: string },
  target: string,
  format: string,
): string {
  return `${vm.name}-${vm.uuid.slice(0, 8)}-${target}.${format}`;
}

/** The same for one that a machine gets later: each time another, so that what is left of a former try is not in the way. */
export function laterVolumeName(
  vm: { readonly name: string; readonly uuid: string },
  target: string,
  format: string,
): string {
  return volumeName(vm, `${target}-${randomUUID().slice(0, 8)}`, format);
}

/** What both make: the start of the machine's uuid, the target, perhaps what makes it another, the format. */
const DISK_NAME = /-([0-9a-f]{8})-[a-z]+(?:-[0-9a-f]{8})?\.\w+$/;

/** Whether a volume is called as {@link volumeName} calls machines' disks. */
export function isDiskName(name: string): boolean {
  return DISK_NAME.test(name);
}

/** Whether a path is of a volume that {@link volumeName} has given to this machine. */
export function isDiskOf(uuid: string, path: string): boolean {
  return DISK_NAME.exec(path)?.[1] === uuid.slice(0, 8);
}

/** A volume to be made, perhaps on a golden image. */
export interface NewVolumeXml {
  readonly name: string;
  readonly capacityBytes: number;
  readonly format: string;
  readonly backing?: string | undefined;
}

/** The same as virStorageVolCreateXML takes it. */
export function volumeXml({ name, capacityBytes, format, backing }: NewVolumeXml): string {
  const based =
    backing === undefined
      ? ''
      : `<backingStore><path>${escapeXml(backing)}</path><format type='qcow2'/></backingStore>`;
  return `<volume><name>${escapeXml(name)}</name><capacity unit='bytes'>${capacityBytes}</capacity>
<allocation>0</allocation><target><format type='${format}'/></target>${based}</volume>`;
}

function kernelXml({ kernel, initrd }: NonNullable<NewDomain['boot']>): string {
  const second = initrd === undefined ? '' : `<initrd>${escapeXml(initrd)}</initrd>`;
  return `<kernel>${escapeXml(kernel)}</kernel>${second}<cmdline>root=/dev/vda rw console=ttyS0 quiet</cmdline>`;
}

function metadata(tags: readonly string[]): string {
  const inner = metadataXml({ managed: true, tags: [...tags] });
  return `<metadata><${METADATA.key}:vm xmlns:${METADATA.key}="${METADATA.uri}"${inner.slice(3)}</metadata>`;
}
