// A machine like another one, with a copy of each of its disks.
import { randomUUID } from 'node:crypto';
import { VerbError } from '../../verb-error.ts';
import {
  all,
  attribute,
  type Element,
  first,
  formatXml,
  parseXml,
  removeFirst,
  setText,
} from '../../xml/element.ts';
import { isWritten } from '../definition-guard.ts';
import { findVolumeAs } from '../find-volume.ts';
import { changeIdentity } from '../guest-identity.ts';
import { volumeName } from '../new-domain-xml.ts';
import type { NewVolume } from '../unused-volumes.ts';
import { refusePartsOfHost } from '../guarded.ts';
import { newName } from '../new-name.ts';
import { type Context, refuseDrained, type VmContext, WHOLE_STEP } from './handler.ts';

export async function clone(context: VmContext, params: { name?: string | undefined }) {
  const { connection, domain, vm, volumes, signal, progress } = context;
  refuseDrained(context);
  const name = newName(context, params.name);
  const root = parseXml(await domain.xml({ inactive: true, signal }));
  await refuseToShare(context, root);
  const uuid = randomUUID();
  setText(root, 'name', name);
  setText(root, 'uuid', uuid);
  changeIdentity(root, { name, uuid });
  for (const nic of all(root, 'devices/interface')) removeFirst(nic, 'mac');
  // What the firmware keeps is the other's; libvirt makes a file of its own name from the template.
  for (const nvram of all(root, 'os/nvram')) nvram.children.splice(0);
  const made: NewVolume[] = [];
  try {
    for (const disk of all(root, 'devices/disk')) {
      const path = attribute(disk, 'source', 'file');
      if (path === null || !isWritten(disk)) continue;
      const target = attribute(disk, 'target', 'dev') ?? '';
      progress(`copying ${target}`);
      const format = attribute(disk, 'driver', 'type') ?? 'raw';
      const copy = volumeName({ name, uuid }, target, 'qcow2');
      const volume = await copyVolume(context, { path, format }, copy);
      made.push(volume);
      const source = first(disk, 'source');
      if (source) source.attributes['file'] = volume.path;
      const driver = first(disk, 'driver');
      if (driver) driver.attributes['type'] = 'qcow2';
    }
    signal.throwIfAborted();
    await connection.defineDomain(formatXml(root), WHOLE_STEP);
    for (const volume of made) await volumes.keep(volume);
  } catch (error) {
    for (const volume of made) await volumes.drop(connection, volume, error);
    throw error;
  }
  await context.refresh(uuid);
  return { uuid, name, of: vm.name };
}

/** What cannot be copied both would have, and what is the host's only some may hand out. @throws VerbError */
async function refuseToShare(context: VmContext, root: Element): Promise<void> {
  const { vm } = context;
  const shared = all(root, 'devices/disk').find(
    (disk) => isWritten(disk) && first(disk, 'source') && !attribute(disk, 'source', 'file'),
  );
  if (shared)
    throw new VerbError(
      'conflict',
      `${attribute(shared, 'target', 'dev')} of ${vm.name} is no file, and cannot be copied`,
    );
  await refusePartsOfHost(context, root);
}

async function copyVolume(
  context: Context,
  { path, format }: { readonly path: string; readonly format: string },
  name: string,
): Promise<NewVolume> {
  // It lasts: not on the shared connection.
  await using connection = await context.connection.dup();
  const { volumes, signal } = context;
  const from = await findVolumeAs(connection, path, format, signal);
  const pool = await connection.poolOfVolume(from, { signal });
  const { capacityBytes } = await from.info({ signal });
  return await volumes.create(pool, { name, capacityBytes, format: 'qcow2' }, { from, signal });
}
