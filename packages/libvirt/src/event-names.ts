// What libvirt's numbers in events mean, by position. A number beyond the end is newer than this
// package and becomes `unknown`.

/** `virDomainEventType` with the details of each. */
export const lifecycleEvents = [
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
] as const;

/** `virConnectDomainEventAgentLifecycleState`. */
export const agentStates = ['unknown', 'connected', 'disconnected'] as const;
/** `virConnectDomainEventAgentLifecycleReason`. */
export const agentReasons = ['unknown', 'domain-started', 'channel'] as const;
/** `virDomainBlockJobType`. */
export const blockJobTypes = [
  'unknown',
  'pull',
  'copy',
  'commit',
  'active-commit',
  'backup',
] as const;
/** `virConnectDomainEventBlockJobStatus`. */
export const blockJobStatuses = ['completed', 'failed', 'canceled', 'ready'] as const;
/** `virDomainMetadataType`. */
export const metadataKinds = ['description', 'title', 'element'] as const;
/** `virDomainEventWatchdogAction`. */
export const watchdogActions = [
  'none',
  'pause',
  'reset',
  'poweroff',
  'shutdown',
  'debug',
  'inject-nmi',
] as const;
/** `virDomainEventIOErrorAction`. */
export const ioErrorActions = ['none', 'pause', 'report'] as const;
/** `virDomainEventGraphicsPhase`. */
export const graphicsPhases = ['connect', 'initialize', 'disconnect'] as const;
/** `virDomainEventGraphicsAddressType`. */
export const graphicsFamilies = ['ipv4', 'ipv6', 'unix'] as const;
/** `virConnectDomainEventDiskChangeReason`. */
export const diskChangeReasons = ['missing-on-start', 'dropped-on-start'] as const;
/** `virDomainEventTrayChangeReason`. */
export const trayChanges = ['open', 'close'] as const;
/** `virDomainMemoryFailureRecipientType`. */
export const memoryFailureRecipients = ['hypervisor', 'guest'] as const;
/** `virDomainMemoryFailureActionType`. */
export const memoryFailureActions = ['ignore', 'inject', 'fatal', 'reset'] as const;
/** `virNetworkEventLifecycleType`. */
export const networkEvents = ['defined', 'undefined', 'started', 'stopped'] as const;
/** `virStoragePoolEventLifecycleType`. */
export const poolEvents = [
  'defined',
  'undefined',
  'started',
  'stopped',
  'created',
  'deleted',
] as const;
/** `virNodeDeviceEventLifecycleType`. */
export const nodeDeviceEvents = ['created', 'deleted', 'defined', 'undefined'] as const;
/** `virSecretEventLifecycleType`. */
export const secretEvents = ['defined', 'undefined'] as const;

/** A name from one of the lists, or `unknown`. */
export type NameIn<T extends readonly unknown[]> = T[number] | 'unknown';
