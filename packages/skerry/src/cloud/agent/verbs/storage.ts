import { escapeXml } from '../../../util/escape-xml.ts';
import { VerbError } from '../../verb-error.ts';
import * as verbs from '../../verbs/vm-storage.ts';
import {
  all,
  attribute,
  type Element,
  first,
  formatXml,
  parseXml,
  removeFirst,
} from '../../xml/element.ts';
import { broughtBack, HOST_PERMISSION } from '../definition-guard.ts';
import { findVolume, findVolumeAs, findVolumeId } from '../find-volume.ts';
import { imageTest } from '../golden-images.ts';
import { isDiskName, laterVolumeName, volumeXml } from '../new-domain-xml.ts';
import { ownDisks } from '../own-disks.ts';
import { type Handler, onVm, UNDO, type VmContext, WHOLE_STEP } from './handler.ts';

const GIB = 1024 ** 3;

export const storageHandlers: readonly Handler[] = [
  onVm(verbs.snapshotTake, async (context, params) => {
    const { domain, progress, signal } = context;
    const name =
      params.name ?? new Date().toISOString().slice(0, 19).replace('T', ' ').replaceAll(':', '.');
    progress('writing its memory and disks');
    await domain.createSnapshot(
      `<domainsnapshot><name>${escapeXml(name)}</name><description>${escapeXml(params.description)}</description></domainsnapshot>`,
      { signal },
    );
    return { name };
  }),
  onVm(verbs.snapshotList, async ({ vm }) => ({ snapshots: vm.snapshots })),
  onVm(verbs.snapshotRevert, async (context, { name }) => {
    const { domain, progress, signal } = context;
    const snapshot = await domain.snapshot(name, { signal });
    await refuseToBringBack(context, parseXml(await snapshot.xml({ signal })));
    progress(`going back to ${name}`);
    await snapshot.revert({ signal });
    return {};
  }),
  onVm(verbs.snapshotDelete, async ({ domain, signal }, { name }) => {
    await (await domain.snapshot(name, { signal })).delete({ signal });
    return {};
  }),
  onVm(verbs.drivesGet, async ({ connection, vm, signal }) => ({
    drives: await Promise.all(
      vm.disks.map(async ({ target, source, format }) => {
        const volume =
          source === null ? null : await findVolume(connection, source, signal).catch(() => null);
        const info = await volume?.info({ signal });
        return {
          target,
          source,
          format,
          capacityBytes: info?.capacityBytes ?? null,
          allocationBytes: info?.allocationBytes ?? null,
        };
      }),
    ),
  })),
  onVm(verbs.drivesCreate, async (context, { sizeGiB, format }) => {
    const { connection, domain, vm, volumes, settings, signal } = context;
    const target = freeTarget(vm.disks.map((disk) => disk.target));
    const pool = await connection.pool(settings.pool, { signal });
    const name = laterVolumeName(vm, target, format);
    const capacityBytes = Math.round(sizeGiB * GIB);
    const volume = await volumes.create(pool, { name, capacityBytes, format }, { signal });
    const xml = diskXml({ path: volume.path, target, bus: 'virtio', format });
    try {
      if (await domain.isActive({ signal }))
        await domain.attachDevice(xml, { affect: 'live', ...WHOLE_STEP });
      if (vm.persistent) await domain.attachDevice(xml, { affect: 'config', ...WHOLE_STEP });
      await volumes.keep(volume);
    } catch (error) {
      await domain.detachDevice(xml, { affect: 'live', ...UNDO }).catch(() => {});
      await volumes.drop(connection, volume, error);
      throw error;
    }
    return { target };
  }),
  onVm(verbs.drivesDelete, async (context, { target }) => {
    const { connection, domain, volumes, signal } = context;
    const disk = driveOf(context, target);
    refuseSnapshots(context);
    const isOwn = isOwnDisk(context, disk);
    const volume = isOwn ? await findVolumeId(connection, disk.source, signal) : undefined;
    const xml = diskXml({ path: disk.source, target, bus: disk.bus ?? 'virtio' });
    await volumes.dropAfter(connection, volume ? [volume] : [], () =>
      domain.detachDevice(xml, { affect: 'config', signal }),
    );
    return {};
  }),
  onVm(verbs.drivesConvert, async (context, { target, format }) => {
    const { domain, vm, volumes, progress, signal } = context;
    const disk = driveOf(context, target);
    if (!isOwnDisk(context, disk))
      throw new VerbError(
        'conflict',
        `${target} of ${vm.name} is not its own: it only reads it, or others use it too`,
      );
    if (disk.format === format)
      throw new VerbError('conflict', `${target} of ${vm.name} is ${format} already`);
    refuseSnapshots(context);
    progress(`writing ${target} as ${format}`);
    // It lasts: not on the shared connection.
    await using connection = await context.connection.dup();
    const from = await findVolumeAs(connection, disk.source, disk.format ?? 'raw', signal);
    const pool = await connection.poolOfVolume(from, { signal });
    const { capacityBytes } = await from.info({ signal });
    const name = laterVolumeName(vm, target, format);
    const old = { pool: pool.name, name: from.name };
    const fresh = await volumes.create(pool, { name, capacityBytes, format }, { from, signal });
    try {
      const definition = parseXml(await domain.xml({ inactive: true, signal }));
      signal.throwIfAborted();
      const xml = formatXml(asFormat(diskIn(definition, target), fresh.path, format));
      await volumes.dropAfter(context.connection, [old], async () => {
        await domain.updateDevice(xml, { affect: 'config', ...WHOLE_STEP });
        await volumes.keep(fresh);
      });
    } catch (error) {
      await volumes.drop(context.connection, fresh, error);
      throw error;
    }
    return {};
  }),
  onVm(verbs.drivesSetGolden, async (context, { target, name }) => {
    const { settings, progress, signal } = context;
    if (isDiskName(`${name}.qcow2`))
      throw new VerbError('invalid', `'${name}' is what the disk of a machine is called`);
    const disk = driveOf(context, target);
    progress(`copying ${target}`);
    await using connection = await context.connection.dup();
    const from = await findVolumeAs(connection, disk.source, disk.format ?? 'raw', signal);
    const pool = await connection.pool(settings.imagesPool, { signal });
    const { capacityBytes } = await from.info({ signal });
    // Broken off it is made all the same: as what was asked for.
    await pool.createVolume(volumeXml({ name: `${name}.qcow2`, capacityBytes, format: 'qcow2' }), {
      from,
      signal,
    });
    return {};
  }),
];

/** A snapshot has the definition of its time: what was taken from the machine since may be the host's, or another's. */
async function refuseToBringBack(context: VmContext, snapshot: Element): Promise<void> {
  const { domain, vm, mayOnHost, signal } = context;
  if (mayOnHost(HOST_PERMISSION)) return;
  const now = parseXml(await domain.xml({ inactive: true, signal }));
  const isImage = await imageTest(context);
  const then = ['domain', 'inactiveDomain'].flatMap((each) => all(snapshot, each));
  const back = then.flatMap((each) => broughtBack({ ...each, name: 'domain' }, now, isImage));
  if (back.length > 0)
    throw new VerbError(
      'denied',
      `${vm.name} had ${[...new Set(back)].join('; ')} then, which it has no more`,
      { permission: HOST_PERMISSION },
    );
}

/** They are in its disks. @throws VerbError `conflict` */
function refuseSnapshots({ vm }: VmContext): void {
  if (vm.snapshots.length > 0)
    throw new VerbError(
      'conflict',
      `${vm.name} has snapshots, which would be lost: delete them first`,
    );
}

function driveOf({ vm }: VmContext, target: string) {
  const disk = vm.disks.find((each) => each.target === target);
  const known = vm.disks.map((each) => each.target).join(', ') || 'none';
  if (!disk?.source)
    throw new VerbError('not-found', `${vm.name} has no drive '${target}'; it has: ${known}`);
  return { ...disk, source: disk.source };
}

function isOwnDisk({ vm, entities }: VmContext, { target }: { readonly target: string }): boolean {
  return ownDisks(vm, entities.all).some((each) => each.target === target);
}

function diskIn(definition: Element, target: string): Element {
  const found = all(definition, 'devices/disk').find(
    (each) => attribute(each, 'target', 'dev') === target,
  );
  if (!found) throw new VerbError('not-found', `there is no drive '${target}' any more`);
  return found;
}

/** The same drive in another file: what else it is, it stays. */
function asFormat(disk: Element, path: string, format: string): Element {
  const [driver, source] = [first(disk, 'driver'), first(disk, 'source')];
  if (driver) driver.attributes['type'] = format;
  else
    disk.children.unshift({
      name: 'driver',
      attributes: { name: 'qemu', type: format },
      children: [],
    });
  if (source) source.attributes['file'] = path;
  removeFirst(disk, 'backingStore');
  return disk;
}

/** A drive as libvirt takes it; to name one that is to go, its format need not be said. */
function diskXml(disk: {
  readonly path: string;
  readonly target: string;
  readonly bus: string;
  readonly format?: string;
}): string {
  const { path, target, bus, format } = disk;
  const driver = format === undefined ? '' : `<driver name='qemu' type='${format}' cache='none'/>`;
  return `<disk type='file' device='disk'>${driver}<source file='${escapeXml(path)}'/><target dev='${target}' bus='${bus}'/></disk>`;
}

function freeTarget(taken: readonly string[]): string {
  for (const letter of 'abcdefghijklmnopqrstuvwxyz')
    if (!taken.includes(`vd${letter}`)) return `vd${letter}`;
  throw new VerbError('conflict', 'it has all the drives that it can have');
}
