// `skerry hack`: whatever is saved on the host is built, sent to the machines, and run there; what does not work is
// rolled back. Here it takes the trees from the process that keeps them otherwise, and gives them back at its end.
import { basename } from 'node:path';
import type { LabSpec } from '../lab-file/spec.ts';
import { sandboxEnd, sandboxStatus } from '../sandbox/gateway.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import type { HackEvent } from './hack-event.ts';
import { HackSession } from './hack-session.ts';
import { labOff } from './lab-off.ts';
import { endLive, keepLive, liveStatus } from './live-control.ts';
import { type LiveServer, serveLive } from './live-server.ts';
import { Progress } from './progress.ts';
import { watchLabFile } from './watch-lab-file.ts';
import { withLabLock } from './with-lock.ts';

export interface HackOptions {
  /** Names of daemons. */
  readonly daemons: readonly string[];
  readonly signal: AbortSignal;
  readonly onEvent: (event: HackEvent) => void;
}

/**
 * Goes on until the signal fires. Changes of the lab's trees come to its machines as `sync` brings them, before and after.
 * @throws SYNC_NONE, LAB_OFF, HACK_RUNS
 */
export async function hack(lab: LabSpec, options: HackOptions): Promise<void> {
  const paths = labPaths(lab);
  const { daemons, onEvent } = options;
  const ended = new AbortController();
  const signal = AbortSignal.any([options.signal, ended.signal]);
  const note = (text: string): void => onEvent({ kind: 'note', text });
  const end = (text: string): void => {
    if (signal.aborted) return;
    note(text);
    ended.abort();
  };
  let server: LiveServer | undefined;
  const session = new HackSession(lab, {
    ...{ daemons, signal, onEvent },
    onLive: (event) => server?.tell(event),
    onStop: () => end('another command takes the trees over, so hack ends'),
  });
  const progress = new Progress(({ detail }) => {
    if (detail !== undefined) note(detail);
  });
  // Of two that begin at once, the second sees the first.
  server = await withLabLock(paths, 'hack', progress, options.signal, async () => {
    if (!(await sandboxStatus(paths.gatewaySocket))) throw labOff(lab);
    const running = await liveStatus(paths);
    if (running?.isHack)
      throw new SkerryError('HACK_RUNS', { data: { lab: lab.name, pid: running.pid } });
    await endLive(paths);
    // `up` and `sync` ask here as they ask the process that brings trees otherwise.
    return await serveLive(paths.syncSocket, session, note);
  });
  void sandboxEnd(paths.gatewaySocket, signal).then(() =>
    end(`${labOff(lab).message}, so hack ends`),
  );
  const file = basename(lab.file);
  watchLabFile(lab.file, signal, () =>
    note(`${file} changed: end hack and start it again to use it`),
  );
  try {
    await session.run();
  } finally {
    const isOurs = !ended.signal.aborted;
    const { unproven } = session;
    server.close();
    ended.abort();
    // Where the lab is gone there is nothing to go on with.
    if (isOurs) {
      if (unproven.length > 0)
        note(`not seen to run, and in the machines from now on: ${unproven.join(', ')}`);
      await keepLive(lab, new AbortController().signal).catch(() => {});
    }
  }
}
