import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { lockFile } from '../../util/file-lock.ts';
import { each } from '../checkout/each.ts';
import { type Layout, layoutOf } from '../layout.ts';
import { shownUrl } from '../module-url.ts';
import type { Network } from '../network.ts';
import { type FoundUse, namedCommits, pinsEver, pinsOf, usesIn } from './discover.ts';
import { fetchPins, makeMirror, missingCommits, updateMirror } from './update-repository.ts';

export interface MirrorOptions {
  /** The superproject's remote. */
  readonly url: string;
  readonly dir: string;
  /** Remove branches and tags that are gone on the remotes; their commits stay. */
  readonly isPruning?: boolean | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface MirroredRepository {
  /** Its folder in the mirror; none for a new one that could not be fetched. */
  readonly path: string | undefined;
  readonly url: string;
  readonly status: 'new' | 'updated' | 'unchanged' | 'failed';
  /** Refs that changed. */
  readonly refs: number;
  /** Why it failed, or which pinned commits were not asked for. */
  readonly reason?: string;
  /** Pinned commits that are nowhere any more, neither on the remote nor here. */
  readonly gone: readonly string[];
}

export interface MirrorResult {
  readonly dir: string;
  /** The superproject's folder in it. */
  readonly main: string;
  readonly repositories: readonly MirroredRepository[];
  /** What is wrong with `.gitmodules` of some commit, whose components are not in the mirror for that. */
  readonly refused: readonly string[];
  readonly connections: number;
}

/** The file mirror.json: which folder is whose, by keyOf the remote. */
interface Record1 {
  readonly format: 1;
  readonly url: string;
  readonly paths: Readonly<Record<string, string>>;
}

interface Work {
  readonly network: Network;
  readonly dir: string;
  readonly options: MirrorOptions;
  /** keyOf the remote to folder, of those that are in their place. */
  readonly known: Map<string, string>;
  /** What was done, by remote. */
  readonly done: Map<string, MirroredRepository>;
  readonly uses: FoundUse[];
  readonly refused: Set<string>;
}

const RECORD = 'mirror.json';
const LOCK = 'mirror.lock';
const INCOMING = 'incoming';
const GITCONFIG = 'gitconfig';
export const RESERVED = [RECORD, LOCK, INCOMING, GITCONFIG, 'external'];
const MAX_LEVEL = 16;
/** Repositories at once: as many as a host is asked for at most. */
const WIDTH = 32;

/**
 * Makes, or brings up to date, bare mirrors of a superproject and all components that its branches and tags name, in one
 * folder and as they lie to each other. One connection each where nothing moved. Interrupted, the next run goes on. A
 * repository that fails does not stop the others. Nothing that is in the mirror is ever removed.
 *
 * @throws SP_TARGET_TAKEN, SP_MIRROR_OTHER, SP_MIRROR_LAYOUT, LOCK_TIMEOUT; what runGit throws for the superproject
 */
export async function updateMirrors(
  network: Network,
  options: MirrorOptions,
): Promise<MirrorResult> {
  const dir = resolve(options.dir);
  await mkdir(dir, { recursive: true });
  await refuseOther(dir);
  await using _lock = await lockFile(join(dir, LOCK), {
    holder: 'another run of skerry superproject mirror',
    timeoutMs: 60_000,
    signal: network.signal,
  });
  const known = await readRecord(dir, options.url);
  await bringInRest(dir, known);
  const work: Work = {
    network,
    dir,
    options,
    known,
    done: new Map(),
    uses: [],
    refused: new Set(),
  };
  const { url } = options;
  await update(work, url, 'the superproject', true);
  await followComponents(work);
  const layout = layoutOf(url, work.uses, RESERVED);
  await place(work, layout);
  const repositories = [...work.done.values()].sort((a, b) => compare(a.url, b.url));
  // What is half there goes on next time.
  if (!repositories.some(({ status }) => status === 'failed'))
    await rm(join(dir, INCOMING), { recursive: true, force: true });
  const { connections } = network;
  return { dir, main: layout.main, repositories, refused: [...work.refused], connections };
}

/** Level by level: components, then the components of components. */
async function followComponents(work: Work): Promise<void> {
  const { network, options } = work;
  const main = gitDirOf(work, options.url);
  const all = await namedCommits(main, network.signal);
  const first = await usesIn(main, options.url, all, readOptions(work));
  let level = [
    {
      uses: first,
      pins: await pinsEver(main, network.signal),
      tips: await pinsOf(main, all, network.signal),
    },
  ];
  for (let depth = 0; level.length > 0 && depth < MAX_LEVEL; depth++) {
    const uses = level.flatMap((one) => one.uses);
    const fresh = uses.filter((use) => !work.uses.some((known) => isSameUse(known, use)));
    work.uses.push(...fresh);
    const remotes = Map.groupBy(fresh, ({ remote }) => remote);
    await each([...remotes], WIDTH, ([remote, [use]]) => update(work, remote, use?.name ?? remote));
    const next = level.map(async ({ uses: own, pins, tips }) => {
      await findGone(work, own, pins);
      return nested(work, own, tips);
    });
    level = (await Promise.all(next)).flat();
  }
}

type Level = { uses: FoundUse[]; pins: Map<string, Set<string>>; tips: Map<string, Set<string>> };

/** The components that pinned commits of components have. */
async function nested(
  work: Work,
  uses: readonly FoundUse[],
  tips: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<Level[]> {
  const { signal } = work.network;
  const levels: Level[] = [];
  for (const { path, remote } of uses) {
    if (work.done.get(remote)?.status === 'failed') continue;
    const gitDir = gitDirOf(work, remote);
    const missing = new Set(await missingCommits(gitDir, tips.get(path) ?? [], signal));
    const here = [...(tips.get(path) ?? [])].filter((pin) => !missing.has(pin));
    const below = await usesIn(gitDir, remote, here, readOptions(work));
    if (below.length === 0) continue;
    const pins = await pinsOf(gitDir, here, signal);
    levels.push({ uses: below, pins, tips: pins });
  }
  return levels;
}

/** Brings one repository up to date, once. Only the superproject's failure ends the run. */
async function update(work: Work, url: string, about: string, isMain = false): Promise<void> {
  if (work.done.has(url)) return;
  const { network, known, options } = work;
  const path = known.get(keyOf(url));
  const facts = { path, url: shownUrl(url), refs: 0, gone: [] };
  // At once, so that nobody else begins it.
  work.done.set(url, { ...facts, status: 'unchanged' });
  const gitDir = gitDirOf(work, url);
  try {
    options.onProgress?.(`updating ${about}`);
    await makeMirror(network, { gitDir, url, about });
    const isPruning = options.isPruning === true;
    const changes = await updateMirror(network, { gitDir, url, about, isPruning });
    const moved = changes.length > 0 ? 'updated' : 'unchanged';
    const status = path === undefined ? 'new' : moved;
    work.done.set(url, { ...facts, status, refs: changes.length });
  } catch (error) {
    if (isMain || !(error instanceof SkerryError)) throw error;
    work.done.set(url, { ...facts, status: 'failed', reason: error.message });
  }
}

/** Pins that no ref of the remote leads to are fetched by their ids; those that it does not have are named. */
async function findGone(
  work: Work,
  uses: readonly FoundUse[],
  pins: ReadonlyMap<string, ReadonlySet<string>>,
): Promise<void> {
  const { network, done } = work;
  for (const [url, all] of Map.groupBy(uses, ({ remote }) => remote)) {
    const state = done.get(url);
    if (!state || state.status === 'failed') continue;
    const gitDir = gitDirOf(work, url);
    const wanted = new Set(all.flatMap(({ path }) => [...(pins.get(path) ?? [])]));
    const missing = await missingCommits(gitDir, wanted, network.signal);
    const about = all[0]?.name ?? url;
    const fetched = await fetchPins(network, { gitDir, url, about, pins: missing });
    const left = fetched.gone;
    // Under another url at the same path it may be there.
    const elsewhere = uses.filter(
      (use) => use.remote !== url && done.get(use.remote)?.status !== 'failed',
    );
    for (const use of elsewhere)
      if (all.some(({ path }) => path === use.path) && left.size > 0) {
        const there = await missingCommits(gitDirOf(work, use.remote), left, network.signal);
        for (const pin of left) if (!there.includes(pin)) left.delete(pin);
      }
    const { reason } = fetched;
    const found = { ...state, gone: [...state.gone, ...left], ...(reason && { reason }) };
    if (left.size > 0 || reason !== undefined) done.set(url, found);
  }
}

/** Puts new repositories where they belong, and writes down what is where. */
async function place(work: Work, layout: Layout): Promise<void> {
  const { dir, known, done, options } = work;
  refuseMoved(dir, known, layout);
  const fresh = [...layout.paths].filter(
    ([remote]) => !known.has(keyOf(remote)) && done.get(remote)?.status === 'new',
  );
  fresh.sort(([, a], [, b]) => a.length - b.length);
  for (const [remote, path] of fresh) {
    known.set(keyOf(remote), path);
    // First: what is written down and not in its place is put there by the next run.
    await writeRecord(dir, options.url, known);
    await bringIn(dir, keyOf(remote), path);
    const state = done.get(remote);
    if (state) done.set(remote, { ...state, path });
  }
  const config = layout.rewrites.map(
    ({ url, path }) =>
      `[url ${JSON.stringify(`${dir}/${path}`)}]\n\tinsteadOf = ${JSON.stringify(url)}\n`,
  );
  await writeFile(join(dir, GITCONFIG), config.join(''));
}

async function bringIn(dir: string, key: string, path: string): Promise<void> {
  await mkdir(dirname(join(dir, path)), { recursive: true });
  await rename(join(dir, INCOMING, key), join(dir, path));
}

/** Those that a killed run wrote down, and did not put in their place. */
async function bringInRest(dir: string, known: ReadonlyMap<string, string>): Promise<void> {
  for (const [key, path] of known)
    if (existsSync(join(dir, INCOMING, key)) && !existsSync(join(dir, path)))
      await bringIn(dir, key, path);
}

/** @throws SP_MIRROR_LAYOUT where one would now lie elsewhere than it does */
export function refuseMoved(dir: string, known: ReadonlyMap<string, string>, layout: Layout): void {
  for (const [remote, now] of layout.paths) {
    const path = known.get(keyOf(remote));
    if (path !== undefined && now !== path)
      throw new SkerryError('SP_MIRROR_LAYOUT', {
        data: { dir, url: shownUrl(remote), path, now },
      });
  }
}

function readOptions({ network, refused }: Work): Parameters<typeof usesIn>[3] {
  return { signal: network.signal, onRefused: (reason) => refused.add(reason) };
}

function gitDirOf({ dir, known }: Work, remote: string): string {
  const path = known.get(keyOf(remote));
  return path === undefined ? join(dir, INCOMING, keyOf(remote)) : join(dir, path);
}

/** A name for a remote that no credentials can be read from. */
export function keyOf(remote: string): string {
  return createHash('sha256').update(remote).digest('hex').slice(0, 16);
}

/** A folder with other things in it is none to lay repositories into. @throws SP_TARGET_TAKEN */
export async function refuseOther(dir: string): Promise<void> {
  const files = await readdir(dir);
  // A run that was interrupted has no record yet; a file system of its own has a folder of fsck.
  if (files.includes(RECORD) || files.includes(INCOMING)) return;
  if (files.some((file) => !RESERVED.includes(file) && file !== 'lost+found'))
    throw new SkerryError('SP_TARGET_TAKEN', { data: { dir } });
}

/** keyOf the remote to folder. @throws SP_MIRROR_OTHER */
export async function readRecord(dir: string, url: string): Promise<Map<string, string>> {
  const file = join(dir, RECORD);
  if (!existsSync(file)) return new Map();
  const record = JSON.parse(await readFile(file, 'utf8')) as Partial<Record1>;
  if (record.format !== 1 || record.url !== shownUrl(url))
    throw new SkerryError('SP_MIRROR_OTHER', {
      data: { dir, url: shownUrl(url), other: record.url ?? 'a later version of this tool' },
    });
  return new Map(Object.entries(record.paths ?? {}));
}

async function writeRecord(
  dir: string,
  url: string,
  known: ReadonlyMap<string, string>,
): Promise<void> {
  const record: Record1 = { format: 1, url: shownUrl(url), paths: Object.fromEntries(known) };
  const file = join(dir, RECORD);
  await writeFile(`${file}.new`, `${JSON.stringify(record, undefined, 2)}\n`);
  await rename(`${file}.new`, file);
}

function isSameUse(a: FoundUse, b: FoundUse): boolean {
  return a.parent === b.parent && a.url === b.url && a.path === b.path;
}

function compare(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
