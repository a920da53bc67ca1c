// Which files are a machine's disks. The domain's XML says so where there is a domain; else they are chosen here, and none
// of them is a file that a snapshot needs.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { type Connection, isNotFound } from '@skerry/libvirt';
import type { DiskFile } from '../machine/domain-xml.ts';
import { parseDisks } from '../machine/parse-disks.ts';
import type { LabPaths } from '../util/paths.ts';
import type { MachineSpec } from '../lab-file/spec.ts';
import { addLayers, hostPath, layerOf, neededDisks, newLayerId } from './disk-layers.ts';
import { firstDisks } from './facts.ts';

/** Those its domain has; of disks that are new, or again, in the lab file, the first file or one on top of it. */
export async function disksOf(
  paths: LabPaths,
  connection: Connection,
  machine: MachineSpec,
): Promise<DiskFile[]> {
  const known = parseDisks(await definitionOf(connection, machine.name));
  const frozen = await frozenAmong(paths, connection, firstDisks(machine));
  return Promise.all(
    firstDisks(machine).map(async (disk) => {
      const found = known.find(({ serial }) => serial === disk.serial);
      if (found || !frozen.has(disk.path)) return found ?? disk;
      const [layer = disk] = await addLayers(paths, [disk], newLayerId());
      return layer;
    }),
  );
}

/** Those of a machine that does not exist: none of the files is there. What is left of one of that name is removed. */
export async function newDisksOf(
  paths: LabPaths,
  connection: Connection,
  machine: MachineSpec,
): Promise<DiskFile[]> {
  const disks = firstDisks(machine);
  const frozen = await frozenAmong(paths, connection, disks);
  const id = newLayerId();
  return Promise.all(
    disks.map(async (disk) => {
      if (frozen.has(disk.path)) return { ...disk, path: layerOf(disk.path, id) };
      await rm(hostPath(paths, disk.path) ?? disk.path, { force: true });
      return disk;
    }),
  );
}

/** Its definition as libvirt keeps it; empty where there is none. */
export async function definitionOf(connection: Connection, name: string): Promise<string> {
  try {
    const domain = await connection.domain(name);
    return await domain.xml({ inactive: true });
  } catch (error) {
    if (isNotFound(error)) return '';
    throw error;
  }
}

/** Which of the files a snapshot needs. Nearly always there is none to ask about. */
async function frozenAmong(
  paths: LabPaths,
  connection: Connection,
  disks: readonly DiskFile[],
): Promise<ReadonlySet<string>> {
  const isThere = disks.some(({ path }) => existsSync(hostPath(paths, path) ?? path));
  return isThere ? neededDisks(paths, connection) : new Set();
}
