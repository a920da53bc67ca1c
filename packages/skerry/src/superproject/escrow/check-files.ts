import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { type Manifest, MANIFEST, parseManifest } from './manifest.ts';
import { hashFile, listDeposit, parseSums, SUMS } from './sums.ts';

/** A file of a deposit that is not as it was. */
export interface Damage {
  readonly path: string;
  readonly problem: string;
}

/**
 * Checks every file of a deposit against its hash; finds those that are missing, and those that are too many.
 *
 * @throws SP_ESCROW_MANIFEST when there is no list of hashes
 */
export async function checkFiles(dir: string, signal?: AbortSignal): Promise<Damage[]> {
  const file = join(dir, SUMS);
  if (!existsSync(file))
    throw new SkerryError('SP_ESCROW_MANIFEST', { data: { file, reason: 'it is not there' } });
  const { sums, problems } = parseSums(await readFile(file, 'utf8'));
  const { files, odd } = await listDeposit(dir);
  const damaged: Damage[] = problems.map((line) => ({
    path: SUMS,
    problem: `a line in it is damaged: ${line.slice(0, 100)}`,
  }));
  const there = new Set(files);
  for (const [path, sum] of sums) {
    if (!there.has(path)) damaged.push({ path, problem: 'missing' });
    else if ((await readHash(join(dir, path), signal)) !== sum)
      damaged.push({ path, problem: 'altered' });
  }
  for (const path of files)
    if (!sums.has(path)) damaged.push({ path, problem: 'not part of the deposit' });
  for (const path of odd) damaged.push({ path, problem: 'neither a file nor a folder' });
  return damaged;
}

/** A file that cannot be read has no hash: that is damage as well. */
async function readHash(path: string, signal?: AbortSignal): Promise<string> {
  try {
    return await hashFile(path, signal);
  } catch (error) {
    signal?.throwIfAborted();
    return (error as Error).message;
  }
}

/** The manifest of a deposit. @throws SP_ESCROW_MANIFEST */
export async function readManifest(dir: string): Promise<Manifest> {
  const file = join(dir, MANIFEST);
  const text = await readFile(file, 'utf8').catch(() => '');
  return parseManifest(text, file);
}

/** @throws SP_ESCROW_DAMAGED when there is damage */
export function refuseDamage(dir: string, damaged: readonly Damage[]): void {
  if (damaged.length === 0) return;
  const reason = damaged.map(({ path, problem }) => `  ${path}: ${problem}`).join('\n');
  throw new SkerryError('SP_ESCROW_DAMAGED', { data: { dir, reason } });
}
