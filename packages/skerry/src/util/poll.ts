import { setTimeout as sleep } from 'node:timers/promises';

export interface PollOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds until `onTimeout` throws. */
  readonly timeoutMs: number;
  /** Milliseconds between two looks; grows by half each time up to `maxIntervalMs`. */
  readonly intervalMs?: number;
  readonly maxIntervalMs?: number;
  readonly onTimeout: () => Error;
}

/** Looks until `look` gives something other than undefined. The one way to wait for what sends no event. */
export async function poll<T>(
  look: () => Promise<T | undefined> | T | undefined,
  options: PollOptions,
): Promise<T> {
  const end = performance.now() + options.timeoutMs;
  let interval = options.intervalMs ?? 20;
  for (;;) {
    options.signal?.throwIfAborted();
    const found = await look();
    if (found !== undefined) return found;
    if (performance.now() >= end) throw options.onTimeout();
    await sleep(interval, undefined, options.signal ? { signal: options.signal } : {});
    interval = Math.min(interval * 1.5, options.maxIntervalMs ?? 250);
  }
}
