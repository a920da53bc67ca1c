import type { Image } from '../image/store.ts';
import { type DiskFile, type DomainPlan, machineDir } from '../machine/domain-xml.ts';
import type { MachineFacts, MachineMark } from '../machine/metadata.ts';
import { INSIDE } from '../util/paths.ts';
import { uuidOf } from '../util/uuid.ts';
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';

/** The lab's libvirt network; each lab has a libvirtd of its own, so the name need not be unique. */
export const NETWORK_NAME = 'lab';

/** What of a machine is in its domain: changing any of it means defining and starting it anew. Pure. */
export function factsOf(machine: MachineSpec, accel: 'kvm' | 'tcg'): MachineFacts {
  return {
    memoryMiB: machine.memoryMiB,
    cpus: machine.cpus,
    nested: machine.nested,
    hostname: machine.hostname,
    mac: machine.mac,
    address: machine.address,
    disks: machine.disks.map((disk) => disk.name),
    accel,
  };
}

/** Everything the domain XML of a machine needs. Pure. */
export function domainPlanOf(
  lab: LabSpec,
  labId: string,
  machine: MachineSpec,
  image: Image,
  accel: 'kvm' | 'tcg',
  disks: readonly DiskFile[] = firstDisks(machine),
): DomainPlan & { readonly mark: MachineMark } {
  const machineId = machineIdOf(labId, machine.name);
  const mark: MachineMark = {
    lab: labId,
    machine: machine.name,
    image: image.digest,
    facts: factsOf(machine, accel),
  };
  return {
    name: machine.name,
    uuid: uuidOf('machine', labId, machine.name),
    title: `${machine.name} of lab ${lab.name}`,
    memoryMiB: machine.memoryMiB,
    cpus: machine.cpus,
    accel,
    nested: machine.nested,
    mac: machine.mac,
    network: NETWORK_NAME,
    kernel: `${INSIDE.images}/${image.digest}/${image.kernel}`,
    initrd: image.initrd ? `${INSIDE.images}/${image.digest}/${image.initrd}` : undefined,
    kernelArgs: `${image.kernelArgs} systemd.hostname=${machine.hostname} systemd.machine_id=${machineId}`,
    disks,
    linkUp: true,
    dir: machineDir(machine.name),
    mark,
  };
}

/** The disks of a machine as they are first made. Snapshots add files on top; the domain's XML then has the topmost. */
export function firstDisks({ name, disks }: MachineSpec): DiskFile[] {
  const dir = machineDir(name);
  const extra = disks.map((disk) => ({
    path: `${dir}/disk-${disk.name}.qcow2`,
    serial: disk.name,
  }));
  return [{ path: `${dir}/disk.qcow2` }, ...extra];
}

/** machine-id(5) of a machine: derived, so that a rebuilt machine is the same to systemd and DHCP. */
export function machineIdOf(labId: string, machine: string): string {
  return uuidOf('machine-id', labId, machine).replaceAll('-', '');
}
