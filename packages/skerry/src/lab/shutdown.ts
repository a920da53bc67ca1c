import type { Connection, Domain } from '@skerry/libvirt';
import { isInvalidState, isNotFound } from '@skerry/libvirt';
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

/** The agent first: it works in guests that ignore the power button. */
async function ask(domain: Domain): Promise<boolean> {
  for (const mode of ['agent', 'acpi'] as const) {
    try {
      await domain.shutdown({ mode, timeoutMs: 10_000 });
      return true;
    } catch (error) {
      if (isInvalidState(error) && !(await domain.isActive())) return true;
    }
  }
  return false;
}

async function off(domain: Domain): Promise<void> {
  await domain.destroy().catch((error: unknown) => {
    if (!isInvalidState(error) && !isNotFound(error)) throw error;
  });
}
