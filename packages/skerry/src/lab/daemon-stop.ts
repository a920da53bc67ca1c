import { stopScript } from '../daemon/daemon-script.ts';
import { parseEvent } from '../daemon/state.ts';
import { daemonOfUnit, unitOf } from '../daemon/unit.ts';
import { runScript } from '../guest/exec.ts';
import type { SkerryError } from '../util/errors.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { JOBS_MS, machineError, openDaemonChannel, refused } from './daemon-channel.ts';
import type { DaemonResult } from './daemons.ts';

/** Stops units of one machine; with `known`, also those of ours that are not among these. @throws LAB_OFF */
export async function stopOn(
  lab: LabSpec,
  machine: string,
  {
    signal,
    units,
    known,
  }: { signal: AbortSignal; units: readonly string[]; known: readonly string[] | undefined },
): Promise<DaemonResult[]> {
  const began = performance.now();
  const names = new Map(lab.daemons.map((spec) => [unitOf(spec), spec.name]));
  const result = (unit: string, how: DaemonResult['how'], error?: SkerryError): DaemonResult => ({
    ...{ daemon: names.get(unit) ?? daemonOfUnit(unit) ?? unit, machine, how },
    durationMs: Math.round(performance.now() - began),
    ...(error && { error }),
  });
  try {
    const channel = await openDaemonChannel(lab, machine, signal);
    const script = stopScript(units, known);
    const { stdout, stderr } = await runScript(channel, script, {
      ...{ signal, timeoutMs: JOBS_MS, language: 'perl' },
    });
    const events = stdout.split('\n').flatMap((line) => parseEvent(line) ?? []);
    const seen = events.flatMap((event) => {
      if (event.kind === 'refused')
        return [
          result(event.unit, 'none', refused(names.get(event.unit) ?? event.unit, machine, event)),
        ];
      return event.kind === 'did'
        ? [result(event.unit, event.how === 'off' ? 'off' : 'stopped')]
        : [];
    });
    const silent = units.filter(
      (unit) => !events.some((event) => 'unit' in event && event.unit === unit),
    );
    return [
      ...seen,
      ...silent.map((unit) => {
        const reason = stderr.trim() || 'systemd says nothing of it';
        return result(unit, 'none', refused(names.get(unit) ?? unit, machine, { unit, reason }));
      }),
    ];
  } catch (error) {
    signal.throwIfAborted();
    const why = machineError(lab, machine, error);
    // What is off runs nothing.
    if (why.code === 'MACHINE_OFF') return units.map((unit) => result(unit, 'off'));
    return units.map((unit) => result(unit, 'none', why));
  }
}
