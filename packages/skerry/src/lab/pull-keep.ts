// Keeps trees with `mode: 'pull'` up to date on this host, as TreeSync does with those that are pushed.
import { setTimeout as sleep } from 'node:timers/promises';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { isAbsent } from '../sandbox/gateway.ts';
import { toText } from '../sync/paths.ts';
import type { PullResult } from '../sync/pull.ts';
import type { LiveEvent } from './live-protocol.ts';
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

/** Goes on until the signal fires; a machine that was away is looked for again. */
export async function keepPulled(options: PullKeepOptions): Promise<void> {
  const { tree, signal, onEvent } = options;
  const place = { to: tree.to, machine: tree.on[0] ?? '' };
  let known = '';
  for (let delay = RETRY_MS.first; !signal.aborted; delay = Math.min(delay * 2, RETRY_MS.most)) {
    try {
      await follow(options, (event) => {
        known = '';
        delay = RETRY_MS.first;
        onEvent({ ...place, ...event });
      });
    } catch (error) {
      if (signal.aborted) return;
      const reason = isAbsent(error)
        ? 'the lab is off'
        : error instanceof Error
          ? error.message
          : String(error);
      if (reason !== known) onEvent({ ...place, kind: 'lost', reason });
      known = reason;
    }
    await sleep(delay, undefined, { signal }).catch(() => {});
  }
}

async function follow(
  { tree, gatewaySocket, stateDir, signal }: PullKeepOptions,
  tell: (event: Omit<LiveEvent, 'to' | 'machine'>) => void,
): Promise<void> {
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
      if (result.fetched.length + result.removed.length + result.refused.length > 0)
        tell({
          kind: 'pulled',
          durationMs: Math.round(performance.now() - began),
          ...wordsOf(result),
        });
    }
  } finally {
    await pull.close();
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
