// A snapshot of a whole lab: all machines stand still, then memory and disks of each are kept, then all go on. No
// message is under way that one side has sent and the other will never see.
import { cp, mkdir, open, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, type Domain, isInvalidState } from '@skerry/libvirt';
import { freeze } from '../freeze/frozen.ts';
import { runScript } from '../guest/exec.ts';
import { clockShiftScript } from '../machine/identity.ts';
import { parseDisks } from '../machine/parse-disks.ts';
import { type DiskFile, MEMORY_BLOCK } from '../machine/domain-xml.ts';
import { parseMark } from '../machine/metadata.ts';
import { raw, xml } from '../machine/xml.ts';
import { qemuOwner } from '../sandbox/config.ts';
import { openGuest } from '../sandbox/gateway.ts';
import { hostInputs } from '../template/key.ts';
import {
  checkSnapshotName,
  commitSnapshot,
  hasSnapshot,
  isSuspended,
  PUSHED,
  type Snapshot,
  type SnapshotMachine,
  stageSnapshot,
  SUSPENDED,
  sweepSnapshots,
} from '../snapshot/store.ts';
import { allSettled } from '../util/all-settled.ts';
import { SkerryError } from '../util/errors.ts';
import { removeTree } from '../util/rootless.ts';
import { INSIDE, labPaths, type LabPaths } from '../util/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { refuseHalfRestored } from './half-restored.ts';
import { addLayers, hostPaths, newLayerId, sweepDisks, withDisks } from './disk-layers.ts';
import { labOff } from './lab-off.ts';
import { isTemplate } from './observe.ts';
import { openSandbox } from './open-sandbox.ts';
import { Progress, type ProgressEvent } from './progress.ts';
import { withLabLock } from './with-lock.ts';

export interface SnapshotOptions {
  readonly signal: AbortSignal;
  readonly description?: string | undefined;
  /** It goes on the stack, whose names nobody else may give. */
  readonly isPushed?: boolean;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
}

export interface SaveContext {
  readonly lab: LabSpec;
  readonly paths: LabPaths;
  readonly connection: Connection;
  readonly accel: 'kvm' | 'tcg';
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface SaveOptions {
  readonly name: string;
  readonly description?: string | undefined;
  /** Leave the machines standing still: somebody ends them next. */
  readonly stayPaused?: boolean;
}

interface Subject extends SnapshotMachine {
  readonly domain: Domain;
  readonly disks: readonly DiskFile[];
}

const PAUSE_MS = 15_000;
const GO_ON_MS = 3000;
const CLOCK_MS = 5000;

/**
 * Saves the lab as it is, machines that are off included.
 * @throws SNAPSHOT_NAME, SNAPSHOT_EXISTS, SNAPSHOT_EMPTY, MACHINE_PAUSE, DISK_FULL; the machines then run on as before
 */
export async function saveSnapshot(
  lab: LabSpec,
  name: string,
  { signal, description, isPushed, onProgress }: SnapshotOptions,
): Promise<Snapshot> {
  checkSnapshotName(name);
  if (!isPushed && PUSHED.test(name)) throw new SkerryError('SNAPSHOT_NAME', { data: { name } });
  const paths = labPaths(lab);
  const progress = new Progress(onProgress);
  return withLabLock(paths, `snapshot save ${name}`, progress, signal, async () => {
    await using scope = new AsyncDisposableStack();
    const chooseAccel = (): Promise<'tcg'> => Promise.resolve('tcg');
    const box = await openSandbox(scope, { lab, paths, progress, signal, chooseAccel });
    await using connection = box.connection;
    const context = { lab, paths, connection, accel: box.accel, progress, signal };
    return await saveAs(context, { name, description });
  });
}

/** The same for who has the lab's lock and a connection. */
export async function saveAs(context: SaveContext, options: SaveOptions): Promise<Snapshot> {
  const { paths, connection, accel, progress, signal, lab } = context;
  const { name, description } = options;
  const store = paths.snapshotsDir;
  await sweepSnapshots(store);
  await refuseHalfRestored(paths);
  if (name !== SUSPENDED && (await isSuspended(store))) throw labOff(lab);
  if (await hasSnapshot(store, name)) throw new SkerryError('SNAPSHOT_EXISTS', { data: { name } });
  const subjects = await subjectsOf(connection);
  if (subjects.length === 0) throw new SkerryError('SNAPSHOT_EMPTY', { data: { lab: lab.name } });
  const staging = await stageSnapshot(store);
  const inside = `${INSIDE.lab}/snapshots/${basename(staging)}`;
  const id = newLayerId();
  await using undo = new AsyncDisposableStack();
  undo.defer(async () => {
    await removeTree(staging);
    await sweepDisks(paths, connection);
  });
  const layers = new Map<string, DiskFile[]>();
  for (const subject of subjects)
    layers.set(subject.name, await addLayers(paths, subject.disks, id));
  const { taken, pauseMs } = await standingStill(subjects, options, context, () =>
    allSettled(
      subjects.map((subject) =>
        progress.phase('freeze', subject.name, () =>
          keep(connection, subject, layers.get(subject.name) ?? [], inside, signal),
        ),
      ),
    ),
  );
  if (!options.stayPaused) await moveClocksOn(context, subjects, pauseMs);
  await allSettled(subjects.map((subject) => takeApart(subject, staging, context)));
  await flushDisks(paths, subjects);
  await copyKeys(paths.sshDir, join(staging, 'ssh'));
  const host = hostInputs(await connection.libVersion());
  const snapshot = await commitSnapshot(store, staging, {
    ...{ format: 1, name, taken, description, pauseMs, accel, host },
    machines: subjects.map(({ name: machine, state, memoryMiB, xml: definition }) => ({
      ...{ name: machine, state, memoryMiB, xml: definition },
    })),
  });
  undo.move();
  return snapshot;
}

async function subjectsOf(connection: Connection): Promise<Subject[]> {
  const domains = (await connection.domains()).filter(({ name }) => !isTemplate(name));
  const all = domains.map(async (domain): Promise<Subject | undefined> => {
    const { state } = await domain.state();
    const definition = await domain.xml({ inactive: true });
    const mark = parseMark(definition);
    if (!mark) return undefined;
    const isOn = state === 'running' || state === 'paused';
    return {
      name: domain.name,
      state: isOn ? state : 'shutoff',
      memoryMiB: Number(mark.facts.memoryMiB),
      xml: definition,
      domain,
      disks: parseDisks(definition),
    };
  });
  const found = await allSettled(all);
  return found
    .filter((subject) => subject !== undefined)
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** Runs `work` while no machine runs. All that ran go on afterwards, whatever happens, unless they are to stay. */
async function standingStill(
  subjects: readonly Subject[],
  { stayPaused }: SaveOptions,
  { signal, progress }: SaveContext,
  work: () => Promise<unknown>,
): Promise<{ taken: string; pauseMs: number }> {
  const running = subjects.filter(({ state }) => state === 'running');
  const began = performance.now();
  const goOn = (): Promise<unknown> => allSettled(running.map(({ domain }) => goOnRunning(domain)));
  try {
    await progress.phase('pause', undefined, () =>
      allSettled(running.map(({ domain }) => pause(domain, signal))),
    );
    const taken = new Date().toISOString();
    await work();
    if (!stayPaused) await goOn();
    return { taken, pauseMs: Math.round(performance.now() - began) };
  } catch (error) {
    // One that hangs goes on when it can: libvirt has been told.
    await Promise.race([goOn().catch(() => {}), sleep(GO_ON_MS, undefined, { ref: false })]);
    throw error;
  }
}

/** A machine's clock stands still with it. Whoever has set it wrong on purpose has it as wrong as before. */
async function moveClocksOn(
  { paths, signal }: SaveContext,
  subjects: readonly Subject[],
  pauseMs: number,
): Promise<void> {
  const running = subjects.filter(({ state }) => state === 'running');
  const options = { signal, timeoutMs: CLOCK_MS };
  // One without a helper, or that hangs, has to do without.
  await Promise.allSettled(
    running.map(async ({ name }) => {
      const channel = await openGuest(paths.gatewaySocket, name, options);
      await runScript(channel, clockShiftScript(pauseMs), { ...options, language: 'perl' });
    }),
  );
}

async function pause(domain: Domain, signal: AbortSignal): Promise<void> {
  const deadline = AbortSignal.timeout(PAUSE_MS);
  try {
    await domain.suspend({ signal: AbortSignal.any([signal, deadline]) });
  } catch (cause) {
    signal.throwIfAborted();
    const reason = deadline.aborted ? `not within ${PAUSE_MS / 1000} s` : String(cause);
    throw new SkerryError('MACHINE_PAUSE', { data: { machine: domain.name, reason }, cause });
  }
}

/** One that runs already, or has ended, is left as it is. */
export async function goOnRunning(domain: Domain): Promise<void> {
  await domain.resume().catch((error: unknown) => {
    if (!isInvalidState(error)) throw error;
  });
}

/** Keeps one machine that stands still: its memory in a file, its disks below new ones. */
async function keep(
  connection: Connection,
  { name, state, domain, disks, xml: definition }: Subject,
  layers: readonly DiskFile[],
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  if (state === 'shutoff') {
    await connection.defineDomain(withDisks(definition, disks, layers));
    return;
  }
  const files = layers.map(
    ({ path }, at) =>
      xml`<disk name="vd${String.fromCodePoint(97 + at)}" snapshot="external" type="file"><driver type="qcow2"/><source file="${path}"/></disk>`,
  );
  const memory = xml`<memory snapshot="external" file="${folder}/${name}.saved"/>`;
  await domain.createSnapshot(
    xml`<domainsnapshot><name>skerry</name>${raw(memory)}<disks>${raw(files.join(''))}</disks></domainsnapshot>`,
    { noMetadata: true, reuseExternal: true, atomic: true, signal },
  );
}

/** The keys belong to the machines as they were: one that is made anew gets others. */
export async function copyKeys(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o700 });
  await cp(from, to, { recursive: true });
}

/** QEMU leaves it to the kernel when to write; a snapshot shall outlive a power cut. */
async function flushDisks(paths: LabPaths, subjects: readonly Subject[]): Promise<void> {
  for (const path of subjects.flatMap(({ disks }) => hostPaths(paths, disks))) {
    await using file = await open(path, 'r');
    await file.sync();
  }
}

async function takeApart(
  { name, state, memoryMiB }: Subject,
  staging: string,
  { progress, signal }: SaveContext,
): Promise<void> {
  if (state === 'shutoff') return;
  const saved = join(staging, `${name}.saved`);
  const dir = join(staging, name);
  await progress.phase('store', name, async () => {
    await mkdir(dir);
    const owner = qemuOwner();
    await freeze({ saved, dir, memoryMiB, blockName: MEMORY_BLOCK, owner, signal });
    await rm(saved);
  });
}
