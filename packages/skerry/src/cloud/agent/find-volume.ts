import { type Connection, isNotFound, type StorageVolume } from '@skerry/libvirt';

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
