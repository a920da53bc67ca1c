// Names, addresses and definitions of several hypervisors on this machine. They are the same in every set: each set has
// network namespaces of its own.
import { join } from 'node:path';
import { INSIDE, labPathsIn, type LabPaths } from '../util/paths.ts';
import { uuidOf } from '../util/uuid.ts';

/** More than two cores can run anyway; the hosts file names all, so that others can be added later. */
export const MAX_HYPERVISORS = 16;

/** The first three numbers of their own addresses, and of those of their VMs. */
export const NETWORKS = { hosts: '10.99.0', vms: '10.98.0' } as const;

/** Where hypervisors reach what is exposed to them; its name there is `outside`. */
export const OUTSIDE: string = `${NETWORKS.hosts}.254`;

/** @example nameOf(1) // 'hv1' */
export function nameOf(index: number): string {
  return `hv${index}`;
}

/** @example addressOf(1) // '10.99.0.1' */
export function addressOf(index: number): string {
  return `${NETWORKS.hosts}.${index}`;
}

/** Its address among the VMs: it reaches them, and they do not reach it. Below those that are lent. */
export function vmsAddressOf(index: number): string {
  return `${NETWORKS.vms}.${index + 1}`;
}

/** The state of the namespaces around; of the files of a lab it has the lock, the pid and the log. */
export function outerPaths(dir: string): LabPaths {
  return labPathsIn(dir, dir);
}

/** The state of one hypervisor. */
export function hypervisorPaths(dir: string, name: string): LabPaths {
  return labPathsIn(join(dir, name), join(dir, name));
}

/** The hosts(5) file of all of them. */
export function hostsFile(): string {
  const names = Array.from({ length: MAX_HYPERVISORS }, (_, index) => index + 1);
  return `127.0.0.1 localhost\n${OUTSIDE} outside\n${names.map((index) => `${addressOf(index)} ${nameOf(index)}\n`).join('')}`;
}

/**
 * What libvirtd finds in /etc/libvirt at a hypervisor's first start: a pool and a network, both called `default`, both
 * started by themselves. The pool is the folder that all share; the network is one for all of them.
 */
export function firstDefinitions(paths: LabPaths): Readonly<Record<string, string>> {
  return {
    'storage/default.xml': `<pool type="dir">
  <name>default</name>
  <uuid>${uuidOf('pool', paths.id)}</uuid>
  <target><path>${INSIDE.images}</path></target>
</pool>
`,
    'qemu/networks/default.xml': `<network>
  <name>default</name>
  <uuid>${uuidOf('network', paths.id)}</uuid>
  <forward mode="bridge"/>
  <bridge name="virbr0"/>
</network>
`,
  };
}

/** The number in such a name; undefined when it is none. */
export function indexOf(name: string): number | undefined {
  const index = Number(/^hv([1-9]\d?)$/.exec(name)?.[1] ?? 0);
  return index >= 1 && index <= MAX_HYPERVISORS ? index : undefined;
}
