import { shellWord } from '../../util/shell-quote.ts';
import { mkdir, mkdtemp, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SkerryError, SkerryErrors } from '../../util/errors.ts';
import { runGit } from '../git.ts';
import { formatGit } from '../format-git.ts';
import type { Network } from '../network.ts';
import { readCheckout } from './checkout.ts';
import { sweepWhole, WHOLE } from './clone-component.ts';
import { CALM } from './changes.ts';
import { removeEmpty } from './left-over.ts';
import { planClone } from './plan-clone.ts';
import { selectFrom } from './select.ts';
import { sync, type SyncOptions, type SyncResult } from './sync.ts';

export interface CloneOptions extends Omit<SyncOptions, 'words' | 'cwd'> {
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
 * Clones a superproject and brings its components to their pins. When the superproject itself cannot be cloned or is
 * refused, or the command is interrupted meanwhile, all is as it was before; what fails after that, `sync` goes on with.
 *
 * @throws SP_DIR_EXISTS, and what runGit and sync throw
 */
export async function cloneSuperproject(
  network: Network,
  options: CloneOptions,
): Promise<CloneResult> {
  const { url, ref, depth, reference, groups = [], onProgress, ...rest } = options;
  const dir = resolve(options.dir ?? folderOf(url));
  onProgress?.(`cloning ${basename(dir)}`);
  if (options.dryRun) await refuseFull(dir);
  const args = [
    ...['clone', '--quiet', '--no-recurse-submodules'],
    ...(ref === undefined ? [] : [`--branch=${ref}`]),
    ...(depth === undefined ? [] : [`--depth=${depth}`]),
    ...(reference === undefined ? [] : [`--reference-if-able=${resolve(reference)}`]),
  ];
  const told = (error: unknown, place: string): unknown =>
    toldOf(noRef(error, url, ref), place, dir);
  if (options.dryRun) {
    const settings = settingsOf(options).map((setting) => formatGit(setting, dir));
    return await planClone(network, { args, settings, dir, options, told });
  }
  await makeIn(dir, async (place) => {
    try {
      await network.git([...CALM, ...args, '--', url, place], { url, timeoutMs: LONG_MS });
      // What is refused as a whole leaves nothing: the same command with other words is not to find a folder in its way.
      selectFrom(await readCheckout(place, network.signal), { groups });
    } catch (error) {
      if (network.signal?.aborted)
        throw new DOMException('nothing is left of it; the same command begins anew', 'AbortError');
      throw told(error, place);
    }
  });
  // Later syncs keep to the branches, and to the groups that were asked for.
  for (const setting of settingsOf(options)) await runGit(setting, { cwd: dir });
  const from = reference === undefined ? undefined : resolve(reference);
  return {
    dir,
    ...(await sync(network, dir, { ...rest, depth, groups, reference: from, onProgress })),
  };
}

function settingsOf({ attach, groups = [] }: CloneOptions): string[][] {
  return [
    ...(attach ? [['config', 'superproject.attach', 'true']] : []),
    ...(groups.length > 0 ? [['config', 'superproject.group', groups.join(',')]] : []),
  ];
}

/** @throws SP_DIR_EXISTS */
async function refuseFull(dir: string): Promise<void> {
  const isOther = (name: string): boolean => !name.startsWith(WHOLE);
  if ((await entriesOf(dir)).some(isOther))
    throw new SkerryError('SP_DIR_EXISTS', { data: { dir } });
}

/**
 * Has `make` fill a folder inside of `dir`, and moves all of it up. git's own folder goes first, and only one of two
 * that do this at once can put it there. So nothing that is not ours is ever removed, nor anything that was there.
 *
 * @throws SP_DIR_EXISTS, SP_SCRATCH, and what `make` throws
 */
async function makeIn(dir: string, make: (place: string) => Promise<void>): Promise<void> {
  const isOther = (name: string): boolean => !name.startsWith(WHOLE);
  const taken = (): SkerryError => new SkerryError('SP_DIR_EXISTS', { data: { dir } });
  await sweepWhole(dir);
  if ((await entriesOf(dir)).length > 0) throw taken();
  const { made, temporary } = await temporaryIn(dir);
  try {
    const place = join(temporary, 'clone');
    await make(place);
    if ((await entriesOf(dir)).some(isOther)) throw taken();
    await moveUp(place, dir);
  } finally {
    // Whatever is wrong with this, what went wrong before is what is to be told.
    await rm(temporary, { recursive: true, force: true, maxRetries: 3 }).catch(() => {});
    if (made !== undefined) await removeEmpty(dir, dirname(made));
  }
}

/**
 * All of it or nothing. While git's own folder is there nobody else puts anything there, so it is the first to come and the
 * last to go back.
 */
async function moveUp(place: string, dir: string): Promise<void> {
  const rest = (await readdir(place)).filter((name) => name !== '.git');
  const moved: string[] = [];
  try {
    for (const name of ['.git', ...rest]) {
      await rename(join(place, name), join(dir, name));
      moved.unshift(name);
    }
  } catch (error) {
    for (const name of moved) await rename(join(dir, name), join(place, name)).catch(() => {});
    throw inTheWay(dir, error as NodeJS.ErrnoException);
  }
}

function inTheWay(dir: string, cause: NodeJS.ErrnoException): SkerryError {
  const isTaken = ['EEXIST', 'ENOTEMPTY', 'EISDIR', 'ENOTDIR'].includes(cause.code ?? '');
  return isTaken
    ? new SkerryError('SP_DIR_EXISTS', { data: { dir }, cause })
    : unwritable(dir, cause);
}

/** A file is as much in the way as a folder with something in it. */
async function entriesOf(dir: string): Promise<readonly string[]> {
  return readdir(dir).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') return [basename(dir)];
    throw unwritable(dir, error);
  });
}

/** `made`: the first folder on the way that was not there. */
async function temporaryIn(dir: string): Promise<{ made: string | undefined; temporary: string }> {
  try {
    const made = await mkdir(dir, { recursive: true });
    return { made, temporary: await mkdtemp(join(dir, `${WHOLE}${process.pid}-`)) };
  } catch (error) {
    throw unwritable(dir, error as NodeJS.ErrnoException);
  }
}

function unwritable(dir: string, cause: NodeJS.ErrnoException): SkerryError {
  const data = { dir, reason: cause.code ?? String(cause) };
  const hint = 'make room there, or name a folder you can write to';
  return new SkerryError('SP_SCRATCH', { data, hint, cause });
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
      advice: `see what it has: git ls-remote --heads --tags ${shellWord(url)}`,
    },
    cause: error,
  });
}

/** The error with the folder that was asked for instead of the one it was made in. */
function toldOf(error: unknown, from: string, to: string): unknown {
  if (error instanceof SkerryErrors)
    return new SkerryErrors(error.errors.map((one) => toldOf(one, from, to) as SkerryError));
  if (!(error instanceof SkerryError)) return error;
  const told = (text: string): string => text.replaceAll(from, to);
  const data = Object.entries(error.data).map(([key, value]) => [
    key,
    typeof value === 'string' ? told(value) : value,
  ]);
  const { code, place, field, cause } = error;
  return new SkerryError(code, {
    data: Object.fromEntries(data) as SkerryError['data'],
    hint: told(error.hint),
    cause,
    ...(place && { place: { ...place, file: told(place.file) } }),
    ...(field !== undefined && { field }),
  });
}
