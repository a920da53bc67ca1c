import { existsSync } from 'node:fs';
import { readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isNotFound } from '@skerry/libvirt';
import { machineDir } from '../machine/domain-xml.ts';
import { sandboxStatus } from '../sandbox/gateway.ts';
import { isSandboxAlive, stopSandbox } from '../sandbox/sandbox.ts';
import { isSuspended } from '../snapshot/store.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabPaths } from '../util/paths.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { removeTree } from '../util/rootless.ts';
import { connectLab } from '../sandbox/connect.ts';
import { neededDisks } from './disk-layers.ts';
import { Progress, type ProgressEvent } from './progress.ts';
import { withTriggers } from './triggers.ts';
import { withLabLock } from './with-lock.ts';

export interface DestroyOptions {
  /** Names of machines; empty means the whole lab with everything Skerry keeps of it. */
  readonly machines: readonly string[];
  /** The lab, for its triggers, where its file can be read. */
  readonly lab?: LabSpec | undefined;
  readonly signal: AbortSignal;
  readonly onProgress?: (event: ProgressEvent) => void;
}

/** Removes machines with their disks, or the whole lab. Works without the lab file, and on half-made labs. */
export async function destroy(paths: LabPaths, options: DestroyOptions): Promise<void> {
  if (!existsSync(paths.dir)) return sweepDestroyed(paths);
  const progress = new Progress(options.onProgress);
  const { lab, machines, signal } = options;
  await withTriggers(lab, 'destroy', { progress, signal, machines }, () =>
    withLabLock(paths, 'destroy', progress, signal, () =>
      machines.length === 0
        ? progress.phase('destroy', undefined, () => destroyLab(paths))
        : destroyMachines(paths, machines, progress, signal),
    ),
  );
}

/** The whole lab; the caller holds its lock. */
export async function destroyLab(paths: LabPaths): Promise<void> {
  await stopSandbox(paths);
  // Renamed first: a kill half way through leaves no half of a lab under its name.
  const doomed = `${paths.dir}.destroyed-${process.pid}`;
  await rename(paths.dir, doomed);
  await sweepDestroyed(paths);
}

/** Removes what this and earlier, killed destroys of the lab left. */
export async function sweepDestroyed(paths: LabPaths): Promise<void> {
  const folder = dirname(paths.dir);
  const prefix = `${basename(paths.dir)}.destroyed-`;
  const doomed = (await readdir(folder).catch(() => [])).filter((name) => name.startsWith(prefix));
  for (const name of doomed) await removeTree(join(folder, name));
}

async function destroyMachines(
  paths: LabPaths,
  names: readonly string[],
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  // Its memory would come back with the others'.
  if (await isSuspended(paths.snapshotsDir))
    throw new SkerryError('LAB_SUSPENDED', { data: { lab: paths.id, of: '' } });
  const running = (await isSandboxAlive(paths)) && (await sandboxStatus(paths.gatewaySocket));
  if (running) {
    await using connection = await connectLab(paths, signal);
    await Promise.all(
      names.map((name) =>
        progress.phase('destroy', name, async () => {
          try {
            const domain = await connection.domain(name);
            if (await domain.isActive()) await domain.destroy();
            await domain.undefine({ managedSave: true, nvram: true });
          } catch (error) {
            if (!isNotFound(error)) throw error;
          }
        }),
      ),
    );
  }
  for (const name of names) {
    if (!running) await rm(join(paths.libvirtDir, 'etc', 'qemu', `${name}.xml`), { force: true });
    await removeMachine(paths, name);
    for (const suffix of ['', '.pub'])
      await rm(join(paths.sshDir, 'hosts', `${name}${suffix}`), { force: true });
  }
}

/** Everything of a machine but the disk files that snapshots still need. */
async function removeMachine(paths: LabPaths, name: string): Promise<void> {
  const folder = join(paths.machinesDir, name);
  const needed = await neededDisks(paths, undefined);
  const files = await readdir(folder).catch((): string[] => []);
  const kept = files.filter((file) => needed.has(`${machineDir(name)}/${file}`));
  if (kept.length === 0) return removeTree(folder);
  for (const file of files) if (!kept.includes(file)) await removeTree(join(folder, file));
}
