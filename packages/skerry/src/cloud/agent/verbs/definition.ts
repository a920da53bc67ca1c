import { randomUUID } from 'node:crypto';
import {
  type Domain,
  isNotFound,
  LibvirtError,
  type StoragePool,
  type StorageVolume,
  type UndefineOptions,
} from '@skerry/libvirt';
import { isOn } from '../../entity.ts';
import { VerbError } from '../../verb-error.ts';
import * as verbs from '../../verbs/vm-definition.ts';
import {
  all,
  attribute,
  type Element,
  first,
  formatXml,
  parseXml,
  textOf,
} from '../../xml/element.ts';
import { HOST_PERMISSION, reachesHost, sharedWithHost } from '../definition-guard.ts';
import { findVolume, findVolumeAs } from '../find-volume.ts';
import { friendlyName } from '../friendly-name.ts';
import { imageTest, isSomeonesDisk } from '../golden-images.ts';
import { ownDisks } from '../own-disks.ts';
import { newDomainXml, volumeName, volumeXml } from '../new-domain-xml.ts';
import { metadataXml, METADATA, vmFromXml } from '../vm-from-xml.ts';
import {
  type Context,
  type Handler,
  onHypervisor,
  onVm,
  refuseTooLarge,
  type VmContext,
  WHOLE_STEP,
} from './handler.ts';

const GIB = 1024 ** 3;

export const definitionHandlers: readonly Handler[] = [
  onVm(verbs.define, async (context, { xml }) => {
    const now = await context.domain.xml({ inactive: true, signal: context.signal });
    const root = await guarded(context, xml, parseXml(now));
    context.refuseGain(vmFromXml(root).tags);
    setText(root, 'uuid', context.vm.uuid);
    setText(root, 'name', context.vm.name);
    await context.connection.defineDomain(formatXml(root), {
      validate: true,
      signal: context.signal,
    });
    return {};
  }),
  onVm(verbs.undefine, async (context) => {
    if (context.by.via === 'system') await undefineForParking(context);
    else await undefine(context);
    return {};
  }),
  onVm(verbs.free, async (context, { keepDisks }) => {
    const { signal } = context;
    const volumes = keepDisks ? [] : await ownVolumes(context);
    await undefine(context);
    for (const volume of volumes) await volume.delete({ signal });
    return { deleted: volumes.map(({ name }) => name) };
  }),
  onVm(verbs.clone, clone),
  onVm(verbs.rename, async ({ domain, signal }, { name }) => {
    await domain.rename(name, { signal });
    return {};
  }),
  onVm(verbs.manage, (context) => setMetadata(context, { managed: true, tags: context.vm.tags })),
  onVm(verbs.unmanage, (context) =>
    setMetadata(context, { managed: false, tags: context.vm.tags }),
  ),
  onVm(verbs.settags, (context, { tags }) => {
    context.refuseGain(tags);
    return setMetadata(context, { managed: context.vm.managed, tags });
  }),
  onHypervisor(verbs.alloc, async (context, params) => {
    const { drained, name: host } = context.hypervisor;
    if (drained)
      throw new VerbError('conflict', `${host} is drained: no new machines are made there`, {
        hint: `open it again: skerry hypervisor drain ${host} --no-on`,
      });
    if (params.xml === undefined) refuseTooLarge(context, params);
    const name = params.name ?? friendlyName((each) => isTaken(context, each));
    if (isTaken(context, name))
      throw new VerbError('conflict', `there is a machine called '${name}' on this hypervisor`);
    const uuid = randomUUID();
    const domain = params.xml
      ? await defineFromXml(context, params.xml, uuid)
      : await defineNew(context, { ...params, name }, uuid);
    if (params.start) await domain.start({ signal: context.signal });
    await context.refresh(domain.uuid);
    return { uuid: domain.uuid, name: domain.name };
  }),
];

/**
 * Parses a definition, and refuses what reaches the host or others' disks from whoever may not hand that out.
 * @param before what the machine is now
 */
async function guarded(context: Context, xml: string, before?: Element): Promise<Element> {
  const root = parseXml(xml);
  if (root.name !== 'domain')
    throw new VerbError('invalid', `the XML is a <${root.name}>; a <domain> was expected`);
  if (context.mayOnHost(HOST_PERMISSION)) return root;
  const reach = reachesHost(root, { before, isImage: await imageTest(context) });
  if (reach.length > 0)
    throw new VerbError(
      'denied',
      `the definition reaches beyond the machine: ${reach.join('; ')}`,
      {
        permission: HOST_PERMISSION,
        hint: 'a new disk is made by: skerry vm drives-create',
      },
    );
  return root;
}

async function defineFromXml(context: Context, xml: string, uuid: string): Promise<Domain> {
  // What central itself brings back was a machine before: it has what it had.
  const isBack = context.by.via === 'system';
  const before = isBack ? parseXml(xml) : undefined;
  const root = await guarded(context, xml, before);
  const name = textOf(root, 'name');
  if (name && isTaken(context, name))
    throw new VerbError('conflict', `there is a machine called '${name}' on this hypervisor`);
  // By another machine's uuid, on this hypervisor or not, one would have that machine.
  if (!isBack || textOf(root, 'uuid') === null) setText(root, 'uuid', uuid);
  else if (await exists(context, textOf(root, 'uuid') ?? ''))
    throw new VerbError('conflict', 'there is a machine with the uuid of this XML');
  return context.connection.defineDomain(formatXml(root), {
    validate: true,
    signal: context.signal,
  });
}

async function defineNew(
  context: Context,
  params: Parameters<
    Parameters<typeof onHypervisor<typeof verbs.alloc.params, typeof verbs.alloc.result>>[1]
  >[1] & { name: string },
  uuid: string,
): Promise<Domain> {
  const { connection, signal, hypervisor, progress } = context;
  const { name, memoryMiB, vcpus, diskGiB, image, network, tags } = params;
  const isTest = hypervisor.driver === 'TEST';
  let volume: StorageVolume | undefined;
  if (!isTest && (diskGiB > 0 || image !== undefined)) {
    progress('making its disk');
    volume = await makeDisk(context, volumeName({ name, uuid }, 'vda', 'qcow2'), diskGiB, image);
  }
  try {
    const disk = await volume?.path({ signal });
    const boot = isTest || image === undefined ? undefined : await bootOf(context, image);
    const virtType = isTest ? 'test' : await virtTypeOf(context);
    const xml = newDomainXml({ name, uuid, memoryMiB, vcpus, disk, boot, network, tags, virtType });
    signal.throwIfAborted();
    return await connection.defineDomain(xml, WHOLE_STEP);
  } catch (error) {
    // Not with the request's signal: what was made is unmade also when nobody waits any more.
    await volume?.delete({ timeoutMs: 10_000 }).catch(() => {});
    throw error;
  }
}

async function makeDisk(
  context: Context,
  name: string,
  diskGiB: number,
  image: string | undefined,
): Promise<StorageVolume> {
  const { connection, settings, signal } = context;
  const pool = await connection.pool(settings.pool, { signal });
  const golden = image === undefined ? undefined : await goldenImage(context, image);
  const capacityBytes = Math.max(
    Math.round(diskGiB * GIB),
    (await golden?.info({ signal }))?.capacityBytes ?? 0,
  );
  const backing = await golden?.path({ signal });
  const xml = volumeXml({ name, capacityBytes, format: 'qcow2', backing });
  return pool.createVolume(xml, { signal });
}

async function goldenImage(context: Context, image: string): Promise<StorageVolume> {
  const pool = await context.connection.pool(context.settings.imagesPool, {
    signal: context.signal,
  });
  const found = await imageVolume(context, pool, image);
  if (found) return found;
  const volumes = await pool.volumes({ signal: context.signal });
  const known = await Promise.all(volumes.map(({ name }) => imageVolume(context, pool, name)));
  const names = known.flatMap((each) => (each ? [each.name] : [])).join(', ') || 'none';
  throw new VerbError('not-found', `there is no golden image '${image}' here; there are: ${names}`);
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

async function clone(context: VmContext, params: { name?: string | undefined }) {
  const { connection, domain, vm, signal, progress } = context;
  const name = params.name ?? friendlyName((each) => isTaken(context, each));
  if (isTaken(context, name))
    throw new VerbError('conflict', `there is a machine called '${name}' on this hypervisor`);
  const root = parseXml(await domain.xml({ inactive: true, signal }));
  refuseToShare(context, root);
  const uuid = randomUUID();
  setText(root, 'name', name);
  setText(root, 'uuid', uuid);
  for (const nic of all(root, 'devices/interface')) remove(nic, 'mac');
  // What the firmware keeps is the other's; libvirt makes a file of its own name from the template.
  for (const nvram of all(root, 'os/nvram')) nvram.children.splice(0);
  const made: StorageVolume[] = [];
  try {
    for (const disk of all(root, 'devices/disk')) {
      const path = attribute(disk, 'source', 'file');
      if (path === null || first(disk, 'readonly') || disk.attributes['device'] === 'cdrom')
        continue;
      const target = attribute(disk, 'target', 'dev') ?? '';
      progress(`copying ${target}`);
      const format = attribute(disk, 'driver', 'type') ?? 'raw';
      const copy = volumeName({ name, uuid }, target, 'qcow2');
      const volume = await copyVolume(context, { path, format }, copy);
      made.push(volume);
      const source = first(disk, 'source');
      if (source) source.attributes['file'] = await volume.path({ signal });
      const driver = first(disk, 'driver');
      if (driver) driver.attributes['type'] = 'qcow2';
    }
    signal.throwIfAborted();
    await connection.defineDomain(formatXml(root), WHOLE_STEP);
  } catch (error) {
    for (const volume of made) await volume.delete({ timeoutMs: 10_000 }).catch(() => {});
    throw error;
  }
  await context.refresh(uuid);
  return { uuid, name, of: vm.name };
}

/** What cannot be copied both would have, and what is the host's only some may hand out. @throws VerbError */
function refuseToShare({ vm, mayOnHost }: VmContext, root: Element): void {
  const isWritten = (disk: Element): boolean =>
    !first(disk, 'readonly') && disk.attributes['device'] !== 'cdrom';
  const shared = all(root, 'devices/disk').find(
    (disk) => isWritten(disk) && first(disk, 'source') && !attribute(disk, 'source', 'file'),
  );
  if (shared)
    throw new VerbError(
      'conflict',
      `${attribute(shared, 'target', 'dev')} of ${vm.name} is no file, and cannot be copied`,
    );
  const host = mayOnHost(HOST_PERMISSION) ? [] : sharedWithHost(root);
  if (host.length > 0)
    throw new VerbError('denied', `${vm.name} has parts of the host: ${host.join('; ')}`, {
      permission: HOST_PERMISSION,
    });
}

async function copyVolume(
  context: Context,
  { path, format }: { readonly path: string; readonly format: string },
  name: string,
): Promise<StorageVolume> {
  // It lasts: not on the shared connection.
  await using connection = await context.connection.dup();
  const { signal } = context;
  const from = await findVolumeAs(connection, path, format, signal);
  const pool = await connection.poolOfVolume(from, { signal });
  const { capacityBytes } = await from.info({ signal });
  const xml = volumeXml({ name, capacityBytes, format: 'qcow2' });
  await pool.createVolume(xml, { from, signal });
  // With the connection that outlives this function.
  const copied = await (await pool.volume(name, { signal })).path({ signal });
  return findVolume(context.connection, copied, signal);
}

/** The volumes of a machine's disks that are no other's. */
async function ownVolumes({ connection, vm, entities, signal }: VmContext) {
  const found = await Promise.all(
    ownDisks(vm, entities.all).map(({ source }) =>
      findVolume(connection, source ?? '', signal).catch(() => undefined),
    ),
  );
  return found.filter((each) => each !== undefined);
}

/** Forgets a machine with all that libvirt keeps of it. */
async function undefine({ domain, signal }: VmContext): Promise<void> {
  const some = { snapshotsMetadata: true, managedSave: true };
  const all = { ...some, checkpointsMetadata: true, nvram: true };
  await undefineWith(domain, [all, some], signal);
}

/** Some drivers, and older libvirts, know only some flags: the first set that is known is taken. */
async function undefineWith(
  domain: Domain,
  [flags = {}, ...others]: readonly UndefineOptions[],
  signal: AbortSignal,
): Promise<void> {
  try {
    await domain.undefine({ ...flags, signal });
  } catch (error) {
    const isFlags = error instanceof LibvirtError && /unsupported flags/.test(error.message);
    if (!isFlags || others.length === 0) throw error;
    await undefineWith(domain, others, signal);
  }
}

/** It comes back as it was: what libvirt keeps beside its definition stays where it is. */
async function undefineForParking({ domain, vm, signal }: VmContext): Promise<void> {
  // A driver that does not know the question has none.
  const isSaved = await domain.hasManagedSave({ signal }).catch((error: unknown) => {
    if (error instanceof LibvirtError) return false;
    throw error;
  });
  if (isSaved)
    throw new VerbError('conflict', `${vm.name} has saved memory, which would be lost`, {
      hint: 'start it and shut it down, and park it then',
    });
  await undefineWith(domain, [{ keepNvram: true, keepTpm: true }, { keepNvram: true }, {}], signal);
}

async function setMetadata(context: VmContext, ours: { managed: boolean; tags: string[] }) {
  const { domain, vm, signal } = context;
  const xml = metadataXml(ours);
  const options = { key: METADATA.key, signal };
  if (vm.persistent)
    await domain.setMetadata({ uri: METADATA.uri }, xml, { ...options, affect: 'config' });
  if (isOn(vm))
    await domain.setMetadata({ uri: METADATA.uri }, xml, { ...options, affect: 'live' });
  return {};
}

function isTaken({ entities }: Context, name: string): boolean {
  return entities.all.some((each) => each.kind === 'vm' && each.name === name);
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

function setText(root: Element, name: string, text: string): void {
  const element = first(root, name);
  if (element) element.children.splice(0, Infinity, text);
  else root.children.unshift({ name, attributes: {}, children: [text] });
}

function remove(parent: Element, name: string): void {
  const at = parent.children.findIndex((each) => typeof each !== 'string' && each.name === name);
  if (at >= 0) parent.children.splice(at, 1);
}
