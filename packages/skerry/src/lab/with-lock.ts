import { mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import { lockFile } from '../util/file-lock.ts';
import type { LabPaths } from '../util/paths.ts';
import { holderName } from './at-work.ts';
import type { Progress } from './progress.ts';

const WAIT_MS = 15 * 60_000;

/** Runs what changes a lab while nobody else does; a second command waits and says for whom. Readers take no lock. */
export async function withLabLock<T>(
  paths: LabPaths,
  command: string,
  progress: Progress,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  await mkdir(dirname(paths.dir), { recursive: true, mode: 0o700 });
  await using _lock = await lockFile(paths.applyLock, {
    holder: holderName(command, process.pid),
    timeoutMs: WAIT_MS,
    signal,
    onWait: (holder) => progress.note('lock', undefined, `waiting for ${holder}`),
  });
  return await work();
}
