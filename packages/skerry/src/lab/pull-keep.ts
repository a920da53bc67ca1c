// Keeps a tree with `mode: 'pull'` up to date on this host, as TreeSync does with those that are pushed.
import { setTimeout as sleep } from 'node:timers/promises';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { lossOf } from '../sandbox/gateway.ts';
import { toText } from '../sync/paths.ts';
import type { PullResult } from '../sync/pull.ts';
import type { LiveEvent, TreeState } from './live-protocol.ts';
import { puller } from './pull-trees.ts';

export interface PullKeepOptions {
  readonly tree: TreeSpec;
  readonly gatewaySocket: string;
  /** The lab's state folder. */
  readonly stateDir: string;
  readonly signal: AbortSignal;
  readonly onEvent: (event: LiveEvent) => void;
}

/** How often a folder that is not there yet is looked for. */
const MISSING_MS = 2000;
const RETRY_MS = { first: 250, most: 5000 };

export class PullKeep {
  readonly #options: PullKeepOptions;
  #isConnected = false;
  #reason = 'not yet there';
  #refused = 0;
  #wake = new AbortController();

  constructor(options: PullKeepOptions) {
    this.#options = options;
  }

  get state(): TreeState {
    const [connected, reason, refused] = [this.#isConnected, this.#reason, this.#refused];
    return { ...this.#place(), connected, reason, refused };
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

  async #follow(onResult: () => void): Promise<void> {
    const { tree, gatewaySocket, stateDir, signal, onEvent } = this.#options;
    const pull = puller({ gatewaySocket, dir: stateDir }, tree, signal);
    let wake = (): void => {};
    let hasChanged = true;
    const { ended } = await pull.connect(() => {
      hasChanged = true;
      wake();
    });
    const lost = ended.then((error) => Promise.reject(error));
    lost.catch(() => {});
    try {
      for (let isThere = true; ;) {
        if (!isThere) await Promise.race([sleep(MISSING_MS, undefined, { signal }), lost]);
        else if (!hasChanged)
          await Promise.race([new Promise<void>((resolve) => (wake = resolve)), lost]);
        hasChanged = false;
        const began = performance.now();
        const result = await pull.pull();
        ({ isThere } = result);
        [this.#isConnected, this.#reason, this.#refused] = [true, '', result.refused.length];
        if (result.fetched.length + result.removed.length + result.refused.length === 0) continue;
        onResult();
        const durationMs = Math.round(performance.now() - began);
        onEvent({ ...this.#place(), kind: 'pulled', durationMs, ...wordsOf(result) });
      }
    } finally {
      await pull.close();
    }
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
    refused: refused.map(({ path, reason }) => ({ path: toText(path), reason })),
  };
}
