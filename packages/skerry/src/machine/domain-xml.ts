import { INSIDE } from '../util/paths.ts';
import { metadataXml, type MachineMark } from './metadata.ts';
import { raw, xml } from './xml.ts';

/** All that a machine's domain XML is made of. Paths are those inside the sandbox. */
export interface DomainPlan {
  readonly name: string;
  readonly uuid: string;
  readonly title: string;
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly accel: 'kvm' | 'tcg';
  readonly nested: boolean;
  readonly mac: string;
  readonly network: string;
  readonly kernel: string;
  readonly initrd: string | undefined;
  readonly kernelArgs: string;
  /** Extra disks by name; the machine's own disk is always there. */
  readonly disks: readonly string[];
  readonly mark: MachineMark;
}

/** The folder of a machine inside the sandbox. */
export function machineDir(name: string): string {
  return `${INSIDE.lab}/machines/${name}`;
}

/** Builds the domain XML (https://libvirt.org/formatdomain.html, libvirt 9.0). Pure. */
export function domainXml(plan: DomainPlan): string {
  const dir = machineDir(plan.name);
  const initrd = plan.initrd ? xml`\n    <initrd>${plan.initrd}</initrd>` : '';
  const disks = ['disk', ...plan.disks.map((name) => `disk-${name}`)];
  return xml`<domain type="${plan.accel === 'kvm' ? 'kvm' : 'qemu'}">
  <name>${plan.name}</name>
  <uuid>${plan.uuid}</uuid>
  <title>${plan.title}</title>
  <metadata>${raw(metadataXml(plan.mark))}</metadata>
  <memory unit="MiB">${plan.memoryMiB}</memory>
  <vcpu>${plan.cpus}</vcpu>
  <os>
    <type arch="x86_64" machine="q35">hvm</type>
    <kernel>${plan.kernel}</kernel>${raw(initrd)}
    <cmdline>${plan.kernelArgs}</cmdline>
  </os>
  <features><acpi/><apic/></features>
  ${raw(cpuXml(plan))}
  <clock offset="utc"><timer name="rtc" tickpolicy="catchup"/><timer name="pit" tickpolicy="delay"/><timer name="hpet" present="yes"/></clock>
  <on_poweroff>destroy</on_poweroff>
  <on_reboot>restart</on_reboot>
  <on_crash>destroy</on_crash>
  <pm><suspend-to-mem enabled="no"/><suspend-to-disk enabled="no"/></pm>
  <devices>
    ${raw(disks.map((file, at) => diskXml(`${dir}/${file}.qcow2`, at, plan.disks[at - 1])).join('\n    '))}
    <controller type="usb" model="none"/>
    <interface type="network">
      <mac address="${plan.mac}"/>
      <source network="${plan.network}"/>
      <model type="virtio"/>
      <link state="up"/>
    </interface>
    <serial type="pty"><log file="${dir}/console.log" append="off"/><target port="0"/></serial>
    <console type="pty"><target type="serial" port="0"/></console>
    <channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>
    <channel type="unix"><source mode="bind" path="${INSIDE.guests}/${plan.name}.sock"/><target type="virtio" name="org.skerry.guest.0"/></channel>
    <rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
    <memballoon model="virtio"/>
  </devices>
</domain>`;
}

/**
 * The CPU of a machine. `nested` is the profile of the same name in docs/cpu.md: the host's model (under emulation
 * the fullest one) with vmx and svm where the accelerator has them.
 */
export function cpuXml({ accel, nested }: Pick<DomainPlan, 'accel' | 'nested'>): string {
  const mode = accel === 'kvm' ? 'host-model' : 'maximum';
  const policy = nested ? 'optional' : 'disable';
  const features = ['vmx', 'svm'].map((name) => `<feature policy="${policy}" name="${name}"/>`);
  return `<cpu mode="${mode}">${features.join('')}</cpu>`;
}

/** `name` is that of an extra disk: its serial number, so /dev/disk/by-id/virtio-NAME in the guest. */
function diskXml(path: string, at: number, name: string | undefined): string {
  const device = `vd${String.fromCodePoint(97 + at)}`;
  // cache=unsafe: a lab's disk need not survive a power cut of the host, and guests flush a lot while they boot.
  return xml`<disk type="file" device="disk"><driver name="qemu" type="qcow2" cache="unsafe" discard="unmap"/><source file="${path}"/><target dev="${device}" bus="virtio"/>${raw(name === undefined ? '' : xml`<serial>${name}</serial>`)}</disk>`;
}
