import type { ImageRequest } from '../image/definition.ts';
import { findImage, type Image } from '../image/store.ts';
import { sandboxStatus } from '../sandbox/gateway.ts';
import { chooseAccel } from '../sandbox/accel.ts';
import { once } from '../util/once.ts';
import { labPaths, type LabPaths } from '../util/paths.ts';
import { applyPlan } from './apply-plan.ts';
import { bringBack } from './bring-back.ts';
import { buildImageHere } from './build-image.ts';
import { connectLab } from '../sandbox/connect.ts';
import type { LabContext } from './context.ts';
import { sweepDestroyed } from './destroy.ts';
import { sweepDisks } from './disk-layers.ts';
import { fetchSource } from './fetch-source.ts';
import { factsOf } from './facts.ts';
import { ensureLive } from './live-control.ts';
import { isFromNothing, isKeepable, keepLab, keptKey, restoreKept } from './kept-lab.ts';
import { findKept } from './kept-store.ts';
import type { StepResult } from './make-lab-ready.ts';
import { refuseMissing } from './missing-files.ts';
import { applyNetwork, networkPlanOf } from './network.ts';
import { observe, observeOffline } from './observe.ts';
import { openSandbox } from './open-sandbox.ts';
import { modeOf, orderAsKept, orderFor, provisionHashes, wantedMachines } from './up-order.ts';
import type { OrderPlan } from './order-plan.ts';
import { type ObservedMachine, type Plan, planUp } from './plan.ts';
import { Progress, type ProgressEvent, type Timing } from './progress.ts';
import { writeRecord } from './record.ts';
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';
import { templateChooser } from './templates.ts';
import { type TriggerStep, triggersOf, withTriggers } from './triggers.ts';
import { withLabLock } from './with-lock.ts';

export interface UpOptions {
  /** Names of machines; empty means all with autostart. */
  readonly machines: readonly string[];
  /** Boot new machines instead of thawing them. */
  readonly cold?: boolean;
  /**
   * `true`: all provisioners but those that run `never`, also where they have run. `false`: none, and nothing is waited
   * for. Without it, those that are due.
   */
  readonly provision?: boolean | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
}

export interface UpPlan extends Plan, OrderPlan {
  readonly triggers: readonly TriggerStep[];
  /** Of a lab that comes back as it was provisioned, when that was (ISO 8601). */
  readonly kept?: string | undefined;
}

export interface UpResult {
  readonly plan: UpPlan;
  /** What provisioners have done. */
  readonly provisioned: readonly StepResult[];
  /** Nobody kept the trees up to date, or others, and now somebody does. */
  readonly areTreesKeptAnew?: boolean;
  readonly timings: readonly Timing[];
  readonly elapsedMs: number;
}

/** What `up` would do, without doing it. Starts nothing. */
export async function dryRunUp(
  lab: LabSpec,
  { machines, cold, provision }: Pick<UpOptions, 'machines' | 'cold' | 'provision'>,
): Promise<UpPlan> {
  const paths = labPaths(lab);
  const status = await sandboxStatus(paths.gatewaySocket);
  const images = await imagesOf(lab.machines);
  const accel = status?.accel ?? (await chooseAccel(undefined)).accel;
  const hashes = await provisionHashes(lab, provision);
  const observed = await observeLab(paths, status !== undefined);
  const todo = plan(lab, machines, observed, accel, images);
  const isWhole = machines.length === 0 && !cold && provision === undefined && isKeepable(lab);
  const input = { lab, labId: paths.id, machines: wantedMachines(lab, []), accel, images, hashes };
  const kept =
    isWhole && (await isFromNothing(paths)) ? await findKept(paths.id, keptKey(input)) : undefined;
  const order = kept
    ? orderAsKept(lab, hashes)
    : orderFor(lab, machines, todo, observed, { hashes, mode: modeOf(provision) });
  const triggers = triggersOf(lab, 'up', machines);
  return { ...todo, ...order, triggers, ...(kept && { kept: kept.made }) };
}

async function observeLab(paths: LabPaths, isOn: boolean): Promise<ObservedMachine[]> {
  if (!isOn) return observeOffline(paths);
  await using connection = await connectLab(paths);
  return await observe(connection);
}

/**
 * Brings the lab to what its file says: images, sandbox, network, forwards, machines, provisioners. Machines start side by
 * side; where some fail the others still come up, and all failures are thrown together. Safe to repeat at any point.
 */
export async function up(lab: LabSpec, options: UpOptions): Promise<UpResult> {
  const { signal, machines } = options;
  const progress = new Progress(options.onProgress);
  const triggered = { progress, signal, machines };
  const done = await withTriggers(lab, 'up', triggered, () => bringUp(lab, options, progress));
  return { ...done, timings: progress.timings, elapsedMs: progress.elapsedMs };
}

/** The same without triggers. */
export async function bringUp(
  lab: LabSpec,
  options: UpOptions,
  progress: Progress,
): Promise<Pick<UpResult, 'plan' | 'provisioned' | 'areTreesKeptAnew'>> {
  const { signal, machines: names, provision } = options;
  const paths = labPaths(lab);
  const isCold = options.cold === true;
  await fetchSource(lab, progress, signal);
  await refuseMissing(lab, { isProvisioned: provision !== false });
  return withLabLock(paths, 'up', progress, signal, async () => {
    await sweepDestroyed(paths);
    await writeRecord(paths, lab);
    const restore = { lab, paths, progress, signal };
    const hasLeftovers = await bringBack(restore, isCold);
    const wanted = wantedMachines(lab, names);
    const images = await ensureImages(wanted, paths, progress, signal);
    const hashes = await provisionHashes(lab, provision);
    const accelHere = once(() => probeAccel(images, progress, signal));
    const isWhole = names.length === 0 && !isCold && provision !== false && isKeepable(lab);
    const key =
      isWhole && (await isFromNothing(paths))
        ? keptKey({
            ...{ lab, labId: paths.id, machines: wanted, images, hashes },
            accel: await accelHere(),
          })
        : undefined;
    const kept =
      key !== undefined && provision === undefined ? await findKept(paths.id, key) : undefined;
    const isBack = kept ? await restoreKept(restore, kept) : false;
    await using scope = new AsyncDisposableStack();
    const { connection, accel, uplink, forwards } = await openSandbox(scope, {
      ...{ lab, paths, progress, signal },
      chooseAccel: accelHere,
    });
    await using _connection = connection;
    const areTreesOld = await ensureLive(lab, paths);
    if (hasLeftovers) await sweepDisks(paths, connection);
    const observed = await observe(connection, signal);
    const todo = plan(lab, names, observed, accel, images);
    const mode = modeOf(provision);
    const order = orderFor(lab, names, todo, observed, { hashes, mode, isDoubtful: isBack });
    const imageOf = await imageChooser(observed, images);
    const network = networkPlanOf(lab, paths.originId, uplink);
    const networkUp = progress.phase('network', undefined, () => applyNetwork(connection, network));
    const found = { lab, paths, connection, accel, uplink, progress, imageOf, networkUp, signal };
    const templateOf = isCold ? () => Promise.resolve(undefined) : templateChooser(found);
    const context: LabContext = { ...found, templateOf };
    const provisioned = await applyPlan(
      context,
      { todo, order, wanted, hashes, areTreesOld },
      forwards,
    );
    const isNew = observed.length === 0 && provisioned.length > 0;
    if (key !== undefined && isNew) await keepLab(context, wanted, key);
    scope.move();
    const triggers = triggersOf(lab, 'up', names);
    const when = isBack && kept ? { kept: kept.made } : {};
    const upPlan = { ...todo, ...order, triggers, ...when };
    return { plan: upPlan, provisioned, areTreesKeptAnew: areTreesOld };
  });
}

function plan(
  lab: LabSpec,
  names: readonly string[],
  observed: readonly ObservedMachine[],
  accel: 'kvm' | 'tcg',
  images: ReadonlyMap<string, Image>,
): Plan {
  return planUp({
    wanted: wantedMachines(lab, names),
    all: lab.machines,
    observed,
    factsOf: (machine) => factsOf(machine, accel),
    imageOf: (machine) => images.get(machine.image)?.digest,
  });
}

export async function imagesOf(machines: readonly MachineSpec[]): Promise<Map<string, Image>> {
  const images = new Map<string, Image>();
  for (const name of new Set(machines.map((machine) => machine.image))) {
    const image = await findImage(name);
    if (image) images.set(name, image);
  }
  return images;
}

/** Which image a machine boots from: for one that has a disk, that of the disk, until it is destroyed. */
export async function imageChooser(
  observed: readonly ObservedMachine[],
  images: ReadonlyMap<string, Image>,
): Promise<(machine: MachineSpec) => Image> {
  const own = new Map<string, Image>();
  for (const { name, mark } of observed) {
    const image = mark && (await findImage(mark.image));
    if (image) own.set(name, image);
  }
  return (machine) => own.get(machine.name) ?? (images.get(machine.image) as Image);
}

/** Finds the images, and builds those that are missing, or of another Skerry where a machine is yet to be made from it. */
async function ensureImages(
  machines: readonly MachineSpec[],
  paths: LabPaths,
  progress: Progress,
  signal: AbortSignal,
): Promise<Map<string, Image>> {
  const images = await imagesOf(machines);
  for (const [name, request] of new Map(machines.map((one) => [one.image, imageRequestOf(one)]))) {
    const image = images.get(name);
    if (image && !(image.stale && (await isNeededAnew(name, machines, paths)))) continue;
    images.set(name, await buildImageHere(request, progress, signal));
  }
  return images;
}

function imageRequestOf({ image, baseImage, packages }: MachineSpec): ImageRequest {
  return baseImage === undefined ? { name: image } : { name: image, base: baseImage, packages };
}

async function isNeededAnew(
  image: string,
  machines: readonly MachineSpec[],
  paths: LabPaths,
): Promise<boolean> {
  const made = new Set((await observeOffline(paths)).map(({ name }) => name));
  return machines.some((machine) => machine.image === image && !made.has(machine.name));
}

async function probeAccel(
  images: ReadonlyMap<string, Image>,
  progress: Progress,
  signal: AbortSignal,
): Promise<'kvm' | 'tcg'> {
  const [probe] = images.values();
  const { accel } = await progress.phase('accelerator', undefined, () =>
    chooseAccel(probe, signal),
  );
  return accel;
}
