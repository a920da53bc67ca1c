// An ejabberd that is started again when it dies: at the same place, so that all who were connected come back by
// themselves.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Ejabberd, type EjabberdOptions, startEjabberd } from './ejabberd.ts';

const WAIT_MS = 200;
const MAX_DEATHS_A_MINUTE = 5;

/**
 * Starts it, and keeps it running.
 *
 * @returns the first one, whose `ended` resolves when it is given up.
 * @throws SkerryError `BUS_MISSING`, `BUS_START`.
 */
export async function keepEjabberd(options: EjabberdOptions): Promise<Ejabberd> {
  const first = await startEjabberd(options);
  const { port } = first.remote;
  const stop = new AbortController();
  let current = first;
  const ended = keep();
  return {
    ...first,
    get pid() {
      return current.pid;
    },
    ended,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await current[Symbol.asyncDispose]();
      await ended;
    },
  };

  async function keep(): Promise<string> {
    const deaths: number[] = [];
    for (;;) {
      const reason = await current.ended;
      const now = performance.now();
      deaths.push(now);
      if (stop.signal.aborted) return reason;
      if (deaths.filter((at) => at > now - 60_000).length > MAX_DEATHS_A_MINUTE) return reason;
      await sleep(WAIT_MS * deaths.length, undefined, { signal: stop.signal }).catch(() => {});
      if (stop.signal.aborted) return reason;
      try {
        current = await startEjabberd({ ...options, port, signal: stop.signal });
      } catch (error) {
        return error instanceof Error ? error.message : reason;
      }
    }
  }
}
