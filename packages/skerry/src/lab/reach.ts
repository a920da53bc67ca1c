// Trees want a machine that answers: one that has just been started or restored is waited for, one that is off is named.
import { setTimeout as sleep } from 'node:timers/promises';
import type { LabSpec } from '../lab-file/spec.ts';
import { isHelperMissing } from '../sandbox/gateway.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import { isUp } from './is-up.ts';
import { liveReady, liveStatus } from './live-control.ts';
import type { LiveStatus } from './live-protocol.ts';
import { labStatus } from './status.ts';

/** What a machine takes at most that is thawed, under emulation. */
const COME_MS = 90_000;
const RETRY_MS = 500;

/**
 * Runs work that needs the machine, again while that is on its way.
 * @throws MACHINE_OFF where it is not
 */
export async function whenReachable<T>(
  lab: LabSpec,
  machine: string,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  const end = performance.now() + COME_MS;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (!isAway(error)) throw error;
      if (!(await isOn(lab, machine, signal)))
        throw new SkerryError('MACHINE_OFF', { data: { machine }, cause: error });
      if (performance.now() > end) throw error;
    }
    await sleep(RETRY_MS, undefined, { signal });
  }
}

/** The same for who asks the process that keeps trees: what it knows once machines that run are there, or say why not. */
export async function liveReachable(
  lab: LabSpec,
  live: LiveStatus,
  machines: readonly string[],
  signal: AbortSignal,
): Promise<LiveStatus> {
  const lacking = new Set(
    live.machines
      .filter(({ machine, connected }) => !connected && machines.includes(machine))
      .map(({ machine }) => machine),
  );
  if (lacking.size === 0) return live;
  const paths = labPaths(lab);
  await Promise.all(
    [...lacking].map(async (machine) => {
      if (!(await isOn(lab, machine, signal))) return;
      try {
        await liveReady(paths, machine, { timeoutMs: COME_MS, signal });
      } catch (error) {
        // What it says of that machine is in its status.
        if (!(error instanceof SkerryError)) throw error;
      }
    }),
  );
  return (await liveStatus(paths)) ?? live;
}

async function isOn(lab: LabSpec, machine: string, signal: AbortSignal): Promise<boolean> {
  const { machines } = await labStatus(lab, signal);
  return machines.some(({ name, state }) => name === machine && isUp(state));
}

function isAway(error: unknown): boolean {
  return isHelperMissing(error) || (error instanceof SkerryError && error.code === 'GUEST_LOST');
}
