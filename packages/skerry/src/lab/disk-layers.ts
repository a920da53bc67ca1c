// A snapshot freezes the files of the disks; what is written later goes into new files on top. Which file is on top is
// in the domain's XML, what each is based on in the files themselves.
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Connection } from '@skerry/libvirt';
import { makeDisk } from '../machine/disk.ts';
import type { DiskFile } from '../machine/domain-xml.ts';
import { parseDisks } from '../machine/parse-disks.ts';
import { readQcow2Head } from '../machine/qcow2.ts';
import { qemuOwner } from '../sandbox/config.ts';
import { listSnapshots } from '../snapshot/store.ts';
import { INSIDE, type LabPaths } from '../util/paths.ts';

/** The host's path of a file in the lab's state folder, given the one inside the sandbox; undefined for any other file. */
export function hostPath(paths: LabPaths, inside: string): string | undefined {
  const prefix = `${INSIDE.lab}/`;
  return inside.startsWith(prefix) ? join(paths.dir, inside.slice(prefix.length)) : undefined;
}

/** The same for all disks of a machine. */
export function hostPaths(paths: LabPaths, disks: readonly DiskFile[]): string[] {
  return disks.map(({ path }) => hostPath(paths, path) ?? path);
}

/** For `layerOf`: another one at each call, and the later the larger. */
export function newLayerId(): string {
  lastId = Math.max(lastId + 1, Date.now());
  return lastId.toString(36);
}
let lastId = 0;

/** The name of another file of the same disk. Pure. */
export function layerOf(path: string, id: string): string {
  return path.replace(/([^/.]+)(?:\.[^/]*)?\.qcow2$/, `$1.${id}.qcow2`);
}

/** Makes a new, empty file on top of each disk, and gives those. `id` goes into their names. */
export function addLayers(
  paths: LabPaths,
  disks: readonly DiskFile[],
  id: string,
): Promise<DiskFile[]> {
  const owner = qemuOwner();
  return Promise.all(
    disks.map(async (disk) => {
      const below = hostPath(paths, disk.path) ?? disk.path;
      const path = layerOf(disk.path, id);
      const { sizeBytes } = await readQcow2Head(below);
      await makeDisk({
        ...{ path: hostPath(paths, path) ?? path, backing: disk.path, sizeBytes, owner },
      });
      return { ...disk, path };
    }),
  );
}

/**
 * The same definition with other files as its disks. What libvirt had noted of the files below goes: it would be taken
 * instead of what the new files say themselves, and a layer between them would be left out with all that is in it. Pure.
 */
export function withDisks(xml: string, from: readonly DiskFile[], to: readonly DiskFile[]): string {
  return from.reduce((text, disk, at) => {
    const path = to[at]?.path ?? disk.path;
    return text.replace(`<source file='${disk.path}'`, `<source file='${path}'`);
  }, withoutBackingStores(xml));
}

/** They nest: the innermost go first. */
function withoutBackingStores(xml: string): string {
  const innermost =
    /\s*<backingStore\b(?:[^>]*\/>|(?:(?!<backingStore\b)[\s\S])*?<\/backingStore>)/g;
  for (let text = xml; ;) {
    const next = text.replace(innermost, '');
    if (next === text) return text;
    text = next;
  }
}

/** A disk's file and all it is based on, as far as these are in the lab's state folder: paths inside the sandbox. */
export async function chainOf(paths: LabPaths, disk: string): Promise<string[]> {
  const chain: string[] = [];
  for (let next: string | undefined = disk; next !== undefined;) {
    const path = hostPath(paths, next);
    if (path === undefined || chain.includes(next)) break;
    chain.push(next);
    next = (await readQcow2Head(path).catch(() => undefined))?.backing;
  }
  return chain;
}

/** Every disk file that a machine, running or not, or a snapshot needs: paths inside the sandbox. */
export async function neededDisks(
  paths: LabPaths,
  connection: Connection | undefined,
): Promise<Set<string>> {
  const snapshots = await listSnapshots(paths.snapshotsDir, true);
  const definitions = connection ? await liveXml(connection) : await storedXml(paths);
  const xml = [...definitions, ...snapshots.flatMap(({ machines }) => machines.map((m) => m.xml))];
  const tops = xml.flatMap((text) => parseDisks(text).map(({ path }) => path));
  const chains = await Promise.all([...new Set(tops)].map((path) => chainOf(paths, path)));
  return new Set(chains.flat());
}

/** Removes disk files that nothing needs any more. The caller holds the lab's lock. Gives how many. */
export async function sweepDisks(
  paths: LabPaths,
  connection: Connection | undefined,
): Promise<number> {
  const needed = await neededDisks(paths, connection);
  const files = await readdir(paths.machinesDir, { recursive: true }).catch((): string[] => []);
  const unused = files.filter(
    (file) => file.endsWith('.qcow2') && !needed.has(`${INSIDE.lab}/machines/${file}`),
  );
  for (const file of unused) await rm(join(paths.machinesDir, file), { force: true });
  return unused.length;
}

async function liveXml(connection: Connection): Promise<string[]> {
  const domains = await connection.domains();
  const both = domains.flatMap((domain) => [domain.xml(), domain.xml({ inactive: true })]);
  // One that goes meanwhile is not ours: we hold the lab's lock.
  return (await Promise.allSettled(both)).flatMap((one) =>
    one.status === 'fulfilled' ? [one.value] : [],
  );
}

async function storedXml(paths: LabPaths): Promise<string[]> {
  const folder = join(paths.libvirtDir, 'etc', 'qemu');
  const files = (await readdir(folder).catch((): string[] => [])).filter((f) => f.endsWith('.xml'));
  return Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
}
