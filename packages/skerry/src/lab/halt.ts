import { sandboxStatus } from '../sandbox/gateway.ts';
import { isSandboxAlive, stopSandbox } from '../sandbox/sandbox.ts';
import { labPaths } from '../util/paths.ts';
import { connectLab } from '../sandbox/connect.ts';
import { observe } from './observe.ts';
import { Progress, type ProgressEvent } from './progress.ts';
import { shutdownMachines } from './shutdown.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { withTriggers } from './triggers.ts';
import { withLabLock } from './with-lock.ts';

export interface HaltOptions {
  /** Names of machines; empty means all. */
  readonly machines: readonly string[];
  readonly force: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
}

/**
 * Shuts machines down; their disks stay. With the last machine the sandbox ends too, so that nothing is left running.
 * @returns the machines that were running
 */
export async function halt(lab: LabSpec, options: HaltOptions): Promise<string[]> {
  const { signal, machines } = options;
  const progress = new Progress(options.onProgress);
  if (!(await isSandboxAlive(labPaths(lab)))) return [];
  const triggered = { progress, signal, machines };
  return withTriggers(lab, 'halt', triggered, () => haltLab(lab, options, progress));
}

/** The same without triggers. */
export async function haltLab(
  lab: LabSpec,
  options: Omit<HaltOptions, 'onProgress'>,
  progress: Progress,
): Promise<string[]> {
  const { signal } = options;
  const paths = labPaths(lab);
  if (!(await isSandboxAlive(paths))) return [];
  return withLabLock(paths, 'halt', progress, signal, async () => {
    const status = await sandboxStatus(paths.gatewaySocket).catch(() => undefined);
    // Broken inside: nothing to shut down in good order.
    if (!status || (options.force && options.machines.length === 0)) {
      await stopSandbox(paths);
      return lab.machines.map(({ name }) => name);
    }
    const stopped = await (async () => {
      await using connection = await connectLab(paths, signal);
      const active = (await observe(connection, signal)).filter(({ state }) => state !== 'shutoff');
      const chosen = active.filter(
        ({ name }) => options.machines.length === 0 || options.machines.includes(name),
      );
      const names = chosen.map(({ name }) => name);
      await shutdownMachines(connection, names, { paths, progress, signal, force: options.force });
      return { names, last: active.length === names.length };
    })();
    if (stopped.last) await stopSandbox(paths);
    return stopped.names;
  });
}
