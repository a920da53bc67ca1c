import type { DaemonConfig, ProbeConfig, SourceConfig, TreeConfig } from './config-sync.ts';
import type { ProvisionerConfig, TriggerConfig } from './config-provision.ts';

/** An amount with its unit, such as `'512 MiB'` or `'1.5 GiB'`. */
export type Size = `${number} ${'MiB' | 'GiB' | 'TiB'}`;

/** Fields that a machine may have, and the lab for all its machines. */
export interface MachineDefaults {
  /**
   * The image its disk starts from. `skerry image list` shows the known ones.
   * @defaultValue 'debian-12'
   */
  readonly image?: string | undefined;
  /**
   * Memory: a size with its unit, or a number of MiB.
   * @defaultValue '512 MiB'
   * @example '2 GiB'
   */
  readonly memory?: Size | number | undefined;
  /**
   * How many virtual CPUs it has.
   * @defaultValue 1
   */
  readonly cpus?: number | undefined;
  /**
   * Whether it can run machines itself (nested virtualization).
   * @defaultValue false
   */
  readonly nested?: boolean | undefined;
  /**
   * Debian packages its image has besides its own. They are put into an image of their own when it is first needed.
   * @example ['etcd-server', 'etcd-client']
   */
  readonly packages?: readonly string[] | undefined;
  /**
   * Whether `skerry up` without names starts it.
   * @defaultValue true
   */
  readonly autostart?: boolean | undefined;
  /**
   * Extra, empty disks: sizes by name, or a list.
   * @example { data: '10 GiB', journal: '512 MiB' }
   * @example ['10 GiB', { name: 'journal', size: '512 MiB' }]
   */
  readonly disks?: Readonly<Record<string, Size>> | readonly (Size | DiskConfig)[] | undefined;
}

/** One machine of a lab. */
export interface MachineConfig extends MachineDefaults {
  /**
   * Whether it is the one `skerry ssh` opens when no machine is named. At most one is; without any, the first.
   * @defaultValue false
   */
  readonly primary?: boolean | undefined;
  /** Its host name (RFC 1123). Without it, the machine's name with `-` for each `_`. */
  readonly hostname?: string | undefined;
  /**
   * Its IPv4 address inside the lab's network. Without it, one derived from its name.
   * @example '10.77.3.20'
   */
  readonly address?: string | undefined;
  /**
   * Ports of this host that lead to ports of the machine (TCP): host port to machine port, or a list.
   * @example { 8080: 80 }
   * @example [{ host: 8080, guest: 80, address: '0.0.0.0' }]
   */
  readonly forwards?: Readonly<Record<number, number>> | readonly ForwardConfig[] | undefined;
  /** Machines that are ready, and provisioned, before this one is provisioned. */
  readonly dependsOn?: readonly string[] | undefined;
  /** When it counts as ready for those that depend on it, after its provisioners. */
  readonly ready?: ProbeConfig | readonly ProbeConfig[] | undefined;
}

/** An extra disk of a machine. */
export interface DiskConfig {
  /** Its name: the serial number the machine sees, so `/dev/disk/by-id/virtio-<name>`. */
  readonly name: string;
  /** Its size, with the unit. */
  readonly size: Size;
}

/** A port of this host that leads to a port of a machine. */
export interface ForwardConfig {
  /** The TCP port on this host. */
  readonly host: number;
  /** The TCP port in the machine. */
  readonly guest: number;
  /**
   * The address of this host it listens on.
   * @defaultValue '127.0.0.1'
   */
  readonly address?: string | undefined;
}

/** The lab's own network. */
export interface NetworkConfig {
  /**
   * The IPv4 network of the lab. Without it, a /24 within 10.64.0.0/10 derived from the lab's name.
   * @example '10.77.3.0/24'
   */
  readonly cidr?: string | undefined;
  /** The DNS domain of its machines. Without it, `<name of the lab>.test`. */
  readonly domain?: string | undefined;
}

/** A whole lab file. Fields beside `machines` are the defaults of every machine. */
export interface LabConfig extends MachineDefaults {
  /** The JSON Schema of this file, for editors. */
  readonly $schema?: string | undefined;
  /** The name of the lab: a host name (RFC 1123), where `_` counts as `-`. */
  readonly name: string;
  /** The lab's own network. */
  readonly network?: NetworkConfig | undefined;
  /** The machines by name. Names are host names, where `_` counts as `-`. */
  readonly machines: Readonly<Record<string, MachineConfig | null>>;
  /**
   * The superproject that this lab runs. `skerry up` clones it where it is missing; without `tree`, it is kept equal in
   * all machines, at /srv/src.
   * @example { url: 'git@example.org:product/all.git', ref: '3.11' }
   */
  readonly source?: SourceConfig | undefined;
  /** Folders that are kept equal in machines: one, or a list. */
  readonly tree?: TreeConfig | readonly TreeConfig[] | undefined;
  /** What is done to machines once they are ready: provisioners by name, in this order. */
  readonly provision?: Readonly<Record<string, ProvisionerConfig>> | undefined;
  /** Your programs in the machines, by name. */
  readonly daemons?: Readonly<Record<string, DaemonConfig>> | undefined;
  /** Commands before or after something happens. */
  readonly triggers?: readonly TriggerConfig[] | undefined;
}

/**
 * Gives a lab its type, so that editors complete its fields and report mistakes while you type. It changes nothing.
 *
 * @example
 * import { defineLab } from 'skerry';
 *
 * export default defineLab({
 *   name: 'archipelago',
 *   memory: '1 GiB',
 *   machines: {
 *     central_server: { primary: true, forwards: { 8080: 80 } },
 *     agent_1: { nested: true, disks: { data: '10 GiB' } },
 *   },
 * });
 */
export function defineLab(config: LabConfig): LabConfig {
  return config;
}

/**
 * Says which superproject a lab runs, for its field `source`. It changes nothing.
 *
 * @example
 * import { defineLab, superproject } from 'skerry';
 *
 * export default defineLab({
 *   name: 'product',
 *   source: superproject({ url: 'git@example.org:product/all.git', ref: '3.11' }),
 *   machines: { server: {}, agent: {} },
 * });
 */
export function superproject(source: SourceConfig): SourceConfig {
  return source;
}
