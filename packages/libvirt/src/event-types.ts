import type * as names from './event-names.ts';
import type { NameIn } from './event-names.ts';
import type { ParamRecord } from './typed-params.ts';

/** A domain, network or pool as an event names it. The uuid is its identity. */
export interface EventSubject {
  readonly name: string;
  readonly uuid: string;
}

export type LifecycleEvent = (typeof names.lifecycleEvents)[number][0] | 'unknown';

/** One end of a VNC or SPICE connection. */
export interface GraphicsAddress {
  readonly family: NameIn<typeof names.graphicsFamilies>;
  /** The address, or the socket's path. */
  readonly node: string;
  /** The port. */
  readonly service: string;
}

/** What happens to a domain, by type. The `domain` is added to each. */
interface DomainEvents {
  lifecycle: {
    readonly event: LifecycleEvent;
    /** Why, e.g. `booted`, `destroyed`, `saved`; `unknown` for a number newer than this package. */
    readonly detail: string;
  };
  reboot: object;
  'rtc-change': {
    /** The guest's clock, in seconds from UTC. */
    readonly offsetSec: bigint;
  };
  watchdog: { readonly action: NameIn<typeof names.watchdogActions> };
  'io-error': {
    /** The image's path. */
    readonly path: string;
    readonly alias: string;
    readonly action: NameIn<typeof names.ioErrorActions>;
    /** `enospc` when the disk is full, else often empty. */
    readonly reason: string;
  };
  graphics: {
    readonly phase: NameIn<typeof names.graphicsPhases>;
    readonly local: GraphicsAddress;
    readonly remote: GraphicsAddress;
    readonly authScheme: string;
    /** Who the client says it is. */
    readonly identities: readonly { readonly type: string; readonly name: string }[];
  };
  /** libvirt has lost the monitor: it can no longer control the domain. */
  'control-error': object;
  'block-job': {
    /** The disk's target, e.g. `vda`. */
    readonly disk: string;
    readonly job: NameIn<typeof names.blockJobTypes>;
    readonly status: NameIn<typeof names.blockJobStatuses>;
  };
  /** As `block-job`, but with the image's path. */
  'block-job-path': {
    readonly path: string;
    readonly job: NameIn<typeof names.blockJobTypes>;
    readonly status: NameIn<typeof names.blockJobStatuses>;
  };
  'disk-change': {
    readonly oldPath: string | null;
    readonly newPath: string | null;
    readonly alias: string;
    readonly reason: NameIn<typeof names.diskChangeReasons>;
  };
  'tray-change': { readonly alias: string; readonly change: NameIn<typeof names.trayChanges> };
  'pm-wakeup': object;
  'pm-suspend': object;
  'pm-suspend-disk': object;
  balloon: {
    /** KiB of memory the guest has now. */
    readonly actualKiB: number;
  };
  'device-added': DeviceEvent;
  'device-removed': DeviceEvent;
  'device-removal-failed': DeviceEvent;
  /** A tunable was changed; `params` has its new value, e.g. `cputune.vcpupin0`. */
  tunable: { readonly params: ParamRecord };
  'agent-lifecycle': {
    readonly state: NameIn<typeof names.agentStates>;
    readonly reason: NameIn<typeof names.agentReasons>;
  };
  'migration-iteration': {
    /** Which pass over the memory begins, from 1. */
    readonly iteration: number;
  };
  'job-completed': { readonly params: ParamRecord };
  metadata: {
    readonly kind: NameIn<typeof names.metadataKinds>;
    /** The namespace of the changed element. */
    readonly uri: string | null;
  };
  'block-threshold': {
    readonly device: string;
    readonly path: string | null;
    /** Bytes. */
    readonly threshold: bigint;
    /** Bytes beyond the threshold. */
    readonly excess: bigint;
  };
  'memory-failure': {
    readonly recipient: NameIn<typeof names.memoryFailureRecipients>;
    readonly action: NameIn<typeof names.memoryFailureActions>;
    readonly isActionRequired: boolean;
    readonly isRecursive: boolean;
  };
  'memory-device-size': {
    readonly alias: string;
    readonly sizeKiB: bigint;
  };
  /** The guest changed an interface's MAC address (libvirt 11.2). */
  'nic-mac-change': { readonly alias: string; readonly oldMac: string; readonly newMac: string };
  /** The guest has let go of a vcpu that was unplugged (libvirt 12.4). */
  'vcpu-removed': { readonly vcpu: number };
  /** The guest opened or closed one of its virtio channels, the agent's included (libvirt 12.4). */
  'channel-lifecycle': {
    /** The channel's name, e.g. `org.qemu.guest_agent.0`. */
    readonly channel: string;
    readonly state: NameIn<typeof names.agentStates>;
    readonly reason: NameIn<typeof names.agentReasons>;
  };
  /** An event of QEMU's own monitor. Without guarantees: for tests and diagnosis. */
  'qemu-monitor': {
    /** QEMU's name, e.g. `RESUME`. */
    readonly event: string;
    readonly at: Date;
    /** Its data as JSON. */
    readonly details: string | null;
  };
}

interface DeviceEvent {
  /** The device's alias in the domain's XML, e.g. `net0`. */
  readonly alias: string;
}

/** What happens to anything else, by type. */
interface OtherEvents {
  'network-lifecycle': {
    readonly network: EventSubject;
    readonly event: NameIn<typeof names.networkEvents>;
  };
  /** libvirt 9.7. */
  'network-metadata': {
    readonly network: EventSubject;
    readonly kind: NameIn<typeof names.metadataKinds>;
    readonly uri: string | null;
  };
  'pool-lifecycle': {
    readonly pool: EventSubject;
    readonly event: NameIn<typeof names.poolEvents>;
  };
  'pool-refresh': { readonly pool: EventSubject };
  'node-device-lifecycle': {
    readonly device: { readonly name: string };
    readonly event: NameIn<typeof names.nodeDeviceEvents>;
  };
  'node-device-update': { readonly device: { readonly name: string } };
  'secret-lifecycle': {
    readonly secret: { readonly uuid: string };
    readonly event: NameIn<typeof names.secretEvents>;
  };
  'secret-value': { readonly secret: { readonly uuid: string } };
}

/**
 * This listener missed events: list again what you track. Comes without asking for it.
 */
interface ResyncEvent {
  readonly type: 'resync';
  /** It did not take them in time, or there was no connection (option `reconnect`). */
  readonly reason: 'overflow' | 'reconnected';
  /** How many it has lost by being slow. */
  readonly dropped: number;
}

/** Something that happened, as libvirt reports it. Narrow on `type`. */
export type LibvirtEvent =
  | {
      [T in keyof DomainEvents]: {
        readonly type: T;
        readonly domain: EventSubject;
      } & DomainEvents[T];
    }[keyof DomainEvents]
  | { [T in keyof OtherEvents]: { readonly type: T } & OtherEvents[T] }[keyof OtherEvents]
  | ResyncEvent;

/** What can be subscribed to. */
export type EventType = Exclude<LibvirtEvent['type'], 'resync'>;

/** The event of a type. */
export type EventOf<T extends LibvirtEvent['type']> = Extract<LibvirtEvent, { type: T }>;
