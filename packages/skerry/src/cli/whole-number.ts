import { SkerryError } from '../util/errors.ts';

/**
 * An option's value as a whole number.
 *
 * @throws USAGE
 * @example wholeNumber('skerry cloud dev', '--port', '8480', [0, 65_535]) // 8480
 */
export function wholeNumber(
  command: string,
  option: string,
  text: string,
  [least, most]: readonly [number, number],
): number {
  const number = Number(text);
  if (/^\d+$/.test(text) && number >= least && number <= most) return number;
  const detail = `${option} is '${text}': a whole number from ${least} to ${most} was expected`;
  throw new SkerryError('USAGE', { data: { detail, command } });
}
