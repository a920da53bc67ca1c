// What the cloud knows of a virtual machine and of a hypervisor: their full state, as the agents publish it and browsers
// show it. Everything here crosses a border, so all of it is a schema.
import { z } from 'zod';

/** How many processors of machines one of a host may stand for. */
export const VCPUS_PER_CPU = 8;

/** `vm:UUID` or `hypervisor:NAME`; the one way to name an entity on the bus, in the API and in the audit. */
export type EntityId = `vm:${string}` | `hypervisor:${string}`;

/** What a central is called on its own bus. */
export const OWN_ADDRESS = 'central';
/** And what another central is called there. */
export const PEER_ADDRESS = 'central-2';

/** Whether that is the address of a central agent: `central`, or of one of several, `central-2`. */
export function isCentral(address: string): boolean {
  return /^central(-\d+)?$/.test(address);
}

/** A hypervisor's name: a DNS label, as its host is called. */
export const hypervisorName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a host name without dots, in small letters')
  .refine((name) => !isCentral(name), 'that is what the central agents are called');
/** Whether a name would be taken for an option, or for the machine that has this uuid. */
export function isMisleadingName(name: string): boolean {
  return name.startsWith('-') || z.guid().safeParse(name).success;
}
/** libvirt refuses a slash and a line end; the rest is for people who type it. */
export const vmName = z
  .string()
  .min(1)
  .max(64)
  // eslint-disable-next-line no-control-regex
  .regex(/^[^/\s\0-\x1f]+$/, 'no blanks, slashes or control characters')
  .refine((name) => !isMisleadingName(name), "no '-' at its beginning, and no uuid");
/** A tag, Archipel's: a word. */
export const tag = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N}._:-]{0,63}$/u, 'letters, digits and . _ : -');

/** States of a domain (virDomainState), in the words of `virsh list`. */
export const VM_STATES = [
  'running',
  'paused',
  'shutting-down',
  'shutoff',
  'crashed',
  'sleeping',
  'blocked',
  'unknown',
] as const;
export type VmPower = (typeof VM_STATES)[number];

const disk = z.object({
  /** `vda`. */
  target: z.string(),
  device: z.enum(['disk', 'cdrom', 'floppy', 'lun']),
  /** A file, a block device or `pool/volume`; null for an empty drive. */
  source: z.string().nullable(),
  format: z.string().nullable(),
  bus: z.string().nullable(),
  readonly: z.boolean(),
  /** Its `cache` attribute: libvirt trusts a live migration only with `none` or `directsync`. */
  cache: z.string().nullable(),
});

const nic = z.object({
  mac: z.string(),
  /** `network`, `bridge` ... (libvirt's interface type). */
  type: z.string(),
  /** The network's or bridge's name. */
  source: z.string().nullable(),
  model: z.string().nullable(),
  /** What others reach it by, as far as the guest, libvirt's leases or the host's table say. An older agent says none. */
  addresses: z.array(z.string()).default([]),
});

const snapshot = z.object({
  name: z.string(),
  parent: z.string().nullable(),
  /** Milliseconds since 1970. */
  createdAt: z.number(),
  /** The machine's state when it was taken, libvirt's word: `running`, `shutoff`, `disk-snapshot` ... */
  state: z.string(),
  description: z.string(),
  current: z.boolean(),
});

/** Something long that is being done to an entity, and by whom. */
export const task = z.object({
  id: z.string(),
  verb: z.string(),
  by: z.string(),
  /** Milliseconds since 1970. */
  startedAt: z.number(),
  /** 0 to 1; null where nobody knows. */
  progress: z.number().min(0).max(1).nullable(),
  /** `copying vda`, in the words people read. */
  note: z.string(),
});
export type Task = z.infer<typeof task>;

/** What somebody did last to an entity: everybody sees who. */
export const lastChange = z.object({ verb: z.string(), by: z.string(), at: z.number() });

/** All of a machine's addresses, those of IPv4 first. */
export function addressesOf({ nics }: Pick<VmState, 'nics'>): readonly string[] {
  // An older central passes on what it knows.
  const addresses = [...new Set(nics.flatMap((each): string[] => each.addresses ?? []))];
  return addresses.toSorted((a, b) => Number(a.includes(':')) - Number(b.includes(':')));
}

export const vmState = z.object({
  kind: z.literal('vm'),
  id: z.templateLiteral(['vm:', z.string()]),
  uuid: z.string(),
  name: z.string(),
  hypervisor: z.string(),
  state: z.enum(VM_STATES),
  /** Why it is in that state, libvirt's word: `booted`, `destroyed`, `migrated`. */
  reason: z.string(),
  /** Whether Skerry looks after it; what is not managed is shown and left alone. */
  managed: z.boolean(),
  persistent: z.boolean(),
  autostart: z.boolean(),
  memoryMiB: z.number(),
  maxMemoryMiB: z.number(),
  vcpus: z.number(),
  maxVcpus: z.number(),
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  /** `host-passthrough`, `custom Nehalem` ...; null when libvirt's default. */
  cpu: z.string().nullable(),
  machine: z.string().nullable(),
  disks: z.array(disk),
  nics: z.array(nic),
  /** Devices of the host that are handed to it: it cannot migrate with them. */
  hostDevices: z.array(z.string()),
  graphics: z.array(z.string()),
  hasConsole: z.boolean(),
  snapshots: z.array(snapshot),
  task: task.nullable(),
  lastChange: lastChange.nullable(),
  /** Milliseconds since 1970 when the machine was started, as far as the agent saw it. */
  runningSince: z.number().nullable(),
});
export type VmState = z.infer<typeof vmState>;

const network = z.object({
  name: z.string(),
  uuid: z.string(),
  active: z.boolean(),
  persistent: z.boolean(),
  autostart: z.boolean(),
  bridge: z.string().nullable(),
});

const pool = z.object({
  name: z.string(),
  active: z.boolean(),
  capacityBytes: z.number(),
  availableBytes: z.number(),
});

export const hypervisorState = z.object({
  kind: z.literal('hypervisor'),
  id: z.templateLiteral(['hypervisor:', z.string()]),
  name: z.string(),
  /** Whether the agent reaches libvirt; without it the list of machines is the last that was seen. */
  libvirt: z.enum(['connected', 'lost']),
  libvirtVersion: z.string(),
  driver: z.string(),
  cpuModel: z.string(),
  cpus: z.number(),
  memoryMiB: z.number(),
  /** What other hypervisors' libvirt calls to send a machine here; null where none can. */
  migrationUri: z.string().nullable(),
  /** Whether all hypervisors have its disks, too. */
  sharedStorage: z.boolean().default(false),
  agentVersion: z.string(),
  /** Milliseconds since 1970. */
  agentStartedAt: z.number(),
  /** No new machines are placed on it. */
  drained: z.boolean(),
  tags: z.array(z.string()),
  networks: z.array(network),
  pools: z.array(pool),
  task: task.nullable(),
  lastChange: lastChange.nullable(),
});
export type HypervisorState = z.infer<typeof hypervisorState>;

export const entityState = z.discriminatedUnion('kind', [vmState, hypervisorState]);
export type EntityState = z.infer<typeof entityState>;

/** @example vmId('0a1b…') === 'vm:0a1b…' */
export function vmId(uuid: string): `vm:${string}` {
  return `vm:${uuid}`;
}

export function hypervisorId(name: string): `hypervisor:${string}` {
  return `hypervisor:${name}`;
}

/** Whether a machine has memory and processors now, paused or not. */
export function isOn({ state }: Pick<VmState, 'state'>): boolean {
  return state !== 'shutoff' && state !== 'crashed';
}

/**
 * Whether it is paused, and has disks that QEMU would open where it has come to only when it goes on there. By then its first
 * host may have taken them back, since libvirt does not know every storage that is shared: what is in its memory would be lost.
 */
export function isBoundByPause({ state, disks }: Pick<VmState, 'state' | 'disks'>): boolean {
  return state === 'paused' && disks.some(({ source, readonly }) => source !== null && !readonly);
}

/** Whether it is off, and has disks that only its hypervisor has: nobody would copy them. */
export function isBoundByDisks(
  vm: Pick<VmState, 'state' | 'disks'>,
  host: Pick<HypervisorState, 'sharedStorage'>,
): boolean {
  return !isOn(vm) && !host.sharedStorage && vm.disks.some(({ readonly }) => !readonly);
}

/** The name of the hypervisor that an entity is on, or is. */
export function hypervisorOf(entity: EntityState): string {
  return entity.kind === 'vm' ? entity.hypervisor : entity.name;
}
