// How long to wait before the next try. Everybody lost the server at the same moment; they shall not all come back at
// the same moment.

export interface Backoff {
  readonly firstMs: number;
  readonly maxMs: number;
}

export const BACKOFF: Backoff = { firstMs: 60, maxMs: 10_000 };

/**
 * Twice as long each time up to `maxMs`, of which a random half is taken off.
 *
 * @param failures how many tries have failed: 0 before the first.
 */
export function backoffMs(failures: number, backoff = BACKOFF, random = Math.random): number {
  const most = Math.min(backoff.maxMs, backoff.firstMs * 2 ** Math.min(failures, 20));
  return most / 2 + (random() * most) / 2;
}
