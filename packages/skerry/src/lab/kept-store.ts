// Labs as they were when they had just been provisioned: provisioned/ID.KEY in the state folder, beside the labs, with
// kept.json, machines/ and snapshots/.kept as a lab has them. They outlive the lab: that is what they are for.
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, utimes, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { removeTree } from '../util/rootless.ts';
import { type LabPaths, labPathsIn, stateDir } from '../util/paths.ts';
import { isAlive } from '../util/is-alive.ts';

/** kept.json. */
export interface KeptRecord {
  readonly format: 1;
  /** The lab's id. */
  readonly lab: string;
  readonly name: string;
  /** The lab file. */
  readonly file: string;
  readonly key: string;
  /** ISO 8601. */
  readonly made: string;
  /** Digests of the images its disks are based on. */
  readonly images: readonly string[];
  /** The host it was made on (template/key.ts). */
  readonly host: Readonly<Record<string, string>>;
}

export interface KeptLab extends KeptRecord {
  /** The name of its folder. */
  readonly id: string;
  readonly paths: LabPaths;
  /** When it was made or last used, in milliseconds. */
  readonly usedMs: number;
}

const STAGING = '.keeping-';
/** Of one lab, so that going to and fro between two branches finds both. */
const PER_LAB = 2;
const MAX_AGE_MS = 30 * 24 * 60 * 60_000;

/** The one for that key, whole or not. */
export async function findKept(lab: string, key: string): Promise<KeptLab | undefined> {
  return readKept(`${lab}.${key}`);
}

/** All that have a record, those used last first. */
export async function listKept(): Promise<KeptLab[]> {
  const entries = await readdir(keptDir()).catch((): string[] => []);
  const found = await Promise.all(
    entries.filter((entry) => !entry.startsWith('.')).map((entry) => readKept(entry)),
  );
  return found.filter((one) => one !== undefined).sort((a, b) => b.usedMs - a.usedMs);
}

/** Lets `make` fill a folder, which then gets its name in one step, in place of one of that name. The caller holds the lab's lock. */
export async function storeKept(
  record: KeptRecord,
  make: (paths: LabPaths) => Promise<void>,
): Promise<void> {
  const root = keptDir();
  await mkdir(root, { recursive: true, mode: 0o700 });
  await sweepKept(record.lab);
  const staging = join(root, `${STAGING}${record.lab}.${process.pid}`);
  await using _undo = { [Symbol.asyncDispose]: () => removeTree(staging) };
  await mkdir(staging, { mode: 0o700 });
  await make(labPathsIn(staging, record.lab));
  const text = `${JSON.stringify(record, undefined, 2)}\n`;
  await writeFile(join(staging, 'kept.json'), text, { flush: true });
  const id = `${record.lab}.${record.key}`;
  await removeKept(id);
  await rename(staging, join(root, id));
  const own = (await listKept()).filter(({ lab }) => lab === record.lab);
  for (const old of own.slice(PER_LAB)) await removeKept(old.id);
}

/** Says that it was used now. */
export async function touchKept({ paths }: KeptLab): Promise<void> {
  const now = new Date();
  await utimes(join(paths.dir, 'kept.json'), now, now);
}

/** Removes it, in one step as far as others can see. Labs that came from it keep their files. */
export async function removeKept(id: string): Promise<void> {
  const path = join(keptDir(), id);
  if (!existsSync(path)) return;
  const doomed = join(keptDir(), `${STAGING}${id}.removed-${process.pid}`);
  await rename(path, doomed);
  await removeTree(doomed);
}

/** Removes what killed commands left of one lab, whose lock the caller holds. */
export async function sweepKept(lab: string): Promise<void> {
  for (const entry of await staged())
    if (entry.startsWith(`${STAGING}${lab}.`)) await removeTree(join(keptDir(), entry));
}

/** Paths of folders that killed commands left: their names end in the number of the process. */
export async function keptLeftovers(): Promise<string[]> {
  const entries = await staged();
  const left = entries.filter((entry) => !isAlive(Number(/(\d+)$/.exec(entry)?.[1])));
  return left.map((entry) => join(keptDir(), entry));
}

async function staged(): Promise<string[]> {
  const entries = await readdir(keptDir()).catch((): string[] => []);
  return entries.filter((entry) => entry.startsWith(STAGING));
}

/** Why nobody will want it any more; undefined while somebody may. `images` are those that have a name. */
export function obsolete(
  kept: Pick<KeptLab, 'file' | 'images' | 'host' | 'usedMs'>,
  now: {
    readonly timeMs: number;
    readonly images: ReadonlySet<string>;
    readonly host: Readonly<Record<string, string>> | undefined;
    readonly exists: (file: string) => boolean;
  },
): string | undefined {
  if (!now.exists(kept.file)) return 'its lab file is gone';
  if (kept.images.some((digest) => !now.images.has(digest)))
    return 'its image was built anew since';
  const { host } = now;
  if (host && ['libvirt', 'qemu', 'cpu'].some((key) => host[key] !== kept.host[key]))
    return 'made with another QEMU, libvirt or CPU';
  if (now.timeMs - kept.usedMs > MAX_AGE_MS) return 'not used for 30 days';
  return undefined;
}

function keptDir(): string {
  return join(stateDir(), 'provisioned');
}

async function readKept(id: string): Promise<KeptLab | undefined> {
  const dir = join(keptDir(), id);
  const file = join(dir, 'kept.json');
  try {
    const [text, { mtimeMs }] = await Promise.all([readFile(file, 'utf8'), stat(file)]);
    const record = JSON.parse(text) as KeptRecord;
    if (record.format !== 1) return undefined;
    return { ...record, id, paths: labPathsIn(dir, record.lab), usedMs: mtimeMs };
  } catch {
    return undefined;
  }
}
