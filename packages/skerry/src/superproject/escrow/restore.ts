import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { formatGit } from '../format-git.ts';
import { checkFiles, readManifest, refuseDamage } from './check-files.ts';
import { checkShape } from './check-shape.ts';
import type { Manifest } from './manifest.ts';
import { refuseTaken, Staging } from './staging.ts';
import { cloneWords, restoredNode, stockClone } from './stock-clone.ts';
import { stopBorrowing } from './since.ts';
import type { SourceNode } from './source-walk.ts';

export interface RestoredDeposit {
  readonly target: string;
  readonly manifest: Manifest;
}

export interface RestoreOptions {
  readonly signal?: AbortSignal | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

/**
 * Restores a deposit into a folder that is not there yet, or empty, after every file was checked. All or nothing; without
 * network. The clone's remote is the deposit.
 *
 * @throws SP_TARGET_TAKEN, SP_ESCROW_DAMAGED, SP_ESCROW_MANIFEST, and what runGit throws
 */
export async function restoreEscrow(
  path: string,
  target: string,
  options: RestoreOptions = {},
): Promise<RestoredDeposit> {
  const dir = resolve(path);
  const { signal, onProgress } = options;
  await using staging = await Staging.create(target);
  const manifest = await checked(dir, options);
  onProgress?.('restoring');
  const home = await mkdtemp(join(tmpdir(), 'skerry-escrow-'));
  try {
    await stockClone(dir, manifest, { target: staging.dir, home, signal });
    if (manifest.since !== undefined) {
      onProgress?.('taking in what the older deposits have');
      const node = await restoredNode(staging.dir, manifest.components);
      await stopBorrowing(gitDirsOf(node), signal);
    }
  } finally {
    await rm(home, { recursive: true, force: true });
  }
  await staging.publish();
  return { target: staging.target, manifest };
}

/**
 * What a restore would run. Every file is checked for it, as a restore does.
 *
 * @throws what restoreEscrow throws
 */
export async function planRestore(
  path: string,
  target: string,
  options: RestoreOptions = {},
): Promise<RestoredDeposit & { readonly commands: readonly string[] }> {
  const dir = resolve(path);
  const to = resolve(target);
  await refuseTaken(to);
  const manifest = await checked(dir, options);
  // In one that is incremental each clone takes in what it borrows.
  const repack = manifest.components.map(({ path: at }) =>
    formatGit(['repack', '-a', '-d', '--quiet'], join(to, at)),
  );
  const rewrites = manifest.rewrites.flatMap(({ url, path: at }) => [
    '-c',
    `url.${dir}/${at}.insteadOf=${url}`,
  ]);
  const clone = formatGit([...rewrites, ...cloneWords(dir, manifest, to)]);
  const commands = [clone, ...(manifest.since === undefined ? [] : repack)];
  return { target: to, manifest, commands };
}

/** @throws SP_ESCROW_DAMAGED, SP_ESCROW_MANIFEST */
async function checked(dir: string, { signal, onProgress }: RestoreOptions): Promise<Manifest> {
  onProgress?.('checking hashes');
  refuseDamage(dir, await checkFiles(dir, signal));
  const manifest = await readManifest(dir);
  refuseDamage(dir, await checkShape(dir, manifest));
  return manifest;
}

function* gitDirsOf(node: SourceNode): Generator<string> {
  yield node.gitDir;
  for (const below of node.components.values()) yield* gitDirsOf(below);
}
