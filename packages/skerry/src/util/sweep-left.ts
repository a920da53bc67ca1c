import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { isAlive } from './is-alive.ts';

/**
 * Removes what processes that are gone left in a folder. What has no number of a process in its name is somebody else's.
 *
 * @param pidOf the number in the name of one of ours, in digits
 *
 * @example
 * await sweepLeft('/srv', (name) => /^\.part-(\d+)$/.exec(name)?.[1]);
 */
export async function sweepLeft(
  folder: string,
  pidOf: (name: string) => string | undefined,
): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const pid = Number(pidOf(name) ?? 0);
    if (pid > 0 && !isAlive(pid))
      await rm(join(folder, name), { recursive: true, force: true, maxRetries: 3 });
  }
}
