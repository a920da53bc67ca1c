import { INSIDE } from '../util/paths.ts';
import { metadataXml, type MachineMark } from './metadata.ts';
import { raw, xml } from './xml.ts';

const QEMU_NAMESPACE = ' xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"';

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
  /** The machine's own disk first, then the extra ones. */
  readonly disks: readonly DiskFile[];
  /** A file QEMU maps as the memory, privately: what the machine writes stays its own. Else memory begins empty. */
  readonly memoryFile?: string | undefined;
  /** Whether the cable is in. */
  readonly linkUp: boolean;
  readonly mark?: MachineMark | undefined;
  /** The folder of its console's log. */
  readonly dir: string;
}

export interface DiskFile {
  /** Its qcow2 file. */
  readonly path: string;
  /** Of an extra disk: its serial number, so /dev/disk/by-id/virtio-NAME in the guest. */
  readonly serial?: string | undefined;
}

/**
 * libvirt asks a QEMU that it has started for each of its CPU's 400 properties, and QEMU 7.2 reads the questions byte by byte: a
 * quarter of a second. Without this capability libvirt reads flag words instead.
 * Those lack what a KVM host has in MSRs, so only under emulation.
 */
const FEW_QUESTIONS =
  '<qemu:capabilities><qemu:del capability="cpu-unavailable-features"/></qemu:capabilities>';

/** What QEMU calls the memory of a machine that is mapped from a file. */
export const MEMORY_BLOCK = 'skerry-memory';

/** The folder of a machine inside the sandbox. */
export function machineDir(name: string): string {
  return `${INSIDE.lab}/machines/${name}`;
}

/** Builds the domain XML (https://libvirt.org/formatdomain.html, libvirt 9.0). Pure. */
export function domainXml(plan: DomainPlan): string {
  const { dir } = plan;
  const initrd = plan.initrd ? xml`\n    <initrd>${plan.initrd}</initrd>` : '';
  return xml`<domain type="${plan.accel === 'kvm' ? 'kvm' : 'qemu'}"${raw(QEMU_NAMESPACE)}>
  <name>${plan.name}</name>
  <uuid>${plan.uuid}</uuid>
  <title>${plan.title}</title>
  ${raw(plan.mark ? `<metadata>${metadataXml(plan.mark)}</metadata>` : '')}
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
    ${raw(plan.disks.map(diskXml).join('\n    '))}
    <controller type="usb" model="none"/>
    ${raw(interfaceXml(plan))}
    <serial type="pty"><log file="${dir}/console.log" append="off"/><target port="0"/></serial>
    <console type="pty"><target type="serial" port="0"/></console>
    <channel type="unix"><target type="virtio" name="org.qemu.guest_agent.0"/></channel>
    <channel type="unix"><source mode="bind" path="${INSIDE.guests}/${plan.name}.sock"/><target type="virtio" name="org.skerry.guest.0"/></channel>
    <rng model="virtio"><backend model="random">/dev/urandom</backend></rng>
    <memballoon model="none"/>
  </devices>
  ${raw(plan.memoryFile ? memoryXml(plan.memoryFile, plan.memoryMiB) : '')}${raw(plan.accel === 'tcg' ? FEW_QUESTIONS : '')}
</domain>`;
}

/** The definition libvirt gave of a machine, with its memory from a file. Pure. */
export function withMemoryFile(definition: string, path: string, memoryMiB: number): string {
  const named = definition.includes('xmlns:qemu=')
    ? definition
    : definition.replace(/<domain\b/, `<domain${QEMU_NAMESPACE}`);
  return named.replace(/(?=<qemu:capabilities>|<\/domain>\s*$)/, memoryXml(path, memoryMiB));
}

/** The network card; `linkUp` is what changes in a running machine. */
export function interfaceXml(plan: Pick<DomainPlan, 'mac' | 'network' | 'linkUp'>): string {
  const state = plan.linkUp ? 'up' : 'down';
  return xml`<interface type="network"><mac address="${plan.mac}"/><source network="${plan.network}"/><model type="virtio"/><link state="${state}"/></interface>`;
}

/**
 * libvirt has no way to name the file of a machine's memory, so QEMU is told directly. A balloon would punch holes into
 * that file, which others map too: machines have none.
 */
function memoryXml(path: string, memoryMiB: number): string {
  const backend = [
    `memory-backend-file,id=${MEMORY_BLOCK},mem-path=${path},share=off`,
    `size=${memoryMiB * 2 ** 20},x-use-canonical-path-for-ramblock-id=off`,
  ].join(',');
  const args = ['-object', backend, '-machine', `memory-backend=${MEMORY_BLOCK}`];
  const words = args.map((value) => xml`<qemu:arg value="${value}"/>`).join('');
  return `<qemu:commandline>${words}</qemu:commandline>\n  `;
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

function diskXml({ path, serial }: DiskFile, at: number): string {
  const device = `vd${String.fromCodePoint(97 + at)}`;
  // cache=unsafe: a lab's disk need not survive a power cut of the host, and guests flush a lot while they boot.
  return xml`<disk type="file" device="disk"><driver name="qemu" type="qcow2" cache="unsafe" discard="unmap"/><source file="${path}"/><target dev="${device}" bus="virtio"/>${raw(serial === undefined ? '' : xml`<serial>${serial}</serial>`)}</disk>`;
}
