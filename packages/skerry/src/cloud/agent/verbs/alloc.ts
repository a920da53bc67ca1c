// Makes machines: from a few words, or from XML.
import { randomUUID } from 'node:crypto';
import { type Domain, isNotFound, type StoragePool, type StorageVolume } from '@skerry/libvirt';
import type { z } from 'zod';
import { isMisleadingName } from '../../entity.ts';
import { VerbError } from '../../verb-error.ts';
import { keyLines } from '../../verbs/ssh-keys.ts';
import * as verbs from '../../verbs/vm-definition.ts';
import {
  all,
  attribute,
  type Element,
  formatXml,
  parseXml,
  setText,
  textOf,
} from '../../xml/element.ts';
import { isWritten } from '../definition-guard.ts';
import { findVolumeId } from '../find-volume.ts';
import { isSomeonesDisk } from '../golden-images.ts';
import { guarded, refuseToTakeAlong } from '../guarded.ts';
import { newDomainXml, volumeName } from '../new-domain-xml.ts';
import { newName, refuseTaken } from '../new-name.ts';
import type { NewVolume } from '../unused-volumes.ts';
import {
  type Context,
  type Handler,
  onHypervisor,
  refuseDrained,
  refuseTooLarge,
  UNDO,
  WHOLE_STEP,
} from './handler.ts';
import { forgetAutostart, manage } from '../vm-from-xml.ts';
import { undefine, undefineToComeBack } from './undefine.ts';

const GIB = 1024 ** 3;
/** A disk's size, unless it is said. */
const DISK_GIB = 4;

/** A machine, and the disk that was made for it. */
interface Made {
  readonly domain: Domain;
  readonly volume?: NewVolume | undefined;
}

type AllocParams = z.output<typeof verbs.alloc.params>;

export const allocHandlers: readonly Handler[] = [
  onHypervisor(verbs.alloc, async (context, params) => {
    refuseDrained(context);
    if (params.xml === undefined) refuseTooLarge(context, params);
    const { domain, volume } = await made(context, params);
    try {
      if (params.start) await domain.start(WHOLE_STEP);
    } catch (error) {
      await unmake(context, domain, volume);
      throw error;
    }
    await context.refresh(domain.uuid);
    return { uuid: domain.uuid, name: domain.name };
  }),
];

/** @param params `from` is the hypervisor on which it was, where central brings it back */
async function made(
  context: Context,
  params: AllocParams & { readonly from?: string },
): Promise<Made> {
  const { xml, name, from } = params;
  const uuid = randomUUID();
  if (xml === undefined)
    return defineNew(context, { ...params, name: newName(context, name) }, uuid);
  const isBack = context.by.via === 'system';
  return {
    domain: await (isBack ? bringBack(context, xml, from) : defineFromXml(context, xml, uuid)),
  };
}

/** One that was to run and does not is not there: who asks again finds its name free. */
async function unmake(context: Context, domain: Domain, volume?: NewVolume): Promise<void> {
  const { by, connection, volumes } = context;
  await domain.destroy(UNDO).catch(() => {});
  await volumes.dropAfter(connection, volume ? [volume] : [], async () => {
    const undone =
      by.via === 'system' ? undefineToComeBack(domain, UNDO) : undefine({ domain }, UNDO);
    // What still uses it keeps it.
    await undone.catch(() => {});
  });
}

/** By another machine's uuid, on this hypervisor or not, one would have that machine: it gets one of its own. */
async function defineFromXml(context: Context, xml: string, uuid: string): Promise<Domain> {
  const root = await guarded(context, xml);
  const name = textOf(root, 'name');
  if (name) refuseTaken(context, name);
  if (name && isMisleadingName(name))
    throw new VerbError('invalid', `the name '${name}': no '-' at its beginning, and no uuid`);
  setText(root, 'uuid', uuid);
  forgetAutostart(root);
  manage(root);
  return define(context, root);
}

/** What central itself brings back was a machine before, and has what it had: its uuid, its disks, and on its host what is the host's. */
async function bringBack(context: Context, xml: string, from: string | undefined): Promise<Domain> {
  const root = parseXml(xml);
  const name = textOf(root, 'name') ?? '';
  refuseTaken(context, name);
  if (from !== context.hypervisor.name) {
    await refuseToTakeAlong(context, root);
    await refuseWithoutDisks(context, root, from ?? 'another hypervisor');
  }
  if (await exists(context, textOf(root, 'uuid') ?? ''))
    throw new VerbError('conflict', 'there is a machine with the uuid of this XML');
  return define(context, root);
}

/** @throws VerbError `conflict` where the disks that it writes to are not here; what all share is, though libvirt may not know it */
async function refuseWithoutDisks(
  { connection, hypervisor, settings, signal }: Context,
  root: Element,
  from: string,
): Promise<void> {
  if (settings.sharedStorage) return;
  for (const disk of all(root, 'devices/disk').filter(isWritten)) {
    const path = attribute(disk, 'source', 'file');
    if (path !== null && !(await findVolumeId(connection, path, signal)))
      throw new VerbError(
        'conflict',
        `its disk ${path} is not in a pool of ${hypervisor.name}: it was on ${from}`,
      );
  }
}

function define({ connection, signal }: Context, root: Element): Promise<Domain> {
  return connection.defineDomain(formatXml(root), { validate: true, signal });
}

async function exists({ connection, signal }: Context, uuid: string): Promise<boolean> {
  try {
    await connection.domainByUuid(uuid, { signal });
    return true;
  } catch (error) {
    if (isNotFound(error)) return false;
    throw error;
  }
}

async function defineNew(
  context: Context,
  params: AllocParams & { readonly name: string },
  uuid: string,
): Promise<Made> {
  const { connection, volumes, signal, hypervisor, progress } = context;
  const { name, memoryMiB, vcpus, diskGiB, network, sshKeys, tags } = params;
  const isTest = hypervisor.driver === 'TEST';
  const image = isTest ? params.image : await volumeOfImage(context, params.image);
  if (!isTest) await refuseNoNetwork(context, network);
  let volume: NewVolume | undefined;
  if (!isTest && (diskGiB !== 0 || image !== undefined)) {
    progress('making its disk');
    volume = await makeDisk(context, volumeName({ name, uuid }, 'vda', 'qcow2'), diskGiB, image);
  }
  try {
    const boot = isTest || image === undefined ? undefined : await bootOf(context, image);
    const virtType = isTest ? 'test' : await virtTypeOf(context);
    const xml = newDomainXml({
      name,
      uuid,
      memoryMiB,
      vcpus,
      disk: volume?.path,
      boot,
      network,
      sshKeys: sshKeys && keyLines(sshKeys),
      tags,
      virtType,
    });
    signal.throwIfAborted();
    const domain = await connection.defineDomain(xml, WHOLE_STEP);
    if (volume) await volumes.keep(volume);
    return { domain, volume };
  } catch (error) {
    if (volume) await volumes.drop(connection, volume, error);
    throw error;
  }
}

/** @throws VerbError `not-found`, with the networks there are: without one it could not start */
async function refuseNoNetwork(
  { connection, hypervisor, signal }: Context,
  name: string,
): Promise<void> {
  try {
    await connection.network(name, { signal });
  } catch (error) {
    if (!isNotFound(error)) throw error;
    const known = hypervisor.networks.map((each) => each.name).join(', ') || 'none';
    throw new VerbError(
      'not-found',
      `${hypervisor.name} has no network '${name}'; there are: ${known}`,
    );
  }
}

async function makeDisk(
  context: Context,
  name: string,
  diskGiB: number | undefined,
  image: string | undefined,
): Promise<NewVolume> {
  const { connection, volumes, settings, signal } = context;
  const pool = await connection.pool(settings.pool, { signal });
  const golden = image === undefined ? undefined : await goldenImage(context, image);
  const imageBytes = (await golden?.info({ signal }))?.capacityBytes ?? 0;
  const wantedBytes = Math.round((diskGiB ?? DISK_GIB) * GIB);
  // None of its own was asked for: it has the image's.
  const isOwn = diskGiB !== undefined && diskGiB !== 0;
  if (isOwn && wantedBytes < imageBytes)
    throw new VerbError(
      'conflict',
      `the image ${image} has ${Math.ceil((imageBytes / GIB) * 100) / 100} GiB: ${diskGiB} GiB are too little`,
    );
  const capacityBytes = Math.max(wantedBytes, imageBytes);
  const backing = await golden?.path({ signal });
  return volumes.create(pool, { name, capacityBytes, format: 'qcow2', backing }, { signal });
}

/** Images of labs are said by their names, as `skerry image list` has them. */
async function volumeOfImage(
  context: Context,
  image: string | undefined,
): Promise<string | undefined> {
  const { connection, settings, signal } = context;
  const pool = await connection.pool(settings.imagesPool, { signal });
  for (const name of image === undefined ? [] : [image, `${image}.qcow2`])
    if (await imageVolume(context, pool, name)) return name;
  return image;
}

async function goldenImage(context: Context, image: string): Promise<StorageVolume> {
  const pool = await context.connection.pool(context.settings.imagesPool, {
    signal: context.signal,
  });
  const found = await imageVolume(context, pool, image);
  if (found) return found;
  const volumes = await pool.volumes({ signal: context.signal });
  const known = await Promise.all(volumes.map(({ name }) => imageVolume(context, pool, name)));
  const names = known.flatMap((each) => (each && !isBootFile(each.name) ? [each.name] : []));
  throw new VerbError(
    'not-found',
    `there is no golden image '${image}' here; there are: ${names.join(', ') || 'none'}`,
  );
}

/** A volume of the images' pool, if there is one of that name which is no machine's disk. */
async function imageVolume(
  { entities, settings, signal }: Context,
  pool: StoragePool,
  name: string,
): Promise<StorageVolume | undefined> {
  try {
    const volume = await pool.volume(name, { signal });
    const path = await volume.path({ signal });
    return isSomeonesDisk(entities.all, settings.imagesPool, path) ? undefined : volume;
  } catch (error) {
    if (!isNotFound(error)) throw error;
    return undefined;
  }
}

function isBootFile(name: string): boolean {
  return /\.(kernel|initrd)$/.test(name);
}

/** The kernel of an image that has no boot loader: volumes beside it, as `NAME.kernel` and `NAME.initrd`. */
async function bootOf(
  context: Context,
  image: string,
): Promise<{ kernel: string; initrd: string | undefined } | undefined> {
  const { connection, settings, signal } = context;
  const pool = await connection.pool(settings.imagesPool, { signal });
  const base = image.replace(/\.[^.]+$/, '');
  const pathOf = async (name: string): Promise<string | undefined> =>
    (await imageVolume(context, pool, name))?.path({ signal });
  const kernel = await pathOf(`${base}.kernel`);
  return kernel === undefined ? undefined : { kernel, initrd: await pathOf(`${base}.initrd`) };
}

async function virtTypeOf({ connection, signal }: Context): Promise<'kvm' | 'qemu'> {
  const found = await connection.domainCapabilities({ virtType: 'kvm', signal }).catch(() => null);
  return found === null ? 'qemu' : 'kvm';
}
