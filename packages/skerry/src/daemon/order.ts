import type { DaemonSpec } from '../lab-file/spec-sync.ts';

/** A daemon, and the machines it is meant in. */
export interface DaemonTarget {
  readonly spec: DaemonSpec;
  /** Names of machines; at least one. */
  readonly machines: readonly string[];
}

/**
 * The targets in waves: those of one have nothing to wait for from each other, only from earlier waves. `all` are in an
 * order in which each comes after what it depends on.
 */
export function inWaves(
  all: readonly DaemonSpec[],
  targets: readonly DaemonTarget[],
): DaemonTarget[][] {
  const waves: DaemonTarget[][] = [];
  const waveOf = new Map<string, number>();
  for (const { name, dependsOn } of all) {
    const wave = Math.max(-1, ...dependsOn.map((other) => waveOf.get(other) ?? -1)) + 1;
    waveOf.set(name, wave);
    const target = targets.find(({ spec }) => spec.name === name);
    if (target) (waves[wave] ??= []).push(target);
  }
  return Object.values(waves);
}

/**
 * Which daemons are meant, and where. With `isWithNeeds` also all that these depend on, in all of their machines.
 * @param machines none: all
 */
export function daemonTargets(
  all: readonly DaemonSpec[],
  names: readonly string[],
  machines: readonly string[] | undefined,
  isWithNeeds: boolean,
): DaemonTarget[] {
  const needed = isWithNeeds ? needsOf(all, names) : new Set<string>();
  return all.flatMap((spec) => {
    const isMeant = names.includes(spec.name);
    if (!isMeant && !needed.has(spec.name)) return [];
    const there = needed.has(spec.name)
      ? spec.on
      : spec.on.filter((machine) => !machines || machines.includes(machine));
    return there.length > 0 ? [{ spec, machines: there }] : [];
  });
}

/** What daemons depend on, directly or not. `all` is in an order in which those come first. */
function needsOf(all: readonly DaemonSpec[], names: readonly string[]): Set<string> {
  const needed = new Set<string>();
  for (const { name, dependsOn } of all.toReversed())
    if (names.includes(name) || needed.has(name)) for (const other of dependsOn) needed.add(other);
  return needed;
}
