// A lab becomes again what it was when a snapshot was saved, in its own sandbox or, for a fork, in another.
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import type { Connection } from '@skerry/libvirt';
import { checkFrozen, giveFrozen } from '../freeze/frozen.ts';
import { runScript } from '../guest/exec.ts';
import { parseDisks } from '../machine/parse-disks.ts';
import { withMemoryFile } from '../machine/domain-xml.ts';
import { wakeScript } from '../machine/identity.ts';
import { qemuOwner } from '../sandbox/config.ts';
import {
  findSnapshot,
  removeSnapshot,
  type Snapshot,
  type SnapshotMachine,
} from '../snapshot/store.ts';
import { hostInputs } from '../template/key.ts';
import { allSettled } from '../util/all-settled.ts';
import { SkerryError } from '../util/errors.ts';
import { INSIDE, labPaths, type LabPaths } from '../util/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { addLayers, hostPaths, newLayerId, sweepDisks, withDisks } from './disk-layers.ts';
import { beginRestore, endRestore } from './half-restored.ts';
import { ensureLive } from './live-control.ts';
import { applyNetwork, networkPlanOf } from './network.ts';
import { isTemplate } from './observe.ts';
import { openSandbox } from './open-sandbox.ts';
import { Progress, type ProgressEvent, type Timing } from './progress.ts';
import { copyKeys, goOnRunning } from './snapshot-save.ts';
import { switchOff } from './shutdown.ts';
import { setStage } from './stage.ts';
import { thawDomain } from './thaw-domain.ts';
import { waitForGuest } from './wait-for-guest.ts';
import { withLabLock } from './with-lock.ts';

export interface RestoreOptions {
  readonly signal: AbortSignal;
  /** Only the disks: the machines are left off. */
  readonly cold?: boolean;
  readonly onProgress?: ((event: ProgressEvent) => void) | undefined;
}

export interface RestoreResult {
  readonly snapshot: Snapshot;
  readonly timings: readonly Timing[];
  readonly elapsedMs: number;
}

export interface RestoreContext {
  readonly lab: LabSpec;
  readonly paths: LabPaths;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const WAKE_MS = { kvm: 20_000, tcg: 60_000 };

/**
 * Puts the lab back to a snapshot; what happened since is gone. All is checked before anything is touched.
 * @throws SNAPSHOT_MISSING, FROZEN_DAMAGED, SNAPSHOT_DAMAGED, SNAPSHOT_HOST
 */
export async function restoreSnapshot(
  lab: LabSpec,
  name: string,
  { signal, cold, onProgress }: RestoreOptions,
): Promise<RestoreResult> {
  const paths = labPaths(lab);
  const progress = new Progress(onProgress);
  const context = { lab, paths, progress, signal };
  const snapshot = await withLabLock(
    paths,
    `snapshot restore ${name}`,
    progress,
    signal,
    async () => {
      const restored = await restoreAs(context, name, { cold: cold === true });
      if (!cold) await ensureLive(lab, paths);
      return restored;
    },
  );
  return { snapshot, timings: progress.timings, elapsedMs: progress.elapsedMs };
}

export interface RestoreAsOptions {
  /** Take the disks only. */
  readonly cold?: boolean;
  /** The snapshot is gone once the machines run. */
  readonly consume?: boolean;
  /** It was written by this very command: its checksums are not compared again. */
  readonly isFresh?: boolean;
}

/** The same for who has the lab's lock. */
export async function restoreAs(
  context: RestoreContext,
  name: string,
  options: RestoreAsOptions = {},
): Promise<Snapshot> {
  const { paths, progress } = context;
  const snapshot = await findSnapshot(paths.snapshotsDir, name);
  const isCold = options.cold === true;
  await progress.phase('check', undefined, () => checkWhole(paths, snapshot, options));
  await using scope = new AsyncDisposableStack();
  const chooseAccel = (): Promise<'kvm' | 'tcg'> => Promise.resolve(snapshot.accel);
  const box = await openSandbox(scope, { ...context, chooseAccel });
  await using connection = box.connection;
  if (!isCold) await checkHost(connection, snapshot, box.accel);
  const network = networkPlanOf(context.lab, paths.originId, box.uplink);
  await progress.phase('network', undefined, () => applyNetwork(connection, network));
  await beginRestore(paths, { name, cold: isCold });
  await endMachines(connection, snapshot, progress);
  await copyKeys(join(snapshot.dir, 'ssh'), paths.sshDir);
  const thawed = snapshot.machines.map((machine) =>
    bringBack(context, connection, snapshot, machine, isCold),
  );
  await allSettled(thawed);
  // From here on `up` lets go on what stands still.
  await endRestore(paths);
  if (options.consume) await removeSnapshot(paths.snapshotsDir, name);
  if (!isCold) await wake(context, connection, snapshot);
  await sweepDisks(paths, connection);
  if (!isCold) scope.move();
  return snapshot;
}

async function checkWhole(
  paths: LabPaths,
  snapshot: Snapshot,
  { cold, isFresh }: RestoreAsOptions,
): Promise<void> {
  for (const { name, state, xml } of snapshot.machines) {
    for (const file of hostPaths(paths, parseDisks(xml)))
      if (!existsSync(file)) throw new SkerryError('SNAPSHOT_DAMAGED', { data: { file } });
    if (state === 'shutoff' || cold) continue;
    if (!isFresh) await checkFrozen(join(snapshot.dir, name));
    await giveFrozen(join(snapshot.dir, name), qemuOwner());
  }
}

/** Memory fits the QEMU, the libvirt and the CPU it was saved under. */
async function checkHost(
  connection: Connection,
  { name, host, accel }: Snapshot,
  acceleratorNow: string,
): Promise<void> {
  const now: Record<string, string> = hostInputs(await connection.libVersion());
  const changed = ['libvirt', 'qemu', 'cpu'].filter((key) => now[key] !== host[key]);
  if (accel !== acceleratorNow) changed.push('accelerator');
  if (changed.length === 0) return;
  throw new SkerryError('SNAPSHOT_HOST', { data: { name, changed: changed.join(', ') } });
}

async function endMachines(
  connection: Connection,
  { machines }: Snapshot,
  progress: Progress,
): Promise<void> {
  const domains = (await connection.domains({ active: true })).filter(
    ({ name }) => !isTemplate(name),
  );
  for (const { name } of domains)
    if (!machines.some((machine) => machine.name === name))
      progress.say('resume', name, 'it is not in the snapshot: switched off');
  await allSettled(domains.map(switchOff));
}

/** Defines a machine on new disks above the snapshot's, and thaws it; it stands still. */
async function bringBack(
  { paths, progress, signal }: RestoreContext,
  connection: Connection,
  snapshot: Snapshot,
  machine: SnapshotMachine,
  isCold: boolean,
): Promise<void> {
  const { name, memoryMiB } = machine;
  const disks = parseDisks(machine.xml);
  const layers = await progress.phase('disk', name, async () => {
    await mkdir(join(paths.machinesDir, name), { recursive: true });
    return addLayers(paths, disks, newLayerId());
  });
  const xml = withDisks(machine.xml, disks, layers);
  await progress.phase('define', name, () => connection.defineDomain(xml));
  if (machine.state === 'shutoff' || isCold) return;
  await progress.phase('thaw', name, async () => {
    const memory = `${INSIDE.lab}/snapshots/${snapshot.name}/${name}/memory`;
    await thawDomain(connection, paths, {
      ...{ name, frozen: join(snapshot.dir, name), as: 'paused', signal },
      xml: withMemoryFile(xml, memory, memoryMiB),
    });
  });
}

/** All that ran go on at one instant; then each gets the right time and fresh randomness. */
async function wake(
  context: RestoreContext,
  connection: Connection,
  { machines, accel }: Snapshot,
): Promise<void> {
  const { paths, progress, signal } = context;
  const running = machines.filter(({ state }) => state === 'running');
  const domains = await allSettled(running.map(({ name }) => connection.domain(name)));
  await progress.phase('resume', undefined, () => allSettled(domains.map(goOnRunning)));
  await allSettled(
    domains.map((domain) =>
      progress.phase('clock', domain.name, async () => {
        const channel = await waitForGuest({ progress, accel, paths, signal }, domain, 'clock');
        const script = wakeScript(Date.now(), randomBytes(64));
        await runScript(channel, script, { signal, timeoutMs: WAKE_MS[accel], language: 'perl' });
        await setStage(domain, 'ready');
      }),
    ),
  );
}
