import type { GuestChannel } from '../guest/exec.ts';
import { isHelperMissing, openGuest } from '../sandbox/gateway.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import { SkerryError } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { labOff } from './lab-off.ts';
import { messageOf } from '../util/message-of.ts';

/** What a machine's helper may take to answer. */
const SILENCE_MS = 10_000;
/** systemd gives up on a unit of Debian after 90 s, stopping or starting. */
export const JOBS_MS = 240_000;

export function openDaemonChannel(
  lab: LabSpec,
  machine: string,
  signal: AbortSignal,
): Promise<GuestChannel> {
  return openGuest(labPaths(lab).gatewaySocket, machine, { signal, timeoutMs: SILENCE_MS });
}

export function refused(
  daemon: string,
  machine: string,
  { unit, reason }: { readonly unit: string; readonly reason: string },
): SkerryError {
  return new SkerryError('DAEMON_REFUSED', { data: { daemon, machine, unit, reason } });
}

/** Why a machine could not be told. @throws LAB_OFF */
export function machineError(lab: LabSpec, machine: string, cause: unknown): SkerryError {
  if (nobodyListens(cause)) throw labOff(lab, cause);
  if (isHelperMissing(cause) && (cause as SkerryError).code === 'GUEST_ABSENT')
    return new SkerryError('MACHINE_OFF', { data: { machine }, cause });
  if (cause instanceof SkerryError) return cause;
  const reason = messageOf(cause);
  return new SkerryError('EXEC_FAILED', { data: { machine, reason }, cause });
}
