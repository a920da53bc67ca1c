import { VerbError } from '../verb-error.ts';
import { attribute, parseXml } from '../xml/element.ts';
import { type Connection, isNotFound, type StorageVolume } from '@skerry/libvirt';
import type { VolumeId } from './unused-volumes.ts';

/**
 * The volume of a path. libvirt only knows what was in a pool when it looked last: a disk that another hypervisor made in a
 * shared pool is found by looking once more.
 *
 * @throws LibvirtError not found
 */
export async function findVolume(
  connection: Connection,
  path: string,
  signal: AbortSignal,
): Promise<StorageVolume> {
  try {
    return await connection.volumeByPath(path, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  const pools = await connection.pools({ active: true, signal });
  for (const pool of pools) await pool.refresh({ signal }).catch(() => {});
  return connection.volumeByPath(path, { signal });
}

/** The same by its names; undefined for what is in no pool, and so not libvirt's to delete. */
export async function findVolumeId(
  connection: Connection,
  path: string,
  signal: AbortSignal,
): Promise<VolumeId | undefined> {
  try {
    const volume = await findVolume(connection, path, signal);
    const pool = await connection.poolOfVolume(volume, { signal });
    return { pool: pool.name, name: volume.name };
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/**
 * The volume of a path, to be copied, as what a machine has it. libvirt looks for itself what a file is; what a guest
 * has written to a raw disk may look like qcow2 with any file of the host below it, which a copy would then have in it.
 *
 * @param format what the machine says that it is
 * @throws VerbError `conflict` when libvirt takes it for something else
 */
export async function findVolumeAs(
  connection: Connection,
  path: string,
  format: string,
  signal: AbortSignal,
): Promise<StorageVolume> {
  const volume = await findVolume(connection, path, signal);
  const pool = await connection.poolOfVolume(volume, { signal });
  await pool.refresh({ signal }).catch(() => {});
  const seen = attribute(parseXml(await volume.xml({ signal })), 'target/format', 'type');
  const isRaw = format === 'raw' && seen === 'iso';
  if (seen !== null && seen !== format && !isRaw)
    throw new VerbError(
      'conflict',
      `libvirt takes ${volume.name} for ${seen}, and it is ${format}`,
    );
  return volume;
}
