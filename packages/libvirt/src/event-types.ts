import type { ParamRecord } from './typed-params.ts';

/** A domain or network as an event names it. The uuid is its identity. */
export interface EventSubject {
  readonly name: string;
  readonly uuid: string;
}

export type LifecycleEvent =
  | 'defined'
  | 'undefined'
  | 'started'
  | 'suspended'
  | 'resumed'
  | 'stopped'
  | 'shutdown'
  | 'pmsuspended'
  | 'crashed'
  | 'unknown';

interface DomainEventBase {
  readonly domain: EventSubject;
}

interface DeviceEvent extends DomainEventBase {
  /** The device's alias in the domain's XML, e.g. `net0`. */
  readonly alias: string;
}

/** Something that happened, as libvirt reports it. Narrow on `type`. */
export type LibvirtEvent =
  | (DomainEventBase & {
      readonly type: 'lifecycle';
      readonly event: LifecycleEvent;
      /** Why, e.g. `booted`, `destroyed`, `saved`; `unknown` for a number newer than this package. */
      readonly detail: string;
    })
  | (DomainEventBase & { readonly type: 'reboot' })
  | (DomainEventBase & {
      readonly type: 'agent-lifecycle';
      readonly state: 'connected' | 'disconnected' | 'unknown';
      readonly reason: 'domain-started' | 'channel' | 'unknown';
    })
  | (DeviceEvent & { readonly type: 'device-added' })
  | (DeviceEvent & { readonly type: 'device-removed' })
  | (DeviceEvent & { readonly type: 'device-removal-failed' })
  | (DomainEventBase & { readonly type: 'job-completed'; readonly params: ParamRecord })
  | (DomainEventBase & {
      readonly type: 'block-job';
      /** The disk's target, e.g. `vda`. */
      readonly disk: string;
      readonly job: 'pull' | 'copy' | 'commit' | 'active-commit' | 'backup' | 'unknown';
      readonly status: 'completed' | 'failed' | 'canceled' | 'ready' | 'unknown';
    })
  | (DomainEventBase & {
      readonly type: 'metadata';
      readonly kind: 'description' | 'title' | 'element' | 'unknown';
      /** The namespace of the changed element. */
      readonly uri: string | null;
    })
  | (DomainEventBase & {
      readonly type: 'watchdog';
      readonly action:
        | 'none'
        | 'pause'
        | 'reset'
        | 'poweroff'
        | 'shutdown'
        | 'debug'
        | 'inject-nmi'
        | 'unknown';
    })
  | (DomainEventBase & {
      readonly type: 'io-error';
      /** The image's path. */
      readonly path: string;
      readonly alias: string;
      readonly action: 'none' | 'pause' | 'report' | 'unknown';
      /** `enospc` when the disk is full, else often empty. */
      readonly reason: string;
    })
  | (DomainEventBase & {
      readonly type: 'balloon';
      /** KiB of memory the guest has now. */
      readonly actualKiB: number;
    })
  | (DomainEventBase & {
      readonly type: 'block-threshold';
      readonly device: string;
      readonly path: string | null;
      /** Bytes. */
      readonly threshold: bigint;
      /** Bytes beyond the threshold. */
      readonly excess: bigint;
    })
  | {
      readonly type: 'network-lifecycle';
      readonly network: EventSubject;
      readonly event: 'defined' | 'undefined' | 'started' | 'stopped' | 'unknown';
    }
  | {
      readonly type: 'pool-lifecycle';
      readonly pool: EventSubject;
      readonly event:
        | 'defined'
        | 'undefined'
        | 'started'
        | 'stopped'
        | 'created'
        | 'deleted'
        | 'unknown';
    }
  | {
      /**
       * Events were lost because this listener did not take them: list again what you track.
       * Comes without asking for it.
       */
      readonly type: 'resync';
      /** How many events were dropped. */
      readonly dropped: number;
    };

/** What can be subscribed to. */
export type EventType = Exclude<LibvirtEvent['type'], 'resync'>;

/** The event of a type. */
export type EventOf<T extends LibvirtEvent['type']> = Extract<LibvirtEvent, { type: T }>;
