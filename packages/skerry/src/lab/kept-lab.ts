// The second `up` of a lab whose provisioners have not changed: all machines come back as they were when the first had
// just provisioned them.
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Image } from '../image/store.ts';
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';
import { chooseUplink } from '../sandbox/uplink.ts';
import { stopSandbox } from '../sandbox/sandbox.ts';
import {
  findSnapshot,
  hasSnapshot,
  KEPT,
  listSnapshots,
  removeSnapshot,
} from '../snapshot/store.ts';
import { hostInputs } from '../template/key.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabPaths } from '../util/paths.ts';
import { removeTree } from '../util/rootless.ts';
import type { LabContext } from './context.ts';
import { copyLab } from './copy-lab.ts';
import { sweepDisks } from './disk-layers.ts';
import { factsOf } from './facts.ts';
import { endRestore } from './half-restored.ts';
import { type KeptLab, removeKept, storeKept, touchKept } from './kept-store.ts';
import { observeOffline } from './observe.ts';
import { restoreAs, type RestoreContext } from './snapshot-restore.ts';
import { saveAs } from './snapshot-save.ts';
import { messageOf } from '../util/message-of.ts';

export interface KeptInput {
  readonly lab: LabSpec;
  readonly labId: string;
  readonly machines: readonly MachineSpec[];
  readonly accel: 'kvm' | 'tcg';
  readonly images: ReadonlyMap<string, Image>;
  /** Hashes of the provisioners, by name. */
  readonly hashes: ReadonlyMap<string, string>;
}

/** Whether this is a lab that is kept: one of the user's own, with something to provision. Pure. */
export function isKeepable({ provision, fork, stateDir }: LabSpec): boolean {
  return (
    fork === undefined && stateDir === undefined && provision.some(({ run }) => run !== 'never')
  );
}

/**
 * Everything that a provisioned lab depends on: with any of it changed it is another one. libvirt's version is not in it,
 * which is known only when a sandbox runs: restoring compares that.
 */
export function keptKey({ lab, labId, machines, accel, images, hashes }: KeptInput): string {
  const parts = {
    format: 1,
    lab: [labId, lab.name, lab.network],
    host: hostInputs(''),
    hasUplink: chooseUplink() !== 'none',
    machines: machines.map((machine) => [
      machine.name,
      factsOf(machine, accel),
      ...[machine.aliases, machine.disks, machine.packages, machine.dependsOn, machine.ready],
      images.get(machine.image)?.digest,
    ]),
    trees: lab.trees,
    provision: lab.provision
      .filter(({ run }) => run !== 'never')
      .map(({ name, run, on, phase }) => [name, run, on, phase, hashes.get(name)]),
  };
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex').slice(0, 16);
}

/** Whether the lab has neither machines nor snapshots: nothing that could be lost. */
export async function isFromNothing(paths: LabPaths): Promise<boolean> {
  const [machines, snapshots] = await Promise.all([
    observeOffline(paths),
    listSnapshots(paths.snapshotsDir, true),
  ]);
  return machines.length === 0 && snapshots.length === 0;
}

/** Brings it back; false where that does not work: then nothing of it is left, and it says why. */
export async function restoreKept(context: RestoreContext, kept: KeptLab): Promise<boolean> {
  const { paths, progress, signal } = context;
  progress.say('kept', undefined, `coming back as it was provisioned (${dateOf(kept.made)})`);
  try {
    const snapshot = await findSnapshot(kept.paths.snapshotsDir, KEPT);
    await emptyLab(paths);
    await copyLab(kept.paths, paths, snapshot, KEPT);
    await restoreAs(context, KEPT, { consume: true });
    await touchKept(kept);
    return true;
  } catch (error) {
    signal.throwIfAborted();
    const reason = messageOf(error);
    progress.say('kept', undefined, `provisioning anew, for it cannot come back: ${reason}`);
    await discardRestored(paths);
    if (!(error instanceof SkerryError) || error.code !== 'DISK_FULL') await removeKept(kept.id);
    return false;
  }
}

/** Finishes one that was killed; where that does not work the lab is made anew. */
export async function finishKept(context: RestoreContext, isCold: boolean): Promise<void> {
  const { paths, progress, signal } = context;
  if (isCold || !(await hasSnapshot(paths.snapshotsDir, KEPT))) return discardRestored(paths);
  try {
    progress.say(
      'kept',
      undefined,
      'finishing the return of the provisioned lab, which was interrupted',
    );
    await restoreAs(context, KEPT, { consume: true });
  } catch (error) {
    signal.throwIfAborted();
    const reason = messageOf(error);
    progress.say('kept', undefined, `making it anew: ${reason}`);
    await discardRestored(paths);
  }
}

/** What a restore from there that failed or was killed has left of the lab. */
export async function discardRestored(paths: LabPaths): Promise<void> {
  await stopSandbox(paths);
  await removeTree(join(paths.libvirtDir, 'etc', 'qemu'));
  await endRestore(paths);
  await dropKeptSnapshot(paths);
  await emptyLab(paths);
}

async function emptyLab({ machinesDir }: LabPaths): Promise<void> {
  await removeTree(machinesDir);
  await mkdir(machinesDir, { recursive: true });
}

/** Keeps the lab as it is now, for which its machines stand still for a moment. Whatever fails, the lab is up and stays so. */
export async function keepLab(
  context: LabContext,
  machines: readonly MachineSpec[],
  key: string,
): Promise<void> {
  const { lab, paths, connection, progress, signal } = context;
  try {
    await progress.phase('keep', undefined, async () => {
      progress.note(
        'keep',
        undefined,
        'up after a destroy brings it back as it is now, in seconds',
      );
      const snapshot = await saveAs(context, { name: KEPT });
      const made = new Date().toISOString();
      const images = [...new Set(machines.map((machine) => context.imageOf(machine).digest))];
      await storeKept(
        {
          ...{ format: 1, lab: paths.id, name: lab.name, file: lab.file, key, made, images },
          host: snapshot.host,
        },
        (folder) => copyLab(paths, folder, snapshot, KEPT),
      );
    });
  } catch (error) {
    signal.throwIfAborted();
    const reason = messageOf(error);
    progress.say('keep', undefined, `the provisioned lab is not kept for later: ${reason}`);
  } finally {
    await dropKeptSnapshot(paths);
    await sweepDisks(paths, connection);
  }
}

/** Removes what a keep leaves in the lab's own folder, also when it was killed. Whether there was any. */
export async function dropKeptSnapshot({ snapshotsDir }: LabPaths): Promise<boolean> {
  const isThere = await hasSnapshot(snapshotsDir, KEPT);
  if (isThere) await removeSnapshot(snapshotsDir, KEPT);
  return isThere;
}

function dateOf(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
