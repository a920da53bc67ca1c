// What the scripts of daemon-script.ts say, as data.

/** A unit as systemd has it. */
export interface UnitState {
  readonly unit: string;
  /** One that was not asked for, but has a name of ours. */
  readonly isOther: boolean;
  /** systemd's words: loaded, not-found, masked, bad-setting, error. */
  readonly load: string;
  /** systemd's words: active, activating, inactive, failed, ... */
  readonly active: string;
  /** systemd's words: running, auto-restart, dead, ... */
  readonly sub: string;
  /** What is in its file has changed since it was read. */
  readonly isStale: boolean;
  /** Which definition its file holds; undefined of units that are not ours. */
  readonly definition: string | undefined;
  readonly pid: number | undefined;
  /** Unix time in milliseconds. */
  readonly sinceMs: number | undefined;
  readonly restarts: number;
  readonly memoryBytes: number | undefined;
  /** How its last run ended; undefined while the first is under way. */
  readonly exit: { readonly code: number } | { readonly signal: number } | undefined;
  /** systemd's words: success, exit-code, signal, timeout, oom-kill, start-limit-hit, ... */
  readonly result: string;
}

export type DaemonEvent =
  | {
      readonly kind: 'did';
      readonly unit: string;
      readonly how: string;
      readonly result: string;
      /** When it was told to start, by the machine's clock: Unix time in microseconds; undefined: it was not. */
      readonly beganUs?: number;
    }
  | { readonly kind: 'refused'; readonly unit: string; readonly reason: string }
  | { readonly kind: 'runs' | 'up'; readonly unit: string }
  | { readonly kind: 'died' | 'state'; readonly state: UnitState };

/** Of a number that systemd does not know. */
const UNKNOWN = '18446744073709551615';

/** Reads a line of a script; undefined of what is none of theirs. */
export function parseEvent(line: string): DaemonEvent | undefined {
  const [kind, unit = '', ...rest] = line.split('\t');
  if (kind === 'did') {
    const [how = '', result = '', beganUs = ''] = rest;
    return { kind, unit, how, result, ...(beganUs !== '' && { beganUs: Number(beganUs) }) };
  }
  if (kind === 'refused') return { kind, unit, reason: rest.join(' ') };
  if (kind === 'runs' || kind === 'up') return { kind, unit };
  if (kind !== 'state') return undefined;
  const fields = new Map(rest.map((field) => splitOnce(field)));
  return { kind: fields.has('died') ? 'died' : 'state', state: unitState(unit, fields) };
}

function unitState(unit: string, fields: ReadonlyMap<string, string>): UnitState {
  const number = (name: string): number => Number(fields.get(name) ?? 0);
  const memory = fields.get('MemoryCurrent');
  return {
    unit,
    isOther: fields.has('other'),
    load: fields.get('LoadState') ?? '',
    active: fields.get('ActiveState') ?? 'inactive',
    sub: fields.get('SubState') ?? '',
    isStale: fields.get('NeedDaemonReload') === '1',
    definition: fields.get('definition'),
    pid: number('MainPID') || undefined,
    sinceMs: Math.floor(number('ActiveEnterTimestamp') / 1000) || undefined,
    restarts: number('NRestarts'),
    memoryBytes: memory === undefined || memory === UNKNOWN ? undefined : Number(memory),
    exit: exitOf(number('ExecMainCode'), number('ExecMainStatus')),
    result: fields.get('Result') ?? '',
  };
}

/** CLD_EXITED, CLD_KILLED and CLD_DUMPED of waitid(2). */
function exitOf(code: number, status: number): UnitState['exit'] {
  if (code === 1) return { code: status };
  if (code === 2 || code === 3) return { signal: status };
  return undefined;
}

function splitOnce(field: string): [string, string] {
  const at = field.indexOf('=');
  return [field.slice(0, at), field.slice(at + 1)];
}
