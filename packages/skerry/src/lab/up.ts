import type { ImageRequest } from '../image/definition.ts';
import { findImage, type Image } from '../image/store.ts';
import type { ForwardStatus } from '../sandbox/protocol.ts';
import { hasSnapshot, isSuspended, SUSPENDED } from '../snapshot/store.ts';
import { sandboxStatus } from '../sandbox/gateway.ts';
import { chooseAccel } from '../sandbox/accel.ts';
import { keepCapabilities } from '../sandbox/sandbox.ts';
import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { labPaths, type LabPaths } from '../util/paths.ts';
import { buildImageHere } from './build-image.ts';
import { connectLab } from './connect.ts';
import type { LabContext } from './context.ts';
import { sweepDestroyed } from './destroy.ts';
import { factsOf } from './facts.ts';
import { applyForwards } from './forwards.ts';
import { applyNetwork, networkPlanOf } from './network.ts';
import { observe, observeOffline } from './observe.ts';
import { openSandbox } from './open-sandbox.ts';
import { type Action, type ObservedMachine, type Plan, planUp } from './plan.ts';
import { Progress, type ProgressEvent, type Timing } from './progress.ts';
import { writeRecord } from './record.ts';
import { shutdownMachines } from './shutdown.ts';
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';
import { endRestore, halfRestored } from './half-restored.ts';
import { restoreAs, type RestoreContext } from './snapshot-restore.ts';
import { defineMachine, finishMachine, startMachine } from './start-machine.ts';
import { discardSuspended } from './suspend.ts';
import { templateChooser } from './templates.ts';
import { settle, thawMachine } from './thaw-machine.ts';
import { withLabLock } from './with-lock.ts';

export interface UpOptions {
  /** Names of machines; empty means all with autostart. */
  readonly machines: readonly string[];
  /** Boot new machines instead of thawing them. */
  readonly cold?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
}

export interface UpResult {
  readonly plan: Plan;
  readonly timings: readonly Timing[];
  readonly elapsedMs: number;
}

/** What `up` would do, without doing it. Starts nothing. */
export async function dryRunUp(lab: LabSpec, machines: readonly string[]): Promise<Plan> {
  const paths = labPaths(lab);
  const status = await sandboxStatus(paths.gatewaySocket);
  const images = await imagesOf(lab.machines);
  const accel = status?.accel ?? (await chooseAccel(undefined)).accel;
  if (!status) return plan(lab, machines, await observeOffline(paths), accel, images);
  await using connection = await connectLab(paths);
  return plan(lab, machines, await observe(connection), accel, images);
}

/**
 * Brings the lab to what its file says: images, sandbox, network, forwards, machines. Machines start side by side;
 * where some fail the others still come up, and all failures are thrown together. Safe to repeat at any point.
 */
export async function up(lab: LabSpec, options: UpOptions): Promise<UpResult> {
  const { signal } = options;
  const paths = labPaths(lab);
  const progress = new Progress(options.onProgress);
  const result = await withLabLock(paths, 'up', progress, signal, async () => {
    await sweepDestroyed(paths);
    await writeRecord(paths, lab);
    await bringBack({ lab, paths, progress, signal }, options.cold === true);
    const wanted = wantedMachines(lab, options.machines);
    const images = await ensureImages(wanted, paths, progress, signal);
    await using scope = new AsyncDisposableStack();
    const { connection, accel, uplink, forwards } = await openSandbox(scope, {
      ...{ lab, paths, progress, signal },
      chooseAccel: () => probeAccel(images, progress, signal),
    });
    await using _connection = connection;
    const observed = await observe(connection, signal);
    const imageOf = await imageChooser(observed, images);
    const network = networkPlanOf(lab, paths.originId, uplink);
    const networkUp = progress.phase('network', undefined, () => applyNetwork(connection, network));
    const found = { lab, paths, connection, accel, uplink, progress, imageOf, networkUp, signal };
    const templateOf = options.cold ? () => Promise.resolve(undefined) : templateChooser(found);
    const context: LabContext = { ...found, templateOf };
    const done = { plan: await apply(context, options.machines, observed, images, forwards) };
    scope.move();
    return done;
  });
  return { ...result, timings: progress.timings, elapsedMs: progress.elapsedMs };
}

/** A lab that is suspended goes on, and a restore that was killed is finished. */
async function bringBack(context: RestoreContext, isCold: boolean): Promise<void> {
  const { paths, progress } = context;
  const half = await halfRestored(paths);
  if (half && (await hasSnapshot(paths.snapshotsDir, half.name))) {
    progress.note(
      'check',
      undefined,
      `finishing the restore of ${half.name}, which was interrupted`,
    );
    const consume = half.name === SUSPENDED;
    await restoreAs(context, half.name, { cold: half.cold || isCold, consume });
  } else if (isCold) await discardSuspended(paths);
  else if (await isSuspended(paths.snapshotsDir)) {
    progress.say('resume', undefined, 'the lab was suspended: it goes on where it was');
    await restoreAs(context, SUSPENDED, { consume: true });
  }
  await endRestore(paths);
}

async function apply(
  context: LabContext,
  names: readonly string[],
  observed: readonly ObservedMachine[],
  images: ReadonlyMap<string, Image>,
  forwards: readonly ForwardStatus[],
): Promise<Plan> {
  const { lab, paths, accel, progress, networkUp } = context;
  const todo = plan(lab, names, observed, accel, images);
  const foreign = todo.notes.find((note) => note.kind === 'foreign');
  // Asked again later: it remembers.
  for (const { machine } of todo.actions.filter(({ kind }) => kind === 'create'))
    void context.templateOf(machineOf(lab, machine));
  await networkUp;
  if (foreign) throw new SkerryError('MACHINE_FOREIGN', { data: { machine: foreign.machine } });
  await progress.phase('forwards', undefined, () => applyForwards(lab, paths, forwards));
  const results = await inParallel(todo.actions, parallelism(accel), (action) =>
    perform(context, action).catch((error: unknown) => {
      throw machineError(action.machine, error);
    }),
  );
  const created = todo.actions.filter(({ kind }, at) => kind === 'create' && !results[at]);
  await settle(
    context,
    created.map(({ machine }) => machine),
  );
  const errors = results.filter((error) => error !== undefined);
  context.signal.throwIfAborted();
  if (errors.length > 0) throw new SkerryErrors(errors);
  if (todo.actions.length > 0) await keepCapabilities(paths);
  return todo;
}

async function perform(context: LabContext, action: Action): Promise<void> {
  const machine = machineOf(context.lab, action.machine);
  switch (action.kind) {
    case 'create':
      return createMachine(context, machine);
    case 'start':
      return startMachine(context, machine, await context.connection.domain(machine.name));
    case 'finish':
      return finishMachine(context, machine, await context.connection.domain(machine.name));
    case 'redefine':
      await shutdownMachines(context.connection, [machine.name], { ...context });
      return startMachine(context, machine, await defineMachine(context, machine));
    default:
      return action satisfies never;
  }
}

function machineOf(lab: LabSpec, name: string): MachineSpec {
  const machine = lab.machines.find((each) => each.name === name);
  if (!machine) throw new SkerryError('INTERNAL', { data: { detail: `no machine ${name}` } });
  return machine;
}

/** A machine that is new is thawed where there is a template for it, or one can be made. */
async function createMachine(context: LabContext, machine: MachineSpec): Promise<void> {
  const template = await context.templateOf(machine);
  if (template && (await thawMachine(context, machine, template))) return;
  return startMachine(context, machine, await defineMachine(context, machine, true));
}

function machineError(machine: string, cause: unknown): SkerryError {
  if (cause instanceof SkerryError) return cause;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new SkerryError('MACHINE_FAILED', { data: { machine, reason }, cause });
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

function wantedMachines(lab: LabSpec, names: readonly string[]): MachineSpec[] {
  return lab.machines.filter((machine) =>
    names.length > 0 ? names.includes(machine.name) : machine.autostart,
  );
}

async function imagesOf(machines: readonly MachineSpec[]): Promise<Map<string, Image>> {
  const images = new Map<string, Image>();
  for (const name of new Set(machines.map((machine) => machine.image))) {
    const image = await findImage(name);
    if (image) images.set(name, image);
  }
  return images;
}

/** Which image a machine boots from: for one that has a disk, that of the disk, until it is destroyed. */
async function imageChooser(
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

/** How many machines are started at once: more than the CPUs can boot only makes all of them late. */
function parallelism(accel: 'kvm' | 'tcg'): number {
  return accel === 'kvm' ? 16 : 6;
}

/** Runs all, `limit` at a time; a failure does not stop the others. Gives each one's error or undefined. */
async function inParallel<T>(
  items: readonly T[],
  limit: number,
  work: (item: T) => Promise<void>,
): Promise<(SkerryError | undefined)[]> {
  const queue = items.map((item, at) => ({ item, at }));
  const errors: (SkerryError | undefined)[] = Array.from({ length: items.length });
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const { item, at } = next;
      await work(item).catch((error: SkerryError) => {
        errors[at] = error;
      });
    }
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
  return errors;
}
