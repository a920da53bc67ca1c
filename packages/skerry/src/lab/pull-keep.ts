// Keeps a tree with `mode: 'pull'` up to date on this host, as TreeSync does with those that are pushed.
import { setTimeout as sleep } from 'node:timers/promises';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { lossOf } from '../sandbox/gateway.ts';
import { toText } from '../sync/paths.ts';
import type { PullResult, PullTree } from '../sync/pull.ts';
import type { LiveEvent, TreeState } from './live-protocol.ts';

export interface PullKeepOptions {
  readonly tree: TreeSpec;
  /** Gives what pulls it, for one connection. */
  readonly connectable: () => PullTree;
  readonly signal: AbortSignal;
  readonly onEvent: (event: LiveEvent) => void;
}

/** How often a folder that is not there yet is looked for. */
const MISSING_MS = 2000;
/** So many paths that could not be written are named. */
const NAMED = 3;
const RETRY_MS = { first: 250, most: 5000 };

export class PullKeep {
  readonly #options: PullKeepOptions;
  #isConnected = false;
  #reason = 'not yet there';
  #refused: PullResult['refused'] = [];
  #problem: string | undefined;
  #wake = new AbortController();

  constructor(options: PullKeepOptions) {
    this.#options = options;
  }

  get state(): TreeState {
    const refusals = this.#refused.slice(0, NAMED).map(inWords);
    return {
      ...this.#place(),
      ...{ connected: this.#isConnected, reason: this.#reason, refused: this.#refused.length },
      ...(this.#problem !== undefined && { problem: this.#problem }),
      ...(refusals.length > 0 && { refusals }),
    };
  }

  /** Nobody waits for what a machine has yet to make. */
  whenReady(): Promise<void> {
    return Promise.resolve();
  }

  /** Tries again now, where it waits for the machine. */
  wake(): void {
    this.#wake.abort();
  }

  /** Goes on until the signal fires; a machine that was away is looked for again. */
  async keep(): Promise<void> {
    const { signal, onEvent } = this.#options;
    for (let delay = RETRY_MS.first; !signal.aborted; delay = Math.min(delay * 2, RETRY_MS.most)) {
      try {
        await this.#follow(() => (delay = RETRY_MS.first));
      } catch (error) {
        if (signal.aborted) return;
        const reason = lossOf(error);
        this.#isConnected = false;
        if (reason !== this.#reason) onEvent({ ...this.#place(), kind: 'lost', reason });
        this.#reason = reason;
      }
      this.#wake = new AbortController();
      const stop = AbortSignal.any([signal, this.#wake.signal]);
      await sleep(delay, undefined, { signal: stop }).catch(() => {});
    }
  }

  async #follow(onDone: () => void): Promise<void> {
    const pull = this.#options.connectable();
    let wake = (): void => {};
    let hasChanged = true;
    const { ended } = await pull.connect(() => {
      hasChanged = true;
      wake();
    });
    const lost = ended.then((error) => Promise.reject(error));
    lost.catch(() => {});
    try {
      for (let dueMs: number | undefined = 0; ;) {
        if (!hasChanged) {
          const changed = new Promise<void>((resolve) => (wake = resolve));
          await this.#until([changed, lost], dueMs);
        }
        hasChanged = false;
        const began = performance.now();
        const result = await pull.pull();
        this.#tell(result, performance.now() - began);
        if (result.fetched.length + result.removed.length > 0) onDone();
        dueMs = result.isThere ? result.restMs : MISSING_MS;
      }
    } finally {
      await pull.close();
    }
  }

  /** Until one of them is settled, or so many milliseconds. */
  async #until(events: readonly Promise<unknown>[], ms: number | undefined): Promise<void> {
    const stop = new AbortController();
    const signal = AbortSignal.any([this.#options.signal, stop.signal]);
    try {
      const due = ms === undefined ? [] : [sleep(ms, undefined, { signal })];
      for (const one of due) one.catch(() => {});
      await Promise.race([...events, ...due]);
    } finally {
      stop.abort();
    }
  }

  /** What could not be had is told once. */
  #tell(result: PullResult, tookMs: number): void {
    const { onEvent } = this.#options;
    const { fetched, removed, refused, problem } = result;
    const isNew = JSON.stringify(refused) !== JSON.stringify(this.#refused);
    const isNewProblem = problem !== this.#problem;
    [this.#isConnected, this.#reason] = [true, ''];
    [this.#refused, this.#problem] = [refused, problem];
    if (problem !== undefined && isNewProblem)
      onEvent({ ...this.#place(), kind: 'lost', reason: problem });
    if (fetched.length + removed.length > 0 || (isNew && refused.length > 0))
      onEvent({
        ...this.#place(),
        ...{ kind: 'pulled', durationMs: Math.round(tookMs) },
        ...wordsOf(result),
      });
  }

  #place(): Pick<TreeState, 'mode' | 'from' | 'to' | 'machine'> {
    const { mode, from, to, on } = this.#options.tree;
    return { mode, from, to, machine: on[0] ?? '' };
  }
}

function wordsOf({ fetched, removed, refused, bytes }: PullResult): Partial<LiveEvent> {
  return {
    changes: [
      ...fetched.map((path) => ({ kind: 'file', path: toText(path) })),
      ...removed.map((path) => ({ kind: 'remove', path: toText(path) })),
    ],
    bytes,
    refused: refused.map(inWords),
  };
}

function inWords({ path, reason }: PullResult['refused'][number]): PullResult['refused'][number] {
  return { path: toText(path), reason };
}
