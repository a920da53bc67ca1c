import { mkdir, rm, watch } from 'node:fs/promises';
import { join } from 'node:path';

import { SkerryError } from '../util/errors.ts';
import { lockFile } from '../util/file-lock.ts';
import { dataDir } from '../util/paths.ts';
import type { BuildOptions } from './build.ts';
import {
  definitionHash,
  type ImageRequest,
  KNOWN_IMAGES,
  requestedDefinition,
} from './definition.ts';
import { commit, digestsIn, type ImageRecord, lookUp, namesIn, stage } from './image-files.ts';
import { removeTree } from '../util/rootless.ts';

export interface Image {
  readonly name: string;
  /** sha256 over all a machine starts from; also the name of the folder. */
  readonly digest: string;
  readonly dir: string;
  /** File names in `dir`. */
  readonly disk: string;
  readonly kernel: string;
  readonly initrd: string | undefined;
  readonly kernelArgs: string;
  readonly virtualSizeBytes: number;
  /** What the image takes on the host's disk. */
  readonly diskBytes: number;
  /** ISO 8601. */
  readonly built: string;
  readonly definitionHash: string;
  /** This Skerry would build it otherwise: `skerry image build` makes it new. */
  readonly stale: boolean;
  /** Of a variant: the image it is one of, and the packages it has besides. */
  readonly base?: string | undefined;
  readonly packages?: readonly string[] | undefined;
}

const BUILD_TIMEOUT_MS = 30 * 60_000;

/** Where images are: one folder each, named by its digest, and `names/` that points at them. */
export function imagesDir(): string {
  return join(dataDir(), 'images');
}

/** The names a lab file may use: what can be built, and what is in the store. */
export async function knownImages(store: string = imagesDir()): Promise<string[]> {
  const names = [...KNOWN_IMAGES.map((image) => image.name), ...(await namesIn(store))];
  return [...new Set(names)].sort();
}

/** The image of that name, or with that digest; undefined when it is not there. */
export async function findImage(
  name: string,
  store: string = imagesDir(),
): Promise<Image | undefined> {
  const found = await lookUp(store, name);
  if (!found) return undefined;
  const { digest, diskBytes, record } = found;
  const { format: _, initrd, ...rest } = record;
  return {
    ...{ name, digest, dir: join(store, digest), initrd, diskBytes },
    stale: isStale(name, record),
    ...rest,
  };
}

function isStale(name: string, { base, packages, definitionHash: built }: ImageRecord): boolean {
  const known = KNOWN_IMAGES.some((image) => image.name === (base ?? name));
  return known && definitionHash(requestedDefinition({ name, base, packages })) !== built;
}

/** Every whole image in the store, by name. */
export async function listImages(store: string = imagesDir()): Promise<Image[]> {
  const found = await Promise.all((await namesIn(store)).map((name) => findImage(name, store)));
  return found.filter((image) => image !== undefined);
}

/** One item each time a name is given to an image or taken from one, until the signal fires: then it throws. */
export async function* watchImages(
  signal: AbortSignal,
  store: string = imagesDir(),
): AsyncGenerator<void> {
  const names = join(store, 'names');
  await mkdir(names, { recursive: true });
  for await (const _ of watch(names, { signal })) yield;
}

/**
 * Builds the image and gives it; a name alone may also be that of a variant in the store. An older one of the name stays in the store for the disks that are based on it
 * (see pruneImages). Two builds of one image at a time are one: the second waits and takes the first's.
 * @throws IMAGE_UNKNOWN, IMAGE_FIXED, IMAGE_PACKAGE_UNKNOWN, IMAGE_BUILD_FAILED
 */
export async function buildImage(
  request: string | ImageRequest,
  options: BuildOptions = {},
  store: string = imagesDir(),
): Promise<Image> {
  const wanted = typeof request === 'string' ? await requestOf(request, store) : request;
  const { name } = wanted;
  const definition = requestedDefinition(wanted);
  options.signal?.throwIfAborted();
  const asked = new Date().toISOString();
  await using undo = new AsyncDisposableStack();
  undo.use(await lockName(store, name, options));
  const theirs = await findImage(name, store);
  if (theirs && !theirs.stale && theirs.built > asked) return theirs;
  const staging = await stage(store, name);
  undo.defer(() => removeTree(staging));
  // Loaded only here: most commands just look images up.
  const { buildInto } = await import('./build.ts');
  const { dir, record } = await buildInto(staging, definition, options);
  const { base, packages } = wanted;
  await commit(store, name, {
    dir,
    record: base === undefined ? record : { ...record, base, packages },
  });
  const image = await findImage(name, store);
  if (!image)
    throw new SkerryError('IMAGE_BUILD_FAILED', {
      data: { image: name, reason: 'it was removed' },
    });
  return image;
}

/** Removes the name, and the image unless another name has it. That no disk is based on it is the caller's to check. */
export async function removeImage(name: string, store: string = imagesDir()): Promise<void> {
  const image = await findImage(name, store);
  if (!image) {
    const known = (await namesIn(store)).join(', ') || 'none';
    throw new SkerryError('IMAGE_NOT_BUILT', { data: { image: name, known } });
  }
  await rm(join(store, 'names', name), { force: true });
  const others = await listImages(store);
  if (!others.some((other) => other.digest === image.digest))
    await rm(image.dir, { recursive: true });
}

/** The digests of images that have no name any more, but for those in `inUse`. */
export async function unusedImages(
  inUse: ReadonlySet<string>,
  store: string = imagesDir(),
): Promise<string[]> {
  const named = new Set((await listImages(store)).map((image) => image.digest));
  return (await digestsIn(store)).filter((digest) => !named.has(digest) && !inUse.has(digest));
}

/** Removes those. Gives the digests removed. */
export async function pruneImages(
  inUse: ReadonlySet<string>,
  store: string = imagesDir(),
): Promise<string[]> {
  const unused = await unusedImages(inUse, store);
  for (const digest of unused) await rm(join(store, digest), { recursive: true });
  return unused;
}

/** A variant's name alone does not say what is in it, but the last build's record does. */
async function requestOf(name: string, store: string): Promise<ImageRequest> {
  const { base, packages } = (await lookUp(store, name))?.record ?? {};
  return { name, base, packages };
}

async function lockName(
  store: string,
  name: string,
  options: BuildOptions,
): Promise<AsyncDisposable> {
  await mkdir(store, { recursive: true });
  const { onProgress, signal } = options;
  return lockFile(join(store, `.${name}.lock`), {
    holder: `skerry image build ${name}`,
    timeoutMs: BUILD_TIMEOUT_MS,
    signal,
    onWait: () =>
      onProgress?.({ step: 'wait', fraction: 0, message: 'another command is building it' }),
  });
}
