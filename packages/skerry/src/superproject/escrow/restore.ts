import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { checkFiles, readManifest, refuseDamage } from './check-files.ts';
import { checkShape } from './check-shape.ts';
import type { Manifest } from './manifest.ts';
import { Staging } from './staging.ts';
import { restoredNode, stockClone } from './stock-clone.ts';
import { stopBorrowing } from './since.ts';
import type { SourceNode } from './source-walk.ts';

export interface RestoredDeposit {
  readonly target: string;
  readonly manifest: Manifest;
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
  options: {
    signal?: AbortSignal | undefined;
    onProgress?: ((text: string) => void) | undefined;
  } = {},
): Promise<RestoredDeposit> {
  const dir = resolve(path);
  const { signal, onProgress } = options;
  await using staging = await Staging.create(target);
  onProgress?.('checking hashes');
  refuseDamage(dir, await checkFiles(dir, signal));
  const manifest = await readManifest(dir);
  refuseDamage(dir, await checkShape(dir, manifest));
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

function* gitDirsOf(node: SourceNode): Generator<string> {
  yield node.gitDir;
  for (const below of node.components.values()) yield* gitDirsOf(below);
}
