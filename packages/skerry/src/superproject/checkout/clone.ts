import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { runGit } from '../git.ts';
import type { Network } from '../network.ts';
import { readCheckout } from './checkout.ts';
import { selectFrom } from './select.ts';
import { sync, type SyncOptions, type SyncResult } from './sync.ts';

export interface CloneOptions extends Omit<SyncOptions, 'words' | 'cwd' | 'dryRun'> {
  readonly url: string;
  /** The folder; by itself the last part of the url, here. */
  readonly dir?: string | undefined;
  /** A branch or a tag of the superproject; by itself its default branch. */
  readonly ref?: string | undefined;
}

export interface CloneResult extends SyncResult {
  readonly dir: string;
}

const LONG_MS = 6 * 3_600_000;

/**
 * Clones a superproject and brings its components to their pins. The folder goes away again when the superproject itself
 * cannot be cloned or is refused, or the command is interrupted meanwhile; what fails after that, `sync` goes on with.
 *
 * @throws SP_DIR_EXISTS, and what runGit and sync throw
 */
export async function cloneSuperproject(
  network: Network,
  options: CloneOptions,
): Promise<CloneResult> {
  const { url, ref, depth, reference, groups = [], onProgress, ...rest } = options;
  const dir = resolve(options.dir ?? folderOf(url));
  if (existsSync(dir) && readdirSync(dir).length > 0)
    throw new SkerryError('SP_DIR_EXISTS', { data: { dir } });
  onProgress?.(`cloning ${basename(dir)}`);
  const args = [
    ...['clone', '--quiet', '--no-recurse-submodules'],
    ...(ref === undefined ? [] : [`--branch=${ref}`]),
    ...(depth === undefined ? [] : [`--depth=${depth}`]),
    ...(reference === undefined ? [] : [`--reference-if-able=${resolve(reference)}`]),
  ];
  try {
    await network.git([...args, '--', url, dir], { url, timeoutMs: LONG_MS });
    // What is refused as a whole leaves nothing: the same command with other words is not to find a folder in its way.
    selectFrom(await readCheckout(dir, network.signal), { groups });
  } catch (error) {
    await rm(dir, { recursive: true, force: true, maxRetries: 3 });
    if (network.signal?.aborted)
      throw new DOMException('nothing is left of it; the same command begins anew', 'AbortError');
    throw noRef(error, url, ref);
  }
  // Later syncs keep to the branches, and to the groups that were asked for.
  if (rest.attach) await runGit(['config', 'superproject.attach', 'true'], { cwd: dir });
  if (groups.length > 0)
    await runGit(['config', 'superproject.group', groups.join(',')], { cwd: dir });
  const from = reference === undefined ? undefined : resolve(reference);
  return {
    dir,
    ...(await sync(network, dir, { ...rest, depth, groups, reference: from, onProgress })),
  };
}

/** @example folderOf('git@example.org:product/all.git') // 'all' */
export function folderOf(url: string): string {
  const last = url
    .replace(/\/+$/, '')
    .replace(/\/?\.git$/, '')
    .split(/[/:]/)
    .at(-1);
  return last || 'superproject';
}

function noRef(error: unknown, url: string, ref: string | undefined): unknown {
  if (!(error instanceof SkerryError) || !/Remote branch .* not found/.test(error.message))
    return error;
  return new SkerryError('SP_REF_MISSING', {
    data: {
      url,
      what: `branch or tag '${ref}'`,
      where: '',
      advice: `see what it has: git ls-remote --heads --tags ${url}`,
    },
    cause: error,
  });
}
