import { SkerryError } from '../../util/errors.ts';

/** Two names of commits, of which the second is the newer one. */
export interface Range {
  readonly from: string;
  readonly to: string;
}

/**
 * Takes `A..B` apart. Without `B` it is `HEAD`: what is checked out, or the default branch of the remote.
 *
 * @example parseRange('3.11.1..3.11.2') // { from: '3.11.1', to: '3.11.2' }
 * @throws SP_RANGE
 */
export function parseRange(text: string): Range {
  const [from = '', to, ...more] = text.split('..');
  const isRange = to !== undefined && more.length === 0 && !to.startsWith('.');
  if (!isRange || from === '') throw new SkerryError('SP_RANGE', { data: { text } });
  return { from, to: to === '' ? 'HEAD' : to };
}
