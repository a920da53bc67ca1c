import { readFile, rm, writeFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join, relative, resolve, sep } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { runGit } from '../git.ts';
import { readManifest } from './check-files.ts';
import type { Manifest, ManifestRepository } from './manifest.ts';
import { hashFile, SUMS } from './sums.ts';

/** An older deposit that a new one takes objects from. */
export interface Base {
  readonly dir: string;
  readonly sha256: string;
  readonly repositories: readonly ManifestRepository[];
}

/** git follows repositories that borrow from each other five deep (Documentation/gitrepository-layout). */
const MAX_CHAIN = 4;
const ALTERNATES = join('objects', 'info', 'alternates');
const LONG_MS = 6 * 3_600_000;

/** Reads the deposit that a new one is to build on. @throws SP_ESCROW_MANIFEST, SP_ESCROW_CHAIN */
export async function openBase(path: string): Promise<Base> {
  const dir = resolve(path);
  const manifest = await readManifest(dir);
  let length = 1;
  for (let at = basePath(dir, manifest); at !== undefined; length++) {
    if (length >= MAX_CHAIN)
      throw new SkerryError('SP_ESCROW_CHAIN', { data: { dir, most: MAX_CHAIN } });
    at = basePath(at, await readManifest(at));
  }
  const { repositories } = manifest;
  return { dir, repositories, sha256: await hashFile(join(dir, SUMS)) };
}

/** Where the deposit lies that another one builds on; none for a complete one. */
export function basePath(dir: string, { since }: Pick<Manifest, 'since'>): string | undefined {
  return since === undefined ? undefined : resolve(dir, since.path);
}

/** What the manifest says of the older deposit: from folder to folder, so that both may be moved together. */
export function sinceOf(base: Base, target: string): Manifest['since'] {
  return { path: relative(target, base.dir).split(sep).join('/'), sha256: base.sha256 };
}

/**
 * Lets a packed repository borrow from the same one of the older deposit, by a relative path.
 *
 * @param at where the repository will be
 */
export async function borrow(gitDir: string, at: string, from: string): Promise<void> {
  const path = relative(join(at, 'objects'), join(from, 'objects')).split(sep).join('/');
  await writeFile(join(gitDir, ALTERNATES), `${path}\n`);
}

/** Takes into a clone what it borrows, its components' repositories included, so that it needs no deposit any more. */
export async function stopBorrowing(
  gitDirs: Iterable<string>,
  signal?: AbortSignal,
): Promise<void> {
  for (const gitDir of gitDirs) {
    const file = join(gitDir, ALTERNATES);
    if (!existsSync(file) || (await readFile(file, 'utf8')).trim() === '') continue;
    const args = ['repack', '-a', '-d', '--quiet'];
    await runGit(args, { cwd: gitDir, signal, timeoutMs: LONG_MS, env: { GIT_DIR: gitDir } });
    await rm(file);
  }
}

/** The repository of the older deposit at the same place, from the same remote. */
export function sameIn(
  base: Base | undefined,
  { path, url }: Pick<ManifestRepository, 'path' | 'url'>,
): (ManifestRepository & { readonly gitDir: string }) | undefined {
  const found = base?.repositories.find((each) => each.path === path && each.url === url);
  return found && base ? { ...found, gitDir: join(base.dir, path) } : undefined;
}
