import type { Connection, Domain } from '@skerry/libvirt';
import { isInvalidState, isNotFound } from '@skerry/libvirt';
import { runScript } from '../machine/agent.ts';
import { poll } from '../util/poll.ts';
import { SkerryError } from '../util/errors.ts';
import type { Progress } from './progress.ts';

export interface ShutdownOptions {
  readonly progress: Progress;
  readonly signal: AbortSignal;
  /** Pull the plug at once. */
  readonly force?: boolean;
}

const GRACE_MS = 90_000;

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
  { force, signal, progress }: ShutdownOptions,
): Promise<void> {
  if (force) return off(domain);
  const asked = await ask(domain);
  if (!asked) return off(domain);
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
    await off(domain);
  }
}

/**
 * Asks the guest's service manager, then the agent's own shutdown (`shutdown +0`, which needs logind), then the power
 * button (which needs logind or acpid).
 */
async function ask(domain: Domain): Promise<boolean> {
  const ways = [
    async () => {
      const { exitCode } = await runScript(
        domain,
        'systemctl --no-block poweroff || shutdown -h now',
        { timeoutMs: 10_000 },
      );
      if (exitCode !== 0) throw new Error('refused');
    },
    () => domain.shutdown({ mode: 'agent', timeoutMs: 10_000 }),
    () => domain.shutdown({ mode: 'acpi', timeoutMs: 10_000 }),
  ];
  for (const way of ways) {
    try {
      await way();
      return true;
    } catch {
      if (!(await domain.isActive())) return true;
    }
  }
  return false;
}

async function off(domain: Domain): Promise<void> {
  await domain.destroy().catch((error: unknown) => {
    if (!isInvalidState(error) && !isNotFound(error)) throw error;
  });
}
