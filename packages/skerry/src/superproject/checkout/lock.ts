import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { lockFile } from '../../util/file-lock.ts';
import type { Network } from '../network.ts';
import { findGitDir } from './git-dir.ts';

export interface LockOptions {
  /** The subcommand, for whoever waits. */
  readonly command: string;
  /** It changes nothing, so it takes no lock. */
  readonly isDryRun?: boolean | undefined;
  /** How long another command is waited for. */
  readonly waitMs?: number;
}

/**
 * One command at a time changes a checkout: two that clone the same component would be in each other's way. The lock of one
 * that was killed is free at once. No git takes it: for its own files git has locks.
 *
 * @throws SP_CHECKOUT_BUSY, with who holds it
 */
export async function lockCheckout(
  { signal }: Network,
  root: string,
  { command, isDryRun, waitMs = WAIT_MS }: LockOptions,
): Promise<AsyncDisposable> {
  const at = findGitDir(root);
  // What is no checkout is refused by who reads it.
  if (isDryRun || !at) return { [Symbol.asyncDispose]: async () => {} };
  const holder = `skerry superproject ${command}, process ${process.pid}`;
  try {
    return await lockFile(join(at.gitDir, LOCK), { holder, timeoutMs: waitMs, signal });
  } catch (error) {
    if (!(error instanceof SkerryError) || error.code !== 'LOCK_TIMEOUT') throw error;
    const data = { root, holder: error.data['holder'] ?? '' };
    throw new SkerryError('SP_CHECKOUT_BUSY', { data, cause: error });
  }
}

/** It stays, and is no sign that anybody holds it: so it has not the name of git's locks. */
const LOCK = 'skerry-superproject';
const WAIT_MS = 10_000;
