import type { Connection, Domain } from '@skerry/libvirt';
import { isInvalidState, isNotFound } from '@skerry/libvirt';
import { type GuestChannel, runScript } from '../guest/exec.ts';
import { openGuest } from '../sandbox/gateway.ts';
import { poll } from '../util/poll.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabPaths } from '../util/paths.ts';
import type { Progress } from './progress.ts';
import { setStage } from './stage.ts';

export interface ShutdownOptions {
  readonly paths: LabPaths;
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Pull the plug at once. */
  readonly force?: boolean;
}

const GRACE_MS = 90_000;
const ASK_MS = 5000;
/** The ways after this one do nothing in a guest without logind or acpid, so it is given time. */
const HELPER_MS = 20_000;

/** Shuts machines down side by side; one that does not listen within 90 s is switched off. */
export async function shutdownMachines(
  connection: Connection,
  names: readonly string[],
  options: ShutdownOptions,
): Promise<void> {
  await Promise.all(
    names.map(async (name) => {
      const domain = await connection.domain(name);
      if (!(await domain.isActive())) return;
      await options.progress.phase('shutdown', name, () => shutdownOne(domain, options));
    }),
  );
}

async function shutdownOne(
  domain: Domain,
  { paths, force, signal, progress }: ShutdownOptions,
): Promise<void> {
  if (force) return switchOff(domain);
  // Before it is told: whoever comes after a killed command has to know.
  await setStage(domain, 'leaving');
  const asked = await ask(domain, paths, signal);
  if (!asked) return switchOff(domain);
  try {
    await poll(async () => ((await domain.isActive()) ? undefined : true), {
      signal,
      timeoutMs: GRACE_MS,
      intervalMs: 100,
      onTimeout: () => new SkerryError('SHUTDOWN_TIMEOUT', { data: { machine: domain.name } }),
    });
  } catch (error) {
    if (!(error instanceof SkerryError)) throw error;
    progress.note(
      'shutdown',
      domain.name,
      `does not shut down within ${GRACE_MS / 1000} s: switched off`,
    );
    await switchOff(domain);
  }
}

/**
 * Tells the guest's service manager by a signal, see systemd(1). `systemctl poweroff` looks for logind first and takes many
 * seconds in a guest that is still busy with its start; when it was late, it was stopped and nothing happened.
 */
const POWER_OFF = `if (-d '/run/systemd/system') { kill 38, 1 or die "$!\n" } # SIGRTMIN+4
else { exec 'shutdown', '-h', 'now' }`;

/**
 * Asks the guest's service manager, then QEMU's guest agent (`shutdown +0`, which needs logind), then the power button
 * (which needs logind or acpid).
 */
async function ask(domain: Domain, paths: LabPaths, signal: AbortSignal): Promise<boolean> {
  const ways = [
    async () => {
      const options = { signal, timeoutMs: HELPER_MS };
      const channel = await openUnlessOff(domain, paths, options);
      const { exitCode } = await runScript(channel, POWER_OFF, { ...options, language: 'perl' });
      if (exitCode !== 0) throw new Error('refused');
    },
    () => domain.shutdown({ mode: 'agent', timeoutMs: ASK_MS }),
    () => domain.shutdown({ mode: 'acpi', timeoutMs: ASK_MS }),
  ];
  for (const way of ways) {
    try {
      await way();
      return true;
    } catch (error) {
      signal.throwIfAborted();
      // The helper stopped before it could tell: it is on its way.
      if (error instanceof SkerryError && error.code === 'GUEST_LOST') return true;
      if (!(await domain.isActive())) return true;
    }
  }
  return false;
}

/** The helper of one that is shutting down already does not come any more: the wait ends when the machine does. */
async function openUnlessOff(
  domain: Domain,
  paths: LabPaths,
  { signal, timeoutMs }: { readonly signal: AbortSignal; readonly timeoutMs: number },
): Promise<GuestChannel> {
  const [off, opened] = [new AbortController(), new AbortController()];
  const watch = poll(async () => ((await domain.isActive()) ? undefined : true), {
    signal: AbortSignal.any([signal, opened.signal]),
    ...{ timeoutMs, intervalMs: 100 },
    onTimeout: () => new SkerryError('SHUTDOWN_TIMEOUT', { data: { machine: domain.name } }),
  });
  watch.then(
    () => off.abort(),
    () => {},
  );
  try {
    const either = AbortSignal.any([signal, off.signal]);
    return await openGuest(paths.gatewaySocket, domain.name, { signal: either, timeoutMs });
  } finally {
    opened.abort();
  }
}

/** Pulls the plug; fine for one that is off already, or gone. */
export async function switchOff(domain: Domain): Promise<void> {
  await domain.destroy().catch((error: unknown) => {
    if (!isInvalidState(error) && !isNotFound(error)) throw error;
  });
}
