import { stateScript } from '../daemon/daemon-script.ts';
import { type DaemonState, formatExit, stateOf } from '../daemon/describe.ts';
import { parseEvent, type UnitState } from '../daemon/state.ts';
import { daemonOfUnit, daemonUnit, definitionOf, unitOf } from '../daemon/unit.ts';
import { runScript, signalName } from '../guest/exec.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import type { DaemonSpec } from '../lab-file/spec-sync.ts';
import { machineError, openDaemonChannel } from './daemon-channel.ts';
import { knownUnits } from './daemons.ts';

/** One daemon in one machine, as `daemons status` shows it. */
export interface DaemonStatus {
  readonly daemon: string;
  readonly machine: string;
  readonly unit: string;
  readonly state: DaemonState;
  /** It runs, but not as the lab file says by now: a start or restart applies that. */
  readonly changed: boolean;
  /** How its last run ended, such as `exit code 1`; of one that runs, the run before. */
  readonly lastExit: string | undefined;
  readonly pid: number | undefined;
  /** Since when it runs: Unix time in milliseconds, by the machine's clock. */
  readonly sinceMs: number | undefined;
  /** How often systemd has started it again by itself. */
  readonly restarts: number | undefined;
  readonly memoryBytes: number | undefined;
  /** It is there, but not in the lab file any more. */
  readonly orphan: boolean;
}

export interface StatusOptions {
  readonly daemons: readonly string[];
  readonly machines?: readonly string[] | undefined;
  readonly signal: AbortSignal;
  /** Also what is no longer in the lab file. */
  readonly isWithOthers?: boolean;
}

const STATUS_MS = 15_000;

/** How daemons fare, in the order of the lab file; one round trip a machine, and none waits for another. */
export async function daemonStatus(lab: LabSpec, options: StatusOptions): Promise<DaemonStatus[]> {
  const { daemons, machines, isWithOthers } = options;
  const rows = await Promise.all(
    lab.machines
      .filter(({ name }) => !machines || machines.includes(name))
      .map(async ({ name }) => {
        const specs = lab.daemons.filter(
          (spec) => daemons.includes(spec.name) && spec.on.includes(name),
        );
        if (specs.length === 0 && !isWithOthers) return [];
        return statusOn(lab, name, specs, options);
      }),
  );
  const at = new Map(lab.daemons.map(({ name }, index) => [name, index]));
  const place = ({ daemon, orphan }: DaemonStatus): number =>
    orphan ? at.size : (at.get(daemon) ?? at.size);
  return rows.flat().toSorted((a, b) => place(a) - place(b));
}

async function statusOn(
  lab: LabSpec,
  machine: string,
  specs: readonly DaemonSpec[],
  { signal, isWithOthers }: StatusOptions,
): Promise<DaemonStatus[]> {
  try {
    const channel = await openDaemonChannel(lab, machine, signal);
    const script = stateScript(specs.map(unitOf), knownUnits(lab, machine));
    const { stdout, stderr } = await runScript(channel, script, {
      ...{ signal, timeoutMs: STATUS_MS, language: 'perl' },
    });
    const states = new Map<string, UnitState>();
    for (const line of stdout.split('\n')) {
      const event = parseEvent(line);
      if (event?.kind === 'state') states.set(event.state.unit, event.state);
    }
    if (stderr.trim() !== '' && states.size === 0)
      throw new SkerryError('EXEC_FAILED', { data: { machine, reason: stderr.trim() } });
    const others = isWithOthers ? [...states.values()].filter(({ isOther }) => isOther) : [];
    return [
      ...specs.map((spec) => describe(spec, machine, states.get(unitOf(spec)))),
      ...others.map((state) => describeOther(machine, state)),
    ];
  } catch (error) {
    signal.throwIfAborted();
    const state = isOff(lab, machine, error) ? 'off' : 'silent';
    return specs.map((spec) => unknownDaemon(spec.name, machine, unitOf(spec), state));
  }
}

const NOTHING = {
  changed: false,
  lastExit: undefined,
  pid: undefined,
  sinceMs: undefined,
  restarts: undefined,
  memoryBytes: undefined,
  orphan: false,
} as const;

/** One of which nothing is known but in which state it or its machine is. */
export function unknownDaemon(
  daemon: string,
  machine: string,
  unit: string,
  state: DaemonState,
): DaemonStatus {
  return { ...NOTHING, daemon, machine, unit, state };
}

function describe(spec: DaemonSpec, machine: string, found: UnitState | undefined): DaemonStatus {
  const { name: daemon } = spec;
  const { unit, definition } = daemonUnit(spec);
  if (!found) return unknownDaemon(daemon, machine, unit, 'silent');
  const state = stateOf(found, definition === undefined);
  const isThere = state !== 'stopped' && state !== 'missing';
  const changed =
    found.isStale ||
    (definition !== undefined && definitionOf(definition.text) !== found.definition);
  return {
    ...facts(found, state),
    daemon,
    machine,
    unit,
    changed: isThere && changed,
    orphan: false,
  };
}

function describeOther(machine: string, found: UnitState): DaemonStatus {
  const { unit } = found;
  const daemon = daemonOfUnit(unit) ?? unit;
  return {
    ...facts(found, stateOf(found, false)),
    daemon,
    machine,
    unit,
    changed: false,
    orphan: true,
  };
}

function facts(
  found: UnitState,
  state: DaemonState,
): Omit<DaemonStatus, 'daemon' | 'machine' | 'unit' | 'changed' | 'orphan'> {
  const runs = state === 'running';
  return {
    state,
    lastExit: found.exit ? formatExit(found, signalName) : undefined,
    pid: found.pid,
    sinceMs: runs ? found.sinceMs : undefined,
    restarts: found.restarts,
    memoryBytes: runs ? found.memoryBytes : undefined,
  };
}

function isOff(lab: LabSpec, machine: string, error: unknown): boolean {
  try {
    return machineError(lab, machine, error).code === 'MACHINE_OFF';
  } catch {
    // So is the whole lab.
    return true;
  }
}
