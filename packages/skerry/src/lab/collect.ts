// What `image list` and `image gc` say of templates, and what the latter removes.
import { existsSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { imagesDir, listImages, removeImage, unusedImages } from '../image/store.ts';
import { type HostInputs, hostChanges, hostInputs } from '../template/key.ts';
import {
  checkTemplate,
  leftovers,
  readTemplate,
  removeTemplate,
  sweepLeftovers,
  type Template,
  templateIds,
  templatesDir,
} from '../template/store.ts';
import { SkerryError } from '../util/errors.ts';
import { removeTree } from '../util/rootless.ts';
import { treeBytes } from '../util/tree-bytes.ts';
import { run } from '../util/run.ts';
import { type Uses, uses } from './image-use.ts';
import { keptLeftovers, listKept, obsolete, removeKept } from './kept-store.ts';

export interface TemplateStatus {
  readonly id: string;
  /** Undefined where its record cannot be read. */
  readonly template?: Template | undefined;
  readonly diskBytes: number;
  /** The labs that have machines on it. */
  readonly usedBy: readonly string[];
  /** Why no machine will be thawed from it any more; undefined while some may. */
  readonly obsolete?: string | undefined;
}

export interface Collected {
  readonly templates: readonly { id: string; reason: string; bytes: number }[];
  /** `name`: of one that has a name, which goes as well. */
  readonly images: readonly { name?: string; digest: string; bytes: number; reason: string }[];
  readonly leftovers: readonly { folder: string; bytes: number }[];
  /** Labs that were kept as they had been provisioned. */
  readonly kept: readonly { id: string; reason: string; bytes: number }[];
  readonly freedBytes: number;
}

export interface CollectOptions {
  /** Also templates, and images with packages, that are good but unused. */
  readonly all?: boolean | undefined;
  /** Only says what would go. */
  readonly dryRun?: boolean | undefined;
}

/** Every template there is. `isThorough` reads all of each and compares it with its checksums. */
export async function templateStatus(isThorough = false): Promise<TemplateStatus[]> {
  return statusOf(await uses(), isThorough);
}

/** Removes what no machine uses and nobody will: templates, images without a name, what killed commands left. */
export async function collect({ all, dryRun }: CollectOptions): Promise<Collected> {
  const store = imagesDir();
  const kept = await keptToRemove(all === true);
  const used = await uses(new Set(kept.map(({ id }) => id)));
  const variants = await unusedVariants(used, all === true);
  const gone = new Set(variants.map(({ digest }) => digest));
  const unused = (await statusOf(used, true, gone)).filter(({ usedBy }) => usedBy.length === 0);
  const templates = unused.flatMap(({ id, obsolete, diskBytes }) => {
    const reason = obsolete ?? (all ? 'nobody uses it' : undefined);
    return reason === undefined ? [] : [{ id, reason, bytes: diskBytes }];
  });
  const images: Collected['images'] = [
    ...variants,
    ...(await Promise.all(
      (await unusedImages(new Set(used.images.keys()))).map(async (digest) => ({
        digest,
        bytes: await treeBytes(join(store, digest)),
        reason: 'of an older build',
      })),
    )),
  ];
  const leftOfKept = await keptLeftovers();
  const left = await Promise.all([
    ...(await leftovers(store)).map(async (folder) => ({
      folder,
      bytes: await treeBytes(join(templatesDir(store), folder)),
    })),
    ...leftOfKept.map(async (path) => ({ folder: basename(path), bytes: await treeBytes(path) })),
  ]);
  if (!dryRun) {
    // First: their disks are based on templates and images.
    for (const { id } of kept) await removeKept(id);
    for (const { id } of templates) await removeTemplate(store, id);
    // After them: their disks are based on images.
    for (const { name, digest } of images) {
      if (name === undefined) await rm(join(store, digest), { recursive: true });
      else await removeImage(name);
    }
    await sweepLeftovers(store);
    for (const path of leftOfKept) await removeTree(path);
  }
  const removed = [...kept, ...templates, ...images, ...left];
  const freedBytes = removed.reduce((sum, { bytes }) => sum + bytes, 0);
  return { templates, images, leftovers: left, kept, freedBytes };
}

async function keptToRemove(isAll: boolean): Promise<Collected['kept']> {
  const [all, named, host] = await Promise.all([listKept(), listImages(), hostNow()]);
  const images = new Set(named.map(({ digest }) => digest));
  const now = { timeMs: Date.now(), images, host, exists: existsSync };
  const found = await Promise.all(
    all.map(async (kept) => {
      const reason = obsolete(kept, now) ?? (isAll ? 'the next up makes it anew' : undefined);
      return reason === undefined
        ? []
        : [{ id: kept.id, reason, bytes: await treeBytes(kept.paths.dir) }];
    }),
  );
  return found.flat();
}

/**
 * Images with packages that no machine uses: a lab file may ask for them again, so only those that would be built anew
 * then go, or `all`.
 */
async function unusedVariants(used: Uses, all: boolean): Promise<Collected['images']> {
  const unused = (await listImages()).filter(
    ({ base, digest, stale }) => base !== undefined && !used.images.has(digest) && (all || stale),
  );
  return unused.map(({ name, digest, diskBytes, stale }) => ({
    ...{ name, digest, bytes: diskBytes },
    reason: stale ? 'made by another version of Skerry' : 'nobody uses it',
  }));
}

/** `gone`: digests of images that are about to go. */
async function statusOf(
  used: Uses,
  isThorough: boolean,
  gone: ReadonlySet<string> = new Set(),
): Promise<TemplateStatus[]> {
  const store = imagesDir();
  const [ids, images, host] = await Promise.all([templateIds(store), listImages(), hostNow()]);
  const named = new Set(images.map(({ digest }) => digest).filter((one) => !gone.has(one)));
  const found: TemplateStatus[] = [];
  // One after the other: each may be read whole.
  for (const id of ids) {
    const template = await readTemplate(store, id);
    const damage = isThorough || !template ? await damageOf(store, id) : undefined;
    found.push({
      id,
      template,
      diskBytes: await treeBytes(join(templatesDir(store), id)),
      usedBy: used.templates.get(id) ?? [],
      obsolete: damage ?? (template && staleness(template, named, host)),
    });
  }
  return found;
}

async function damageOf(store: string, id: string): Promise<string | undefined> {
  try {
    await checkTemplate(store, id);
    return undefined;
  } catch (error) {
    if (error instanceof SkerryError) return error.message;
    throw error;
  }
}

/** Why `up` would not find it. */
function staleness(
  { imageDigest, image, host: then }: Template,
  named: ReadonlySet<string>,
  now: HostInputs | undefined,
): string | undefined {
  if (!named.has(imageDigest)) return `${image} was built anew or removed since`;
  const changes = now && hostChanges(then, now);
  return changes ? `made with another ${changes}` : undefined;
}

/** Undefined where libvirtd does not say its version: then no template is stale because of the host. */
async function hostNow(): Promise<HostInputs | undefined> {
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin`, LC_ALL: 'C' };
  const answer = await run('libvirtd', ['--version'], { env }).catch(() => undefined);
  const version = /\d+\.\d+\.\d+/.exec(answer?.stdout ?? '')?.[0];
  return version === undefined ? undefined : hostInputs(version);
}
