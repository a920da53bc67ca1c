// Templates: machines that were booted once and frozen, from which others are thawed. Shared by all labs of the user.
// In the image store, since a sandbox sees that: templates/KEY-RANDOM has the files of a frozen machine, its disks,
// template.json, and checked.json (./stamps.ts). Each that is made gets a folder of its own: disks of machines are based
// on the disk in the old one.
import { createHash, randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFrozen } from '../freeze/frozen.ts';
import { SkerryError } from '../util/errors.ts';
import { lockFile } from '../util/file-lock.ts';
import { removeTree } from '../util/rootless.ts';
import type { HostInputs } from './key.ts';
import { isUnchanged, stamp } from './stamps.ts';

/** template.json, but for the checksums. */
export interface TemplateRecord {
  /** Of what kind of machine: equal for templates that differ only by what was installed on the host. */
  readonly kind: string;
  /** What was installed on the host it was made on. */
  readonly host: HostInputs;
  readonly image: string;
  readonly imageDigest: string;
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly nested: boolean;
  readonly disks: readonly string[];
  /** ISO 8601. */
  readonly made: string;
}

interface StoredRecord extends TemplateRecord {
  readonly format: 1;
  /** SHA-256 of each disk's file. */
  readonly files: Readonly<Record<string, string>>;
}

export interface Template extends TemplateRecord {
  /** The name of its folder, which machines remember. */
  readonly id: string;
  readonly key: string;
  readonly dir: string;
}

/** Why there is none to thaw from: nobody made one; those there are for another host or version; it is damaged. */
export type Missing = 'missing' | 'stale' | 'damaged';

const ID = /^[0-9a-f]{16}-[0-9a-f]{6}$/;
const KEY_LENGTH = 16;
const STAGING = '.making-';
/** flock(1) takes its time to start on a busy host. */
const TRY_MS = 1000;
const LOCK = /^\.([0-9a-f]{16})\.lock$/;

export function isTemplateId(name: string): boolean {
  return ID.test(name);
}

export function templatesDir(store: string): string {
  return join(store, 'templates');
}

/** The template, checked against its checksums unless nobody touched it since that was done; or why there is none. */
export async function findTemplate(
  store: string,
  key: string,
  kind: string,
): Promise<Template | { readonly missing: Missing; readonly reason?: string }> {
  const ids = await templateIds(store);
  const reasons: string[] = [];
  for (const id of ids.filter((one) => keyOf(one) === key)) {
    try {
      const known = await readTemplate(store, id);
      if (known && (await isUnchanged(known.dir))) return known;
      const checked = await checkTemplate(store, id);
      await stamp(checked.dir);
      return checked;
    } catch (error) {
      if (!(error instanceof SkerryError)) throw error;
      reasons.push(error.message);
    }
  }
  if (reasons.length > 0) return { missing: 'damaged', reason: reasons.join('; ') };
  const others = await listTemplates(store);
  return { missing: others.some((other) => other.kind === kind) ? 'stale' : 'missing' };
}

/** Compares everything with the checksums. @throws FROZEN_DAMAGED */
export async function checkTemplate(store: string, id: string): Promise<Template> {
  const dir = join(templatesDir(store), id);
  const damaged = (file: string, reason: string): SkerryError =>
    new SkerryError('FROZEN_DAMAGED', { data: { file: join(dir, file), reason } });
  const record = await readRecord(dir);
  if (!record) throw damaged('template.json', 'it is missing or cannot be read');
  for (const [file, wanted] of Object.entries(record.files)) {
    const got = await sha256Of(join(dir, file)).catch(() => undefined);
    if (got !== wanted) throw damaged(file, got ? 'its SHA-256 is another' : 'it is missing');
  }
  await checkFrozen(dir);
  return templateOf(store, id, record);
}

/** The folders of all templates, whole or not. */
export async function templateIds(store: string): Promise<string[]> {
  const entries = await readdir(templatesDir(store)).catch((): string[] => []);
  return entries.filter((entry) => !entry.startsWith('.')).sort();
}

/** Every template that has a record; no checksum is looked at. */
export async function listTemplates(store: string): Promise<Template[]> {
  const ids = await templateIds(store);
  const found = await Promise.all(ids.map((id) => readTemplate(store, id)));
  return found.filter((template) => template !== undefined);
}

/** By its folder's name; no checksum is looked at. Undefined where it has no record. */
export async function readTemplate(store: string, id: string): Promise<Template | undefined> {
  const record = await readRecord(join(templatesDir(store), id));
  return record && templateOf(store, id, record);
}

/**
 * Makes one: `make` fills a folder, which then gets its name in one step. Undefined when somebody else is making it.
 * What a killed one left is removed.
 */
export async function makeTemplate(
  store: string,
  key: string,
  make: (dir: string) => Promise<TemplateRecord>,
  signal?: AbortSignal,
): Promise<Template | undefined> {
  const folder = templatesDir(store);
  await mkdir(folder, { recursive: true });
  await using lock = await tryLock(store, key, signal);
  if (!lock) return undefined;
  await removeStaging(store, key);
  const staging = await mkdtemp(join(folder, `${STAGING}${key}.`));
  await using undo = new AsyncDisposableStack();
  undo.defer(() => removeTree(staging));
  const record = await make(staging);
  const stored: StoredRecord = { format: 1, ...record, files: await hashDisks(staging) };
  await writeFile(join(staging, 'template.json'), `${JSON.stringify(stored)}\n`, { flush: true });
  await stamp(staging);
  const id = `${key}-${randomBytes(3).toString('hex')}`;
  await rename(staging, join(folder, id));
  undo.move();
  return templateOf(store, id, stored);
}

/** Removes one. That no disk is based on it is the caller's to check. */
export async function removeTemplate(store: string, id: string): Promise<void> {
  const doomed = join(templatesDir(store), `${STAGING}${keyOf(id)}.removed-${process.pid}`);
  // Renamed first: half a template under its name would be used.
  await rename(join(templatesDir(store), id), doomed);
  await removeTree(doomed);
}

/** What killed commands left of templates that nobody is making now: names of folders. */
export async function leftovers(store: string): Promise<string[]> {
  const entries = await readdir(templatesDir(store)).catch((): string[] => []);
  const staged = entries.filter((entry) => entry.startsWith(STAGING));
  const left = await Promise.all(
    staged.map(async (entry) => {
      await using lock = await tryLock(store, keyOf(entry.slice(STAGING.length)));
      return lock ? entry : undefined;
    }),
  );
  return left.filter((entry) => entry !== undefined);
}

/** Removes those, and locks that nothing is left to be locked by. */
export async function sweepLeftovers(store: string): Promise<void> {
  const folder = templatesDir(store);
  const entries = await readdir(folder).catch((): string[] => []);
  const kept = new Set((await templateIds(store)).map(keyOf));
  for (const entry of entries) {
    const key = LOCK.exec(entry)?.[1];
    if (key === undefined) continue;
    await using lock = await tryLock(store, key);
    if (!lock) continue;
    await removeStaging(store, key);
    if (!kept.has(key)) await removeTree(join(folder, entry));
  }
}

async function removeStaging(store: string, key: string): Promise<void> {
  const entries = await readdir(templatesDir(store));
  for (const entry of entries.filter((one) => one.startsWith(`${STAGING}${key}.`)))
    await removeTree(join(templatesDir(store), entry));
}

function keyOf(id: string): string {
  return id.slice(0, KEY_LENGTH);
}

function templateOf(store: string, id: string, record: StoredRecord): Template {
  const { format: _format, files: _files, ...rest } = record;
  return { ...rest, id, key: keyOf(id), dir: join(templatesDir(store), id) };
}

async function readRecord(dir: string): Promise<StoredRecord | undefined> {
  try {
    const text = await readFile(join(dir, 'template.json'), 'utf8');
    const record = JSON.parse(text) as Partial<StoredRecord> | null;
    return record?.format === 1 && record.files && record.host
      ? (record as StoredRecord)
      : undefined;
  } catch {
    return undefined;
  }
}

async function hashDisks(dir: string): Promise<Record<string, string>> {
  const disks = (await readdir(dir)).filter((file) => file.endsWith('.qcow2')).sort();
  const hashed = disks.map(async (file) => [file, await sha256Of(join(dir, file))] as const);
  return Object.fromEntries(await Promise.all(hashed));
}

async function sha256Of(file: string): Promise<string> {
  return createHash('sha256')
    .update(await readFile(file))
    .digest('hex');
}

async function tryLock(
  store: string,
  key: string,
  signal?: AbortSignal,
): Promise<AsyncDisposable | undefined> {
  try {
    const path = join(templatesDir(store), `.${key}.lock`);
    const holder = `the template ${key}`;
    return await lockFile(path, { holder, timeoutMs: TRY_MS, signal });
  } catch (error) {
    if (error instanceof SkerryError && error.code === 'LOCK_TIMEOUT') return undefined;
    throw error;
  }
}
