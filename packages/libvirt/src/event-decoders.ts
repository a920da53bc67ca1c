import {
  agentReasons,
  agentStates,
  blockJobStatuses,
  blockJobTypes,
  diskChangeReasons,
  graphicsFamilies,
  graphicsPhases,
  ioErrorActions,
  lifecycleEvents,
  memoryFailureActions,
  memoryFailureRecipients,
  metadataKinds,
  networkEvents,
  nodeDeviceEvents,
  poolEvents,
  secretEvents,
  trayChanges,
  watchdogActions,
} from './event-names.ts';
import type {
  EventOf,
  EventSubject,
  EventType,
  GraphicsAddress,
  LibvirtEvent,
} from './event-types.ts';
import { PROGRAM } from './frame.ts';
import { readFields, type Fields, type Struct } from './schema.ts';
import { paramsToRecord } from './typed-params.ts';
import { XdrReader } from './xdr.ts';

/** One of libvirt's event families: each registers with calls of its own. */
export type EventFamily = 'domain' | 'network' | 'pool' | 'nodeDevice' | 'secret' | 'monitor';

export interface EventKind {
  readonly type: EventType;
  readonly family: EventFamily;
  /** The number to register with. */
  readonly id: number;
  /** The program of its messages. */
  readonly program: number;
  /** The procedure number of its messages. */
  readonly message: number;
  readonly decode: (payload: Buffer) => { callbackId: number; event: LibvirtEvent };
}

/**
 * Every event this package can subscribe to. `IO_ERROR` (4) is left out: `IO_ERROR_REASON` (6) says
 * the same and more.
 */
export const eventKinds: readonly EventKind[] = [
  onDomain('lifecycle', 0, 318, 'event:int detail:int', (m) => {
    const [event, details] = lifecycleEvents[m.event] ?? ['unknown', []];
    return { event, detail: named(details, m.detail) };
  }),
  onDomain('reboot', 1, 319, '', () => ({})),
  onDomain('rtc-change', 2, 320, 'offset:hyper', (m) => ({ offsetSec: m.offset })),
  onDomain('watchdog', 3, 321, 'action:int', (m) => ({
    action: named(watchdogActions, m.action),
  })),
  onDomain(
    'graphics',
    5,
    323,
    'phase:int local:graphicsAddress remote:graphicsAddress authScheme:string identities:graphicsIdentity[]',
    ({ phase, local, remote, authScheme, identities }) => ({
      phase: named(graphicsPhases, phase),
      local: graphicsAddress(local),
      remote: graphicsAddress(remote),
      authScheme,
      identities,
    }),
  ),
  onDomain(
    'io-error',
    6,
    324,
    'path:string alias:string action:int reason:string',
    ({ path, alias, action, reason }) => ({
      path,
      alias,
      action: named(ioErrorActions, action),
      reason,
    }),
  ),
  onDomain('control-error', 7, 325, '', () => ({})),
  onDomain('block-job-path', 8, 326, 'path:string type:int status:int', (m) => ({
    path: m.path,
    job: named(blockJobTypes, m.type),
    status: named(blockJobStatuses, m.status),
  })),
  onDomain(
    'disk-change',
    9,
    327,
    'oldPath:string? newPath:string? alias:string reason:int',
    ({ oldPath, newPath, alias, reason }) => ({
      oldPath,
      newPath,
      alias,
      reason: named(diskChangeReasons, reason),
    }),
  ),
  onDomain('tray-change', 10, 328, 'alias:string reason:int', (m) => ({
    alias: m.alias,
    change: named(trayChanges, m.reason),
  })),
  powerEvent('pm-wakeup', 11, 329),
  powerEvent('pm-suspend', 12, 330),
  onDomain('balloon', 13, 331, 'actual:uhyper', (m) => ({ actualKiB: Number(m.actual) })),
  powerEvent('pm-suspend-disk', 14, 332),
  onDomain('device-removed', 15, 333, 'alias:string', ({ alias }) => ({ alias })),
  onDomain('block-job', 16, 339, 'disk:string type:int status:int', (m) => ({
    disk: m.disk,
    job: named(blockJobTypes, m.type),
    status: named(blockJobStatuses, m.status),
  })),
  onDomain('tunable', 17, 346, 'params:param[]', (m) => ({ params: paramsToRecord(m.params) })),
  onDomain('agent-lifecycle', 18, 348, 'state:int reason:int', (m) => ({
    state: named(agentStates, m.state),
    reason: named(agentReasons, m.reason),
  })),
  onDomain('device-added', 19, 354, 'alias:string', ({ alias }) => ({ alias })),
  onDomain('migration-iteration', 20, 359, 'iteration:int', ({ iteration }) => ({ iteration })),
  onDomain('job-completed', 21, 363, 'params:param[]', (m) => ({
    params: paramsToRecord(m.params),
  })),
  onDomain('device-removal-failed', 22, 367, 'alias:string', ({ alias }) => ({ alias })),
  onDomain('metadata', 23, 379, 'type:int uri:string?', (m) => ({
    kind: named(metadataKinds, m.type),
    uri: m.uri,
  })),
  onDomain(
    'block-threshold',
    24,
    385,
    'device:string path:string? threshold:uhyper excess:uhyper',
    ({ device, path, threshold, excess }) => ({ device, path, threshold, excess }),
  ),
  onDomain('memory-failure', 25, 423, 'recipient:int action:int flags:uint', (m) => ({
    recipient: named(memoryFailureRecipients, m.recipient),
    action: named(memoryFailureActions, m.action),
    isActionRequired: (m.flags & 1) !== 0,
    isRecursive: (m.flags & 2) !== 0,
  })),
  onDomain('memory-device-size', 26, 438, 'alias:string size:uhyper', (m) => ({
    alias: m.alias,
    sizeKiB: m.size,
  })),
  onDomain(
    'nic-mac-change',
    27,
    453,
    'alias:string oldMac:string newMac:string',
    ({ alias, oldMac, newMac }) => ({ alias, oldMac, newMac }),
  ),
  onDomain('vcpu-removed', 28, 454, 'vcpu:uint', ({ vcpu }) => ({ vcpu })),
  onDomain('channel-lifecycle', 29, 455, 'channel:string state:int reason:int', (m) => ({
    channel: m.channel,
    state: named(agentStates, m.state),
    reason: named(agentReasons, m.reason),
  })),
  {
    ...kind(
      'qemu-monitor',
      'monitor',
      0,
      6,
      'domain:domain event:string seconds:hyper micros:uint details:string?',
      (m) => ({
        domain: subject(m.domain),
        event: m.event,
        at: new Date(Number(m.seconds) * 1000 + m.micros / 1000),
        details: m.details,
      }),
    ),
    program: PROGRAM.qemu,
  },
  kind('network-lifecycle', 'network', 0, 315, 'network:network event:int detail:int', (m) => ({
    network: subject(m.network),
    event: named(networkEvents, m.event),
  })),
  kind('network-metadata', 'network', 1, 446, 'network:network type:int uri:string?', (m) => ({
    network: subject(m.network),
    kind: named(metadataKinds, m.type),
    uri: m.uri,
  })),
  kind('pool-lifecycle', 'pool', 0, 370, 'pool:pool event:int detail:int', (m) => ({
    pool: subject(m.pool),
    event: named(poolEvents, m.event),
  })),
  kind('pool-refresh', 'pool', 1, 373, 'pool:pool', (m) => ({ pool: subject(m.pool) })),
  kind(
    'node-device-lifecycle',
    'nodeDevice',
    0,
    376,
    'device:nodeDevice event:int detail:int',
    (m) => ({ device: m.device, event: named(nodeDeviceEvents, m.event) }),
  ),
  kind('node-device-update', 'nodeDevice', 1, 377, 'device:nodeDevice', ({ device }) => ({
    device,
  })),
  kind('secret-lifecycle', 'secret', 0, 382, 'secret:secret event:int detail:int', (m) => ({
    secret: { uuid: m.secret.uuid },
    event: named(secretEvents, m.event),
  })),
  kind('secret-value', 'secret', 1, 383, 'secret:secret', (m) => ({
    secret: { uuid: m.secret.uuid },
  })),
];

type Read<T extends EventType> = (reader: XdrReader) => Omit<EventOf<T>, 'type'>;

function define<T extends EventType>(
  type: T,
  family: EventFamily,
  id: number,
  message: number,
  read: Read<T>,
): EventKind {
  const decode: EventKind['decode'] = (payload) => {
    const reader = new XdrReader(payload);
    const callbackId = reader.int();
    return { callbackId, event: { type, ...read(reader) } as unknown as LibvirtEvent };
  };
  return { type, family, id, program: PROGRAM.remote, message, decode };
}

function kind<T extends EventType, S extends string>(
  type: T,
  family: EventFamily,
  id: number,
  message: number,
  schema: S,
  convert: (fields: Fields<S>) => Omit<EventOf<T>, 'type'>,
): EventKind {
  return define(type, family, id, message, (reader) => convert(readFields(reader, schema)));
}

function onDomain<T extends EventType, S extends string>(
  type: T,
  id: number,
  message: number,
  schema: S,
  convert: (fields: Fields<S>) => Omit<EventOf<T>, 'type' | 'domain'>,
): EventKind {
  const read = (reader: XdrReader): unknown => {
    const domain = readSubject(reader);
    return { domain, ...convert(readFields(reader, schema)) };
  };
  return define(type, 'domain', id, message, read as Read<T>);
}

/** These have an unused number before the domain. */
function powerEvent(
  type: 'pm-wakeup' | 'pm-suspend' | 'pm-suspend-disk',
  id: number,
  message: number,
): EventKind {
  return define(type, 'domain', id, message, (reader) => {
    reader.int();
    return { domain: readSubject(reader) };
  });
}

function readSubject(reader: XdrReader): EventSubject {
  return subject(readFields(reader, 'domain:domain').domain);
}

function subject({ name, uuid }: EventSubject): EventSubject {
  return { name, uuid };
}

function named<T extends string>(names: readonly T[], index: number): T | 'unknown' {
  return names[index] ?? 'unknown';
}

function graphicsAddress({ family, ...rest }: Struct<'graphicsAddress'>): GraphicsAddress {
  return { family: named(graphicsFamilies, family), ...rest };
}
