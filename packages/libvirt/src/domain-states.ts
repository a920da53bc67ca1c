/** libvirt's domain states, by its own names. */
export type DomainStateName =
  | 'nostate'
  | 'running'
  | 'blocked'
  | 'paused'
  | 'shutdown'
  | 'shutoff'
  | 'crashed'
  | 'pmsuspended'
  | 'unknown';

const states: readonly (readonly [DomainStateName, readonly string[]])[] = [
  ['nostate', ['unknown']],
  [
    'running',
    [
      'unknown',
      'booted',
      'migrated',
      'restored',
      'from-snapshot',
      'unpaused',
      'migration-canceled',
      'save-canceled',
      'wakeup',
      'crashed',
      'postcopy',
      'postcopy-failed',
    ],
  ],
  ['blocked', ['unknown']],
  [
    'paused',
    [
      'unknown',
      'user',
      'migration',
      'save',
      'dump',
      'ioerror',
      'watchdog',
      'from-snapshot',
      'shutting-down',
      'snapshot',
      'crashed',
      'starting-up',
      'postcopy',
      'postcopy-failed',
      'api-error',
    ],
  ],
  ['shutdown', ['unknown', 'user']],
  [
    'shutoff',
    [
      'unknown',
      'shutdown',
      'destroyed',
      'crashed',
      'migrated',
      'saved',
      'failed',
      'from-snapshot',
      'daemon',
    ],
  ],
  ['crashed', ['unknown', 'panicked']],
  ['pmsuspended', ['unknown']],
];

/** `unknown` stands for numbers that are newer than this package. */
export function stateName(state: number): DomainStateName {
  return states[state]?.[0] ?? 'unknown';
}

export function stateReason(state: number, reason: number): string {
  return states[state]?.[1][reason] ?? 'unknown';
}
