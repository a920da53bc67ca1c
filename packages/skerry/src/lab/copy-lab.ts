// A lab's snapshot in another state folder, by hard links: its files are never written again, so each may go without the other.
import { existsSync } from 'node:fs';
import { link, mkdir, readdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseDisks } from '../machine/parse-disks.ts';
import { type Snapshot, writeSnapshotRecord } from '../snapshot/store.ts';
import type { LabPaths } from '../util/paths.ts';
import { chainOf, hostPath } from './disk-layers.ts';
import { copyKeys } from './snapshot-save.ts';

/** The snapshot with all that it needs, under the names these have in every sandbox. Its record, under `name`, comes last. */
export async function copyLab(
  from: LabPaths,
  to: LabPaths,
  snapshot: Snapshot,
  name: string,
): Promise<void> {
  await mkdir(to.dir, { recursive: true, mode: 0o700 });
  for (const { xml } of snapshot.machines)
    for (const { path } of parseDisks(xml))
      for (const file of await chainOf(from, path)) await linkInto(from, to, file);
  const copy = join(to.snapshotsDir, name);
  await linkTree(snapshot.dir, copy, ['snapshot.json', 'ssh']);
  await copyKeys(join(snapshot.dir, 'ssh'), join(copy, 'ssh'));
  const { dir: _, ...record } = snapshot;
  await writeSnapshotRecord(copy, { ...record, name });
}

async function linkInto(from: LabPaths, to: LabPaths, inside: string): Promise<void> {
  const [source, target] = [hostPath(from, inside), hostPath(to, inside)];
  if (source === undefined || target === undefined || existsSync(target)) return;
  await mkdir(dirname(target), { recursive: true });
  await link(source, target);
}

async function linkTree(from: string, to: string, except: readonly string[]): Promise<void> {
  await mkdir(to, { recursive: true, mode: 0o711 });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    if (except.includes(entry.name)) continue;
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target, []);
    else await link(source, target);
  }
}
