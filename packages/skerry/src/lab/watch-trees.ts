// `sync --watch`: looks on, whoever keeps the trees. That changes when `hack` begins or ends.
import type { LabSpec } from '../lab-file/spec.ts';
import { sandboxStatus } from '../sandbox/gateway.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import { poll } from '../util/poll.ts';
import { labOff } from './lab-off.ts';
import { keepLive, liveStatus, watchLive } from './live-control.ts';
import type { LiveEvent, LiveStatus } from './live-protocol.ts';

export interface WatchOptions {
  readonly signal: AbortSignal;
  readonly onEvent: (event: LiveEvent) => void;
  /** Who keeps them now. */
  readonly onKeeper: (keeper: LiveStatus) => void;
}

/** From one keeper to the next. */
const HANDOVER_MS = 5000;

/** Has the trees kept, and tells of each change, until the signal fires. @throws LAB_OFF, SYNC_STOPPED */
export async function watchTrees(lab: LabSpec, options: WatchOptions): Promise<void> {
  const { signal, onEvent, onKeeper } = options;
  const paths = labPaths(lab);
  await keepLive(lab, signal);
  while (!signal.aborted) {
    const keeper = await poll(
      async () => {
        if (!(await sandboxStatus(paths.gatewaySocket))) throw labOff(lab);
        return liveStatus(paths);
      },
      {
        ...{ signal, timeoutMs: HANDOVER_MS },
        onTimeout: () => new SkerryError('SYNC_STOPPED', { data: { lab: lab.name } }),
      },
    );
    onKeeper(keeper);
    // Who begins to look on has not heard of what went before.
    for (const { mode, from, to, machine, problem } of keeper.machines)
      if (problem !== undefined)
        onEvent({ mode, from, to, machine, kind: 'lost', reason: problem });
    await watchLive(paths, onEvent, signal);
  }
}
