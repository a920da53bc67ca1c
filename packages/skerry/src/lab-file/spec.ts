import type { ProvisionerSpec, TriggerSpec } from './spec-provision.ts';
import type { DaemonSpec, ProbeSpec, SourceSpec, TreeSpec } from './spec-sync.ts';

/** A lab as the rest of the code sees it: every default filled in, every name and address decided. Plain data. */
export interface LabSpec {
  readonly name: string;
  /** Absolute path of the lab file. */
  readonly file: string;
  /** The folder the lab file is in. */
  readonly dir: string;
  /** The name of the fork this is; none for the lab itself. */
  readonly fork?: string | undefined;
  /** Where its state folder is, when not with the user's other labs. */
  readonly stateDir?: string | undefined;
  readonly network: NetworkSpec;
  /** In the order of the file; exactly one is primary. */
  readonly machines: readonly MachineSpec[];
  readonly source?: SourceSpec | undefined;
  readonly trees: readonly TreeSpec[];
  /** In the order they run. */
  readonly provision: readonly ProvisionerSpec[];
  /** In the order they start. */
  readonly daemons: readonly DaemonSpec[];
  readonly triggers: readonly TriggerSpec[];
}

export interface NetworkSpec {
  /** The lab's own network, such as `10.77.3.0/24`. */
  readonly cidr: string;
  /** The host part `.1` of it: where the gateway, DHCP and DNS are. */
  readonly gateway: string;
  /** The DNS domain of the machines, such as `archipelago.test`. */
  readonly domain: string;
}

export interface MachineSpec {
  /** The name in the file, such as `agent_1`. */
  readonly name: string;
  /** The same as a host name (RFC 1123), such as `agent-1`. */
  readonly hostname: string;
  /** Other names that resolve to it: the name as written, when it differs from the host name. */
  readonly aliases: readonly string[];
  /** Of one with packages, the name of the variant that has them. */
  readonly image: string;
  /** The image that `image` is a variant of; none where it is no variant. */
  readonly baseImage?: string | undefined;
  /** Debian packages its image has besides its own, those for its provisioners included; sorted. */
  readonly packages: readonly string[];
  readonly memoryMiB: number;
  readonly cpus: number;
  /** The machine shall be able to run machines itself. */
  readonly nested: boolean;
  /** `skerry ssh` without a name goes to this one. */
  readonly primary: boolean;
  /** `skerry up` without names starts it. */
  readonly autostart: boolean;
  readonly disks: readonly DiskSpec[];
  readonly forwards: readonly ForwardSpec[];
  /** Derived from lab and machine name, locally administered, such as `52:54:00:1a:2b:3c`. */
  readonly mac: string;
  /** Derived from the name unless the file says it. */
  readonly address: string;
  /** Names of machines that are ready before this one is provisioned. */
  readonly dependsOn: readonly string[];
  /** When it is ready for those that depend on it. */
  readonly ready: readonly ProbeSpec[];
}

export interface DiskSpec {
  readonly name: string;
  readonly sizeBytes: number;
}

export interface ForwardSpec {
  /** The port on the host, bound to `address`. */
  readonly host: number;
  readonly address: string;
  /** The TCP port in the machine. */
  readonly guest: number;
}
