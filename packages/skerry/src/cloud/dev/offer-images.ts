// The images that labs have built are golden images of a cloud on this machine, with their kernels.
import { constants } from 'node:fs';
import { copyFile, link, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { connect, type Connection, type StoragePool } from '@skerry/libvirt';
import type { DevHypervisor } from '../../hypervisors/dev-hypervisor.ts';
import { type Image, listImages, watchImages } from '../../image/store.ts';
import { messageOf } from '../../util/message-of.ts';
import { parseXml, textOf } from '../xml/element.ts';

/** The pool that they are in. */
export const IMAGES_POOL = 'golden';

type Log = (line: string) => void;

/** Offers all there are to a hypervisor. One that was built anew takes the former one's place, unless a disk is based on that. */
export async function offerImages(
  { images, libvirtUri }: DevHypervisor,
  log: Log = () => {},
  signal?: AbortSignal,
): Promise<void> {
  const folder = join(images.outside, IMAGES_POOL);
  await mkdir(folder, { recursive: true });
  await using connection = await connect(libvirtUri, { signal });
  const there = new Set(await readdir(folder));
  for (const image of await listImages()) {
    const isThere = there.has(`${image.name}.qcow2`);
    if (isThere && (await isOffered(image, folder))) continue;
    const inside = `${images.inside}/${IMAGES_POOL}/${image.name}.qcow2`;
    if (isThere && (await isBase(connection, inside, signal)))
      log(`${image.name} was built anew; machines that are there keep the former one here`);
    else await offer(image, folder);
  }
  const pool = await imagesPool(connection, `${images.inside}/${IMAGES_POOL}`, signal);
  if (await pool.isActive({ signal })) await pool.refresh({ signal });
  else await pool.start({ signal });
}

/** Those that are built while it runs. */
export function offerNewImages(
  hypervisors: readonly DevHypervisor[],
  log: Log = () => {},
): AsyncDisposable {
  const stop = new AbortController();
  const done = (async () => {
    for await (const _ of watchImages(stop.signal))
      for (const hypervisor of hypervisors) await offerImages(hypervisor, log, stop.signal);
  })().catch((error: unknown) => {
    if (!stop.signal.aborted) log(`new images are offered at the next start: ${messageOf(error)}`);
  });
  return {
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
    },
  };
}

async function imagesPool(
  connection: Connection,
  path: string,
  signal?: AbortSignal,
): Promise<StoragePool> {
  const known = (await connection.pools({ signal })).find(({ name }) => name === IMAGES_POOL);
  const xml = `<pool type='dir'><name>${IMAGES_POOL}</name><target><path>${path}</path></target></pool>`;
  return known ?? (await connection.definePool(xml, { signal }));
}

/** A link is the same file; of a copy its digest is noted. */
async function isOffered(image: Image, folder: string): Promise<boolean> {
  const [ours, offered] = await Promise.all([
    stat(join(image.dir, image.disk)),
    stat(join(folder, `${image.name}.qcow2`)),
  ]);
  if (ours.ino === offered.ino && ours.dev === offered.dev) return true;
  const noted = await readFile(noteOf(image, folder), 'utf8').catch(() => '');
  return noted === image.digest;
}

function noteOf(image: Image, folder: string): string {
  return join(folder, `.${image.name}.digest`);
}

/** Whether a volume of any pool is based on it. */
async function isBase(
  connection: Connection,
  path: string,
  signal?: AbortSignal,
): Promise<boolean> {
  for (const pool of await connection.pools({ signal })) {
    if (!(await pool.isActive({ signal }))) continue;
    // What another hypervisor has put into a folder that they share.
    await pool.refresh({ signal });
    for (const volume of await pool.volumes({ signal })) {
      const xml = parseXml(await volume.xml({ signal }));
      if (textOf(xml, 'backingStore/path') === path) return true;
    }
  }
  return false;
}

async function offer(image: Image, folder: string): Promise<void> {
  // The disk last: by that it is seen that all of it is offered.
  const files = [
    [image.kernel, 'kernel'],
    ...(image.initrd === undefined ? [] : [[image.initrd, 'initrd']]),
    [image.disk, 'qcow2'],
  ];
  for (const [file = '', suffix = ''] of files) {
    const [from, to] = [join(image.dir, file), join(folder, `${image.name}.${suffix}`)];
    // Never written over: it may be a link to the former image.
    await rm(to, { force: true });
    // Images are never written to: the same file will do, where it can be.
    await link(from, to).catch(() => copyFile(from, to, constants.COPYFILE_FICLONE));
  }
  await writeFile(noteOf(image, folder), image.digest);
}
