import type { EventOf, EventType, LibvirtEvent, LifecycleEvent } from './event-types.ts';
import { readFields, type Fields } from './schema.ts';
import { paramsToRecord } from './typed-params.ts';
import { XdrReader } from './xdr.ts';

/** One of libvirt's event families: each registers with calls of its own. */
type EventFamily = 'domain' | 'network' | 'pool';

export interface EventKind {
  readonly type: EventType;
  readonly family: EventFamily;
  /** The number to register with. */
  readonly id: number;
  /** The procedure number of its messages. */
  readonly message: number;
  readonly decode: (payload: Buffer) => { callbackId: number; event: LibvirtEvent };
}

const lifecycle: readonly (readonly [LifecycleEvent, readonly string[]])[] = [
  ['defined', ['added', 'updated', 'renamed', 'from-snapshot']],
  ['undefined', ['removed', 'renamed']],
  ['started', ['booted', 'migrated', 'restored', 'from-snapshot', 'wakeup', 'recovered']],
  [
    'suspended',
    [
      'paused',
      'migrated',
      'ioerror',
      'watchdog',
      'restored',
      'from-snapshot',
      'api-error',
      'postcopy',
      'postcopy-failed',
      'guest-shutdown',
    ],
  ],
  ['resumed', ['unpaused', 'migrated', 'from-snapshot', 'postcopy', 'postcopy-failed']],
  [
    'stopped',
    [
      'shutdown',
      'destroyed',
      'crashed',
      'migrated',
      'saved',
      'failed',
      'from-snapshot',
      'recovered',
    ],
  ],
  ['shutdown', ['finished', 'guest', 'host']],
  ['pmsuspended', ['memory', 'disk']],
  ['crashed', ['panicked', 'crashloaded']],
];
const agentStates = ['unknown', 'connected', 'disconnected'] as const;
const agentReasons = ['unknown', 'domain-started', 'channel'] as const;
const blockJobs = ['unknown', 'pull', 'copy', 'commit', 'active-commit', 'backup'] as const;
const blockStatuses = ['completed', 'failed', 'canceled', 'ready'] as const;
const metadataKinds = ['description', 'title', 'element'] as const;
const watchdogActions = [
  'none',
  'pause',
  'reset',
  'poweroff',
  'shutdown',
  'debug',
  'inject-nmi',
] as const;
const ioActions = ['none', 'pause', 'report'] as const;
const networkEvents = ['defined', 'undefined', 'started', 'stopped'] as const;
const poolEvents = ['defined', 'undefined', 'started', 'stopped', 'created', 'deleted'] as const;

const onDomain = 'callbackId:int domain:domain';

/** Every event this package can subscribe to. */
export const eventKinds: readonly EventKind[] = [
  kind('lifecycle', 'domain', 0, 318, `${onDomain} event:int detail:int`, (m) => ({
    domain: subject(m.domain),
    event: lifecycle[m.event]?.[0] ?? 'unknown',
    detail: lifecycle[m.event]?.[1][m.detail] ?? 'unknown',
  })),
  kind('reboot', 'domain', 1, 319, onDomain, (m) => ({ domain: subject(m.domain) })),
  kind('watchdog', 'domain', 3, 321, `${onDomain} action:int`, (m) => ({
    domain: subject(m.domain),
    action: named(watchdogActions, m.action),
  })),
  kind(
    'io-error',
    'domain',
    6,
    324,
    `${onDomain} path:string alias:string action:int reason:string`,
    ({ domain, path, alias, action, reason }) => ({
      domain: subject(domain),
      path,
      alias,
      action: named(ioActions, action),
      reason,
    }),
  ),
  kind('balloon', 'domain', 13, 331, `${onDomain} actual:uhyper`, (m) => ({
    domain: subject(m.domain),
    actualKiB: Number(m.actual),
  })),
  kind('device-removed', 'domain', 15, 333, `${onDomain} alias:string`, device),
  kind('block-job', 'domain', 16, 339, `${onDomain} disk:string type:int status:int`, (m) => ({
    domain: subject(m.domain),
    disk: m.disk,
    job: named(blockJobs, m.type),
    status: named(blockStatuses, m.status),
  })),
  kind('agent-lifecycle', 'domain', 18, 348, `${onDomain} state:int reason:int`, (m) => ({
    domain: subject(m.domain),
    state: named(agentStates, m.state),
    reason: named(agentReasons, m.reason),
  })),
  kind('device-added', 'domain', 19, 354, `${onDomain} alias:string`, device),
  kind('job-completed', 'domain', 21, 363, `${onDomain} params:param[]`, (m) => ({
    domain: subject(m.domain),
    params: paramsToRecord(m.params),
  })),
  kind('device-removal-failed', 'domain', 22, 367, `${onDomain} alias:string`, device),
  kind('metadata', 'domain', 23, 379, `${onDomain} type:int uri:string?`, (m) => ({
    domain: subject(m.domain),
    kind: named(metadataKinds, m.type),
    uri: m.uri,
  })),
  kind(
    'block-threshold',
    'domain',
    24,
    385,
    `${onDomain} device:string path:string? threshold:uhyper excess:uhyper`,
    ({ domain, device, path, threshold, excess }) => ({
      domain: subject(domain),
      device,
      path,
      threshold,
      excess,
    }),
  ),
  kind(
    'network-lifecycle',
    'network',
    0,
    315,
    'callbackId:int network:network event:int detail:int',
    (m) => ({ network: subject(m.network), event: named(networkEvents, m.event) }),
  ),
  kind('pool-lifecycle', 'pool', 0, 370, 'callbackId:int pool:pool event:int detail:int', (m) => ({
    pool: subject(m.pool),
    event: named(poolEvents, m.event),
  })),
];

function kind<T extends EventType, S extends string>(
  type: T,
  family: EventFamily,
  id: number,
  message: number,
  schema: S,
  convert: (fields: Fields<S>) => Omit<EventOf<T>, 'type'>,
): EventKind {
  const decode: EventKind['decode'] = (payload) => {
    const fields = readFields(new XdrReader(payload), schema);
    const { callbackId } = fields as unknown as { callbackId: number };
    return { callbackId, event: { type, ...convert(fields) } as unknown as LibvirtEvent };
  };
  return { type, family, id, message, decode };
}

function device(m: {
  domain: { name: string; uuid: string };
  alias: string;
}): Omit<EventOf<'device-added'>, 'type'> {
  return { domain: subject(m.domain), alias: m.alias };
}

function named<T extends string>(names: readonly T[], index: number): T | 'unknown' {
  return names[index] ?? 'unknown';
}

function subject({ name, uuid }: { name: string; uuid: string }): { name: string; uuid: string } {
  return { name, uuid };
}
