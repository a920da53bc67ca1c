// Takes machines away: their definitions, what libvirt keeps beside those, and their disks.
import { type CallOptions, type Domain, LibvirtError, type UndefineOptions } from '@skerry/libvirt';
import { VerbError } from '../../verb-error.ts';
import * as verbs from '../../verbs/vm-definition.ts';
import { findVolumeId } from '../find-volume.ts';
import { ownDisks } from '../own-disks.ts';
import type { VolumeId } from '../unused-volumes.ts';
import { type Handler, onVm, type VmContext } from './handler.ts';

export const undefineHandlers: readonly Handler[] = [
  onVm(verbs.undefine, async (context) => {
    const { connection, vm, volumes } = context;
    await volumes.keepDisks(connection, vm);
    if (context.by.via === 'system') await undefineForParking(context);
    else await undefine(context, { signal: context.signal });
    return {};
  }),
  onVm(verbs.free, async (context, { keepDisks }) => {
    const { connection, vm, volumes, signal } = context;
    if (keepDisks) await volumes.keepDisks(connection, vm);
    const own = keepDisks ? [] : await ownVolumes(context);
    const gone = await volumes.dropAfter(connection, own, () => undefine(context, { signal }));
    return { deleted: gone.map(({ name }) => name) };
  }),
];

/** The volumes of a machine's disks that are no other's; what is in no pool is not libvirt's to delete. */
export async function ownVolumes(
  context: Pick<VmContext, 'connection' | 'vm' | 'entities' | 'signal'>,
): Promise<VolumeId[]> {
  const { connection, vm, entities, signal } = context;
  const found = await Promise.all(
    ownDisks(vm, entities.all).map(({ source }) => findVolumeId(connection, source ?? '', signal)),
  );
  return found.filter((each) => each !== undefined);
}

/** Forgets a machine with all that libvirt keeps of it. */
export async function undefine(
  { domain }: Pick<VmContext, 'domain'>,
  options: CallOptions,
): Promise<void> {
  const some = { snapshotsMetadata: true, managedSave: true };
  const all = { ...some, checkpointsMetadata: true, nvram: true };
  await undefineWith(domain, [all, some], options);
}

/** Some drivers, and older libvirts, know only some flags: the first set that is known is taken. */
async function undefineWith(
  domain: Domain,
  [flags = {}, ...others]: readonly UndefineOptions[],
  options: CallOptions,
): Promise<void> {
  try {
    await domain.undefine({ ...flags, ...options });
  } catch (error) {
    const isFlags = error instanceof LibvirtError && /unsupported flags/.test(error.message);
    if (!isFlags || others.length === 0) throw error;
    await undefineWith(domain, others, options);
  }
}

/** What libvirt keeps beside its definition stays where it is: it comes back as it was. */
export async function undefineToComeBack(domain: Domain, options: CallOptions): Promise<void> {
  await undefineWith(
    domain,
    [{ keepNvram: true, keepTpm: true }, { keepNvram: true }, {}],
    options,
  );
}

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
  await undefineToComeBack(domain, { signal });
}
