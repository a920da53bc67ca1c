// The snapshots of a lab: snapshots/NAME in its state folder, with snapshot.json and, for each machine that ran, a folder
// with its frozen memory. Disks stay where they are, with those of the machines: a snapshot only names the files.
import { chmod, mkdir, mkdtemp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../util/errors.ts';
import { removeTree } from '../util/rootless.ts';
import { treeBytes } from '../util/tree-bytes.ts';

/** A machine as it was. */
export interface SnapshotMachine {
  readonly name: string;
  /** `paused` is what a person had paused. Of one that was off there is no memory. */
  readonly state: 'running' | 'paused' | 'shutoff';
  readonly memoryMiB: number;
  /** Its definition. The disks in it are never written again. */
  readonly xml: string;
}

/** snapshot.json. */
export interface SnapshotRecord {
  readonly format: 1;
  readonly name: string;
  /** ISO 8601: the instant all machines stood still. */
  readonly taken: string;
  readonly description?: string | undefined;
  /** How long the machines stood still for it, in milliseconds. */
  readonly pauseMs: number;
  readonly accel: 'kvm' | 'tcg';
  /** libvirt, QEMU, kernel and CPU of the host: memory may not fit others. */
  readonly host: Readonly<Record<string, string>>;
  readonly machines: readonly SnapshotMachine[];
}

export interface Snapshot extends SnapshotRecord {
  readonly dir: string;
}

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;
const STAGING = '.saving-';
const DOOMED = '.deleted-';
/** What `snapshot push` calls them. */
export const PUSHED: RegExp = /^push-(\d+)$/;
/** A snapshot of Skerry's own, for as long as the lab is suspended. */
export const SUSPENDED = '.suspended';
/** The same while a provisioned lab is kept for later, or comes back from there. */
export const KEPT = '.kept';
/** Of a fork that is being made, under the lab's lock. */
export const FOR_FORK = '.fork-';

/** @throws SNAPSHOT_NAME */
export function checkSnapshotName(name: string): void {
  if (!NAME.test(name)) throw new SkerryError('SNAPSHOT_NAME', { data: { name } });
}

/** @throws SNAPSHOT_MISSING, naming those there are; SNAPSHOT_DAMAGED */
export async function findSnapshot(store: string, name: string): Promise<Snapshot> {
  const dir = join(store, name);
  const text = await readFile(join(dir, 'snapshot.json'), 'utf8').catch(() => undefined);
  if (text === undefined) {
    const known = (await listSnapshots(store)).map((snapshot) => snapshot.name).join(', ');
    throw new SkerryError('SNAPSHOT_MISSING', { data: { name, known: known || 'none' } });
  }
  const record = parseRecord(text);
  if (!record)
    throw new SkerryError('SNAPSHOT_DAMAGED', { data: { file: join(dir, 'snapshot.json') } });
  return { ...record, dir };
}

/** Whether it is there, whole or not. Names with a dot in front are Skerry's own. */
export async function hasSnapshot(store: string, name: string): Promise<boolean> {
  return (await readdir(store).catch((): string[] => [])).includes(name);
}

/** Whether the lab whose snapshots these are is suspended. */
export function isSuspended(store: string): Promise<boolean> {
  return hasSnapshot(store, SUSPENDED);
}

/** All whole ones, the oldest first; those of Skerry's own only if asked for. */
export async function listSnapshots(store: string, isAll = false): Promise<Snapshot[]> {
  const names = await readdir(store).catch((): string[] => []);
  const found = await Promise.all(
    names
      .filter((name) => isAll || NAME.test(name))
      .map(async (name) => {
        const dir = join(store, name);
        const text = await readFile(join(dir, 'snapshot.json'), 'utf8').catch(() => '');
        const record = parseRecord(text);
        return record && { ...record, dir };
      }),
  );
  const whole = found.filter((snapshot) => snapshot !== undefined);
  return whole.sort((a, b) => (a.taken < b.taken ? -1 : 1));
}

/** A folder to save into. */
export async function stageSnapshot(store: string): Promise<string> {
  await mkdir(store, { recursive: true });
  const staging = await mkdtemp(join(store, STAGING));
  // QEMU, which may be another user, has to get through to the memory.
  await chmod(staging, 0o711);
  return staging;
}

/** Removes what killed saves, deletes and forks left: the caller holds the lab's lock. Gives how many there were. */
export async function sweepSnapshots(store: string): Promise<number> {
  const entries = await readdir(store).catch((): string[] => []);
  const left = entries.filter((entry) =>
    [STAGING, DOOMED, FOR_FORK].some((prefix) => entry.startsWith(prefix)),
  );
  for (const entry of left) await removeTree(join(store, entry));
  return left.length;
}

/** Writes snapshot.json, which makes a folder a snapshot. */
export async function writeSnapshotRecord(dir: string, record: SnapshotRecord): Promise<void> {
  const text = `${JSON.stringify(record, undefined, 2)}\n`;
  await writeFile(join(dir, 'snapshot.json'), text, { flush: true });
}

/** Gives a filled folder its name, in one step. */
export async function commitSnapshot(
  store: string,
  staging: string,
  record: SnapshotRecord,
): Promise<Snapshot> {
  await writeSnapshotRecord(staging, record);
  const dir = join(store, record.name);
  await rename(staging, dir);
  return { ...record, dir };
}

/** Removes it, in one step as far as others can see. The disk files that only it needed are the caller's to remove. */
export async function removeSnapshot(store: string, name: string): Promise<void> {
  const doomed = join(store, `${DOOMED}${name}-${process.pid}`);
  await rename(join(store, name), doomed);
  await removeTree(doomed);
}

/** What its memory takes on disk, in bytes. */
export function snapshotBytes({ dir }: Snapshot): Promise<number> {
  return treeBytes(dir);
}

function parseRecord(text: string): SnapshotRecord | undefined {
  try {
    const record = JSON.parse(text) as SnapshotRecord;
    return record.format === 1 && Array.isArray(record.machines) ? record : undefined;
  } catch {
    return undefined;
  }
}
