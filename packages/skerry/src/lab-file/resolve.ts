import { createHash } from 'node:crypto';
import { dirname } from 'node:path';
import type { LabConfig, MachineConfig } from './config.ts';
import { DEFAULTS } from './defaults.ts';
import { toHostName } from './host-name.ts';
import {
  capacityOf,
  formatCidr,
  formatIpv4,
  gatewayOf,
  parseCidr,
  parseIpv4,
  type Cidr,
} from './ipv4.ts';
import { isList } from './is-list.ts';
import { imageAndPackages } from './packages.ts';
import { resolveParts, resolveProbes } from './resolve-parts.ts';
import { parseMemoryMiB, parseSize } from './size.ts';
import type { DiskSpec, ForwardSpec, LabSpec, MachineSpec } from './spec.ts';

/**
 * Fills in every default and decides every name and address of a valid lab. Pure, and stable: the same file gives
 * the same lab on every machine, and a machine added at the end moves no other (unless it claims the address of one).
 */
export function resolveLab(config: LabConfig, { file }: { readonly file: string }): LabSpec {
  const cidr =
    (config.network?.cidr === undefined ? undefined : parseCidr(config.network.cidr)) ??
    deriveCidr(config.name);
  const machines = Object.entries(config.machines).map(([name, machine]) => ({
    name,
    config: machine ?? {},
  }));
  const addresses = deriveAddresses(cidr, machines);
  const macs = deriveMacs(
    config.name,
    machines.map(({ name }) => name),
  );
  const primary = (machines.find(({ config }) => config.primary === true) ?? machines[0])?.name;
  const dir = dirname(file);
  const parts = resolveParts(config, dir);
  return {
    name: config.name,
    file,
    dir,
    network: {
      cidr: formatCidr(cidr),
      gateway: formatIpv4(gatewayOf(cidr)),
      domain: config.network?.domain ?? `${toHostName(config.name)}.test`,
    },
    machines: machines.map(({ name, config: machine }) =>
      resolveMachine(config, name, machine, {
        ...imageAndPackages(config, name, machine, parts.provision),
        primary: name === primary,
        mac: macs.get(name) ?? '',
        address: addresses.get(name) ?? '',
      }),
    ),
    ...parts,
  };
}

/** A /24 of 10.64.0.0/10, a part of the private space that home and office networks seldom use. */
export function deriveCidr(lab: string): Cidr {
  const base = ((10 << 24) | (64 << 16)) >>> 0;
  return {
    base: base + (hash(`network ${toHostName(lab)}`) % 2 ** 14) * 256,
    prefix: 24,
    size: 256,
  };
}

function resolveMachine(
  lab: LabConfig,
  name: string,
  machine: MachineConfig,
  place: Pick<MachineSpec, 'primary' | 'mac' | 'address' | 'image' | 'baseImage' | 'packages'>,
): MachineSpec {
  const hostname = (machine.hostname ?? toHostName(name)).toLowerCase();
  const memory = machine.memory ?? lab.memory ?? DEFAULTS.memory;
  return {
    name,
    hostname,
    aliases: [...new Set([name, toHostName(name)])].filter((alias) => alias !== hostname),
    memoryMiB: parseMemoryMiB(memory) ?? 0,
    cpus: machine.cpus ?? lab.cpus ?? DEFAULTS.cpus,
    nested: machine.nested ?? lab.nested ?? DEFAULTS.nested,
    autostart: machine.autostart ?? lab.autostart ?? DEFAULTS.autostart,
    disks: resolveDisks(machine.disks ?? lab.disks),
    forwards: resolveForwards(machine.forwards),
    dependsOn: machine.dependsOn ?? [],
    ready: resolveProbes(machine.ready),
    ...place,
  };
}

function resolveDisks(disks: MachineConfig['disks']): DiskSpec[] {
  if (disks === undefined) return [];
  const list = isList(disks)
    ? disks.map((disk, i) =>
        typeof disk === 'string' ? { name: `disk${i + 1}`, size: disk } : disk,
      )
    : Object.entries(disks).map(([name, size]) => ({ name, size }));
  return list.map(({ name, size }) => ({ name, sizeBytes: parseSize(size) ?? 0 }));
}

function resolveForwards(forwards: MachineConfig['forwards']): ForwardSpec[] {
  if (forwards === undefined) return [];
  const list = isList(forwards)
    ? forwards
    : Object.entries(forwards).map(([host, guest]) => ({
        host: Number(host),
        guest,
      }));
  return list.map((forward) => ({
    host: forward.host,
    address: ('address' in forward ? forward.address : undefined) ?? DEFAULTS.forwardAddress,
    guest: forward.guest,
  }));
}

/** Addresses set by hand first, then each machine the first free one from its own hash on, in the file's order. */
function deriveAddresses(
  cidr: Cidr,
  machines: readonly { name: string; config: MachineConfig }[],
): Map<string, string> {
  const addresses = new Map<string, string>();
  for (const { name, config } of machines) {
    if (config.address !== undefined) addresses.set(name, config.address);
  }
  const taken = new Set([...addresses.values()].map((address) => parseIpv4(address)));
  const room = capacityOf(cidr);
  for (const { name, config } of machines) {
    if (config.address !== undefined) continue;
    const start = hash(`address ${toHostName(name)}`);
    const free = probe(room, start, (slot) => !taken.has(gatewayOf(cidr) + 1 + slot));
    const address = gatewayOf(cidr) + 1 + free;
    taken.add(address);
    addresses.set(name, formatIpv4(address));
  }
  return addresses;
}

/** MACs with QEMU's prefix, which is locally administered. */
function deriveMacs(lab: string, names: readonly string[]): Map<string, string> {
  const macs = new Map<string, string>();
  const taken = new Set<number>();
  for (const name of names) {
    const start = hash(`mac ${toHostName(lab)} ${toHostName(name)}`);
    const tail = probe(2 ** 24, start, (slot) => !taken.has(slot));
    taken.add(tail);
    const bytes = [16, 8, 0].map((shift) => ((tail >>> shift) & 255).toString(16).padStart(2, '0'));
    macs.set(name, `52:54:00:${bytes.join(':')}`);
  }
  return macs;
}

/** The first free slot from `start` on, going round. */
function probe(slots: number, start: number, isFree: (slot: number) => boolean): number {
  for (let i = 0; i < slots; i++) {
    const slot = (start + i) % slots;
    if (isFree(slot)) return slot;
  }
  throw new RangeError(`all ${slots} slots are taken`);
}

function hash(text: string): number {
  return createHash('sha256').update(text).digest().readUInt32BE(0);
}
