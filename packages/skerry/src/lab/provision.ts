// Provisioners again, in machines that run.
import { sandboxStatus } from '../sandbox/gateway.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { suggest } from '../lab-file/suggest.ts';
import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { labPaths } from '../util/paths.ts';
import { connectLab } from '../sandbox/connect.ts';
import type { LabContext } from './context.ts';
import { refuseHalfRestored } from './half-restored.ts';
import { makeLabReady, type ReadyResult } from './make-lab-ready.ts';
import { refuseMissing } from './missing-files.ts';
import { observe } from './observe.ts';
import { provisionHashes } from './up-order.ts';
import { planOrder } from './order-plan.ts';
import type { ObservedMachine } from './plan.ts';
import { Progress, type ProgressEvent } from './progress.ts';
import { withTriggers } from './triggers.ts';
import { imageChooser, imagesOf } from './up.ts';
import { withLabLock } from './with-lock.ts';
import { labOff } from './lab-off.ts';

export interface ProvisionOptions {
  /** Names of machines; empty means all that run. */
  readonly machines: readonly string[];
  /** Names of provisioners; empty means all but those that run `never`. */
  readonly only: readonly string[];
  readonly signal: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
}

export interface ProvisionResult extends ReadyResult {
  readonly elapsedMs: number;
}

/**
 * Runs provisioners, also where they have run. What fails in one machine does not stop the others, and is in the result.
 * @throws LAB_OFF, MACHINE_OFF, PROVISIONER_UNKNOWN, PROVISIONER_NOT_ON
 */
export async function provisionLab(
  lab: LabSpec,
  options: ProvisionOptions,
): Promise<ProvisionResult> {
  const { signal, machines } = options;
  const progress = new Progress(options.onProgress);
  checkNames(lab, options);
  await refuseMissing(lab, { isProvisioned: true });
  const result = await withTriggers(lab, 'provision', { progress, signal, machines }, () =>
    withLabLock(labPaths(lab), 'provision', progress, signal, () =>
      provisionAll(lab, options, progress),
    ),
  );
  return { ...result, elapsedMs: progress.elapsedMs };
}

async function provisionAll(
  lab: LabSpec,
  { machines, only, signal }: ProvisionOptions,
  progress: Progress,
): Promise<ReadyResult> {
  const paths = labPaths(lab);
  const status = await sandboxStatus(paths.gatewaySocket);
  if (!status) throw labOff(lab);
  await refuseHalfRestored(paths);
  await using connection = await connectLab(paths, signal);
  const observed = await observe(connection, signal);
  const seen = new Map(observed.map((machine) => [machine.name, machine]));
  const wanted = wantedOf(lab, machines, seen);
  const hashes = await provisionHashes(lab, true);
  const plan = planOrder({
    ...{ lab, wanted, hashes, mode: only.length > 0 ? { only } : 'all', started: new Set() },
    markOf: (machine) => seen.get(machine)?.mark,
    isRunning: (machine) => seen.get(machine)?.running === true,
  });
  const { accel, uplink } = status;
  const imageOf = await imageChooser(observed, await imagesOf(lab.machines));
  const context: LabContext = {
    ...{ lab, paths, connection, accel, uplink, progress, imageOf, signal },
    networkUp: Promise.resolve(),
    templateOf: () => Promise.resolve(undefined),
  };
  const start = (): Promise<void> => Promise.resolve();
  return await makeLabReady(context, { plan, hashes, machines: wanted, start });
}

function wantedOf(
  lab: LabSpec,
  names: readonly string[],
  seen: ReadonlyMap<string, ObservedMachine>,
): string[] {
  const running = lab.machines.map(({ name }) => name).filter((name) => seen.get(name)?.running);
  if (names.length === 0) {
    if (running.length === 0) throw labOff(lab);
    return running;
  }
  const off = names.filter((name) => !running.includes(name));
  if (off.length > 0)
    throw new SkerryErrors(
      off.map((machine) => new SkerryError('MACHINE_OFF', { data: { machine } })),
    );
  return [...names];
}

function checkNames(lab: LabSpec, { only, machines }: ProvisionOptions): void {
  const known = lab.provision.map(({ name }) => name);
  for (const name of only) {
    const spec = lab.provision.find((one) => one.name === name);
    if (!spec) {
      const near = suggest(name, known);
      const all = known.length > 0 ? `its provisioners are: ${known.join(', ')}` : 'it has none';
      const advice = near === undefined ? all : `did you mean '${near}'? ${all}`;
      throw new SkerryError('PROVISIONER_UNKNOWN', { data: { lab: lab.name, name, advice } });
    }
    if (machines.length > 0 && !machines.some((machine) => spec.on.includes(machine))) {
      const data = { name, machines: machines.join(', '), on: spec.on.join(', ') };
      throw new SkerryError('PROVISIONER_NOT_ON', { data });
    }
  }
}
