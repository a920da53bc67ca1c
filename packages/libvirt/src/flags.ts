/** Adds up the bits whose option is set, e.g. `{ paused: true }` with `{ paused: 1 }`. */
export function toFlags<K extends string>(
  bits: Readonly<Record<K, number>>,
  options: Readonly<Partial<Record<NoInfer<K>, boolean | undefined>>>,
): number {
  let flags = 0;
  for (const key of Object.keys(bits) as K[]) if (options[key] === true) flags += bits[key];
  return flags;
}

/** Adds up the bits of a list, e.g. `['state', 'block']`. */
export function listToFlags<K extends string>(
  bits: Readonly<Record<K, number>>,
  names: readonly K[],
): number {
  return [...new Set(names)].reduce((sum, name) => sum + bits[name], 0);
}

/**
 * What a change applies to: the running domain, its stored definition, both, or (`current`) the
 * running one if it runs, else the stored one.
 */
export type Affect = 'current' | 'live' | 'config' | 'both';

export const affectBits: Readonly<Record<Affect, number>> = {
  current: 0,
  live: 1,
  config: 2,
  both: 3,
};

/** A 64-bit value as a number; throws a RangeError rather than rounding. */
export function toNumber(value: bigint): number {
  const number = Number(value);
  if (!Number.isSafeInteger(number)) {
    throw new RangeError(`${value} is too large for an exact number; use call() for the bigint`);
  }
  return number;
}
