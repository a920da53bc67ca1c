// Says what is on its way to machines, or what is waited for, while somebody waits.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Sending } from '../sync/tally.ts';
import type { LiveStatus, TreePlace, TreeState } from './live-protocol.ts';
import { liveStatus } from './live-control.ts';
import type { Progress } from './progress.ts';
import { percentOf } from './percent.ts';
import { treeName } from './tree-name.ts';
import type { LabPaths } from '../util/paths.ts';

type State = TreePlace & Partial<Pick<TreeState, 'connected' | 'reason' | 'sending' | 'problem'>>;

export interface TellOptions {
  readonly progress: Progress;
  /** How the trees fare; asked from time to time. */
  readonly ask: () => Promise<readonly State[]>;
}

/** What is over sooner needs no words. */
const QUIET_MS = 1000;
const EACH_MS = 1000;
/** A machine that is not there yet comes most often in that time. */
const PATIENCE_MS = 3000;

/** Runs work, and tells meanwhile. */
export async function tellSending<T>(
  { progress, ask }: TellOptions,
  work: () => Promise<T>,
): Promise<T> {
  const ended = new AbortController();
  const { promise: end, resolve, reject } = Promise.withResolvers<void>();
  end.catch(() => {});
  const telling = tell(progress, ask, end, ended.signal).catch(() => {});
  try {
    const result = await work();
    resolve();
    return result;
  } catch (error) {
    reject(error);
    throw error;
  } finally {
    ended.abort();
    await telling;
  }
}

/** The same of what the process that keeps trees does. */
export function tellLive<T>(
  paths: LabPaths,
  machines: readonly string[],
  progress: Progress,
  work: () => Promise<T>,
): Promise<T> {
  const stateOf = (live: LiveStatus | undefined): readonly TreeState[] => live?.machines ?? [];
  const ask = async (): Promise<readonly State[]> =>
    stateOf(await liveStatus(paths)).filter(({ machine }) => machines.includes(machine));
  return tellSending({ progress, ask }, work);
}

async function tell(
  progress: Progress,
  ask: TellOptions['ask'],
  end: Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const began = performance.now();
  const known = new Map<string, Rate>();
  const phases = new Map<string, Promise<void>>();
  await sleep(QUIET_MS, undefined, { signal });
  try {
    for (;;) {
      const isPatient = performance.now() - began < PATIENCE_MS;
      for (const state of await ask()) {
        const { machine } = state;
        const name = treeName(state, machine, process.cwd());
        const rate = known.get(name) ?? new Rate();
        known.set(name, rate);
        const words = state.sending
          ? sendingWords(state.sending, rate.of(state.sending.bytes))
          : isPatient || state.connected !== false
            ? undefined
            : (state.problem ?? `waiting for ${machine}: ${state.reason}`);
        if (words === undefined) continue;
        // One line, which ends with the work.
        if (!phases.has(machine))
          phases.set(
            machine,
            progress.phase('sync', machine, () => end),
          );
        progress.note('sync', machine, `${name}: ${words}`);
      }
      await sleep(EACH_MS, undefined, { signal });
    }
  } finally {
    await Promise.allSettled(phases.values());
  }
}

/** @example 'big.bin 40 %, 120.0 of 300.0 MiB, 4.1 MiB/s' */
export function sendingWords({ path, files, bytes, of }: Sending, perSecond?: number): string {
  const what = files === 1 ? path : `${files} files`;
  const part = `${what} ${percentOf(bytes, of)} %, ${mib(bytes)} of ${mib(of)} MiB`;
  return perSecond === undefined ? part : `${part}, ${mib(perSecond)} MiB/s`;
}

function mib(bytes: number): string {
  return (bytes / 2 ** 20).toFixed(1);
}

/** Over the last seconds. */
class Rate {
  #seen: { readonly atMs: number; readonly bytes: number }[] = [];

  of(bytes: number): number | undefined {
    const atMs = performance.now();
    const last = this.#seen.at(-1);
    // It began anew.
    if (last && last.bytes > bytes) this.#seen = [];
    this.#seen.push({ atMs, bytes });
    if (this.#seen.length > 5) this.#seen.shift();
    const first = this.#seen[0];
    if (!first || first.atMs === atMs) return undefined;
    return ((bytes - first.bytes) / (atMs - first.atMs)) * 1000;
  }
}
