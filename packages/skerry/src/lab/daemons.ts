// Starts, restarts and stops daemons: one script a machine does all of a wave there, and tells what becomes of them.
import { type DaemonTarget, daemonTargets, inWaves } from '../daemon/order.ts';
import { unitOf } from '../daemon/unit.ts';
import { allSettled } from '../util/all-settled.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import type { DaemonSpec } from '../lab-file/spec-sync.ts';
import { DaemonStart } from './daemon-start.ts';
import { stopOn } from './daemon-stop.ts';

export interface DaemonsOptions {
  /** Names of daemons, such as daemonNames() gives. */
  readonly daemons: readonly string[];
  /** Names of machines; undefined: all that each is meant in. */
  readonly machines?: readonly string[] | undefined;
  readonly signal: AbortSignal;
  /** What a daemon is made of, in a machine, absolute: a start restarts one that is older than one of these files. */
  readonly filesOf?: ((daemon: DaemonSpec, machine: string) => readonly string[]) | undefined;
  /** As soon as each is done. */
  readonly onResult?: ((result: DaemonResult) => void) | undefined;
  /** What one that takes long is waiting for, and how long yet. */
  readonly onWait?:
    | ((daemon: string, machine: string, detail: string, leftMs: number) => void)
    | undefined;
}

/** What became of one daemon in one machine. */
export interface DaemonResult {
  readonly daemon: string;
  readonly machine: string;
  /**
   * `changed`: restarted, for it ran with another definition. `stale`: restarted, for it was older than its files.
   * `kept`: it ran already. `off`: there was nothing to stop. `none`: it was not touched.
   */
  readonly how: 'started' | 'restarted' | 'changed' | 'stale' | 'kept' | 'stopped' | 'off' | 'none';
  /** Until it was ready, or had stopped. */
  readonly durationMs: number;
  /** Why it does not run as it shall; with the last lines of its log. */
  readonly error?: SkerryError;
}

/**
 * Starts daemons and those they depend on, each when what it depends on is ready. What runs with an unchanged definition
 * is left alone. One that fails does not stop those that do not depend on it.
 * @throws LAB_OFF
 */
export function startDaemons(lab: LabSpec, options: DaemonsOptions): Promise<DaemonResult[]> {
  const { daemons, machines } = options;
  return bringUp(lab, daemonTargets(lab.daemons, daemons, machines, true), false, options);
}

/** The same, but those that run are restarted, and what they depend on is not looked at. */
export function restartDaemons(lab: LabSpec, options: DaemonsOptions): Promise<DaemonResult[]> {
  const { daemons, machines } = options;
  return bringUp(lab, daemonTargets(lab.daemons, daemons, machines, false), true, options);
}

async function bringUp(
  lab: LabSpec,
  targets: readonly DaemonTarget[],
  isRestart: boolean,
  options: DaemonsOptions,
): Promise<DaemonResult[]> {
  const results: DaemonResult[] = [];
  const failed = new Set<string>();
  const done = (result: DaemonResult): void => {
    results.push(result);
    if (result.error) failed.add(result.daemon);
    options.onResult?.(result);
  };
  for (const wave of inWaves(lab.daemons, targets)) {
    const ready: DaemonTarget[] = [];
    // Of the waves before.
    const missing = new Set(failed);
    for (const target of wave) {
      const other = target.spec.dependsOn.find((name) => missing.has(name));
      if (other === undefined) ready.push(target);
      else for (const machine of target.machines) done(skipped(target.spec.name, machine, other));
    }
    await onEachMachine(ready, (machine, specs) =>
      new DaemonStart(lab, machine, specs, options, done).run(isRestart),
    );
  }
  return results;
}

/** Stops daemons, those first that others depend on last. `isWithOthers`: also what is no longer in the lab file. */
export async function stopDaemons(
  lab: LabSpec,
  options: DaemonsOptions & { readonly isWithOthers?: boolean },
): Promise<DaemonResult[]> {
  const { daemons, machines, isWithOthers, signal, onResult } = options;
  const results: DaemonResult[] = [];
  const stop = async (
    machine: string,
    units: readonly string[],
    known?: string[],
  ): Promise<void> => {
    for (const result of await stopOn(lab, machine, { signal, units, known })) {
      results.push(result);
      onResult?.(result);
    }
  };
  if (isWithOthers) {
    const running = machines ?? lab.machines.map(({ name }) => name);
    await allSettled(running.map((machine) => stop(machine, [], knownUnits(lab, machine))));
  }
  const targets = daemonTargets(lab.daemons, daemons, machines, false);
  for (const wave of inWaves(lab.daemons, targets).toReversed())
    await onEachMachine(wave, (machine, specs) => stop(machine, specs.map(unitOf)));
  return results;
}

/** The units that a machine has according to the lab file. */
export function knownUnits({ daemons }: LabSpec, machine: string): string[] {
  return daemons.filter(({ on }) => on.includes(machine)).map(unitOf);
}

async function onEachMachine(
  targets: readonly DaemonTarget[],
  work: (machine: string, specs: DaemonSpec[]) => Promise<void>,
): Promise<void> {
  const byMachine = new Map<string, DaemonSpec[]>();
  for (const { spec, machines } of targets)
    for (const machine of machines)
      byMachine.set(machine, [...(byMachine.get(machine) ?? []), spec]);
  await allSettled([...byMachine].map(([machine, specs]) => work(machine, specs)));
}

function skipped(daemon: string, machine: string, other: string): DaemonResult {
  const error = new SkerryError('DAEMON_SKIPPED', { data: { daemon, machine, other } });
  return { daemon, machine, how: 'none', durationMs: 0, error };
}
