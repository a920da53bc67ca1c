// Templates: machines that were booted once and frozen, from which others are thawed. Shared by all labs of the user.
// In the image store, since a sandbox sees that: templates/KEY has the files of a frozen machine, its disks, and
// template.json.
import { mkdir, mkdtemp, readdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkFrozen } from '../freeze/frozen.ts';
import { SkerryError } from '../util/errors.ts';
import { lockFile } from '../util/file-lock.ts';
import { removeTree } from '../util/rootless.ts';

/** template.json. */
export interface TemplateRecord {
  readonly format: 1;
  /** Of what kind of machine: equal for templates that differ only by what was installed on the host. */
  readonly kind: string;
  readonly image: string;
  readonly imageDigest: string;
  readonly memoryMiB: number;
  readonly cpus: number;
  readonly nested: boolean;
  readonly disks: readonly string[];
  /** ISO 8601. */
  readonly made: string;
}

export interface Template extends TemplateRecord {
  readonly key: string;
  readonly dir: string;
}

/** Why there is none to thaw from: nobody made one; those there are for another host or version; it is damaged. */
export type Missing = 'missing' | 'stale' | 'damaged';

const KEY = /^[0-9a-f]{16}$/;
const STAGING = '.making-';

export function templatesDir(store: string): string {
  return join(store, 'templates');
}

/** The template, checked against its checksums; or why there is none. */
export async function findTemplate(
  store: string,
  key: string,
  kind: string,
): Promise<Template | { readonly missing: Missing; readonly reason?: string }> {
  const found = await readTemplate(store, key);
  if (!found) {
    const others = await listTemplates(store);
    return { missing: others.some((other) => other.kind === kind) ? 'stale' : 'missing' };
  }
  try {
    await checkFrozen(found.dir);
    return found;
  } catch (error) {
    if (error instanceof SkerryError) return { missing: 'damaged', reason: error.message };
    throw error;
  }
}

/** Every whole template. */
export async function listTemplates(store: string): Promise<Template[]> {
  const entries = await readdir(templatesDir(store)).catch((): string[] => []);
  const found = await Promise.all(
    entries.filter((entry) => KEY.test(entry)).map((key) => readTemplate(store, key)),
  );
  return found.filter((template) => template !== undefined);
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
  await using lock = await tryLock(join(folder, `.${key}.lock`), key, signal);
  if (!lock) return undefined;
  const prefix = `${STAGING}${key}.`;
  for (const left of (await readdir(folder)).filter((entry) => entry.startsWith(prefix)))
    await removeTree(join(folder, left));
  const staging = await mkdtemp(join(folder, prefix));
  await using undo = new AsyncDisposableStack();
  undo.defer(() => removeTree(staging));
  const record = await make(staging);
  await writeFile(join(staging, 'template.json'), `${JSON.stringify(record)}\n`, { flush: true });
  const dir = join(folder, key);
  await removeTree(dir);
  await rename(staging, dir);
  undo.move();
  return { ...record, key, dir };
}

/** Removes one. That no disk is based on it is the caller's to check. */
export async function removeTemplate(store: string, key: string): Promise<void> {
  const dir = join(templatesDir(store), key);
  // Renamed first: half a template under its name would be used.
  const doomed = join(templatesDir(store), `${STAGING}${key}.removed-${process.pid}`);
  await rename(dir, doomed);
  await removeTree(doomed);
}

/** Bytes on disk. */
export async function templateBytes({ dir }: Template): Promise<number> {
  const files = await readdir(dir);
  const stats = await Promise.all(files.map((file) => stat(join(dir, file))));
  return stats.reduce((sum, { blocks }) => sum + blocks * 512, 0);
}

async function readTemplate(store: string, key: string): Promise<Template | undefined> {
  const dir = join(templatesDir(store), key);
  try {
    const record = JSON.parse(await readFile(join(dir, 'template.json'), 'utf8')) as TemplateRecord;
    return record.format === 1 ? { ...record, key, dir } : undefined;
  } catch {
    return undefined;
  }
}

async function tryLock(
  path: string,
  key: string,
  signal: AbortSignal | undefined,
): Promise<AsyncDisposable | undefined> {
  try {
    return await lockFile(path, { holder: `the template ${key}`, timeoutMs: 0, signal });
  } catch (error) {
    if (error instanceof SkerryError && error.code === 'LOCK_TIMEOUT') return undefined;
    throw error;
  }
}
