const UNITS: Readonly<Record<string, number>> = { MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** A number and its unit. Only binary units: `GB` means two things, and a tool should not have to guess. */
export const SIZE_PATTERN: RegExp = /^(\d+(?:\.\d+)?) ?(MiB|GiB|TiB)$/;

/**
 * The bytes of a size such as `'1.5 GiB'`, rounded to whole MiB; `undefined` when it is none.
 *
 * @example parseSize('2 GiB') // 2147483648
 */
export function parseSize(text: string): number | undefined {
  const [, number, unit = ''] = SIZE_PATTERN.exec(text) ?? [];
  if (number === undefined) return undefined;
  return Math.round((Number(number) * (UNITS[unit] ?? 1)) / 2 ** 20) * 2 ** 20;
}

/** The MiB of a `memory` field: a size, or a number that is MiB already. */
export function parseMemoryMiB(memory: string | number): number | undefined {
  if (typeof memory === 'number') return memory;
  const bytes = parseSize(memory);
  return bytes === undefined ? undefined : bytes / 2 ** 20;
}
