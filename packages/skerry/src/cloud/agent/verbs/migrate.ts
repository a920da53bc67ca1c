import { setTimeout as sleep } from 'node:timers/promises';
import type { z } from 'zod';
import { isBoundByDisks, isBoundByPause, isOn } from '../../entity.ts';
import { VerbError } from '../../verb-error.ts';
import type * as verbs from '../../verbs/vm-power.ts';
import { parseXml } from '../../xml/element.ts';
import { refuseToTakeAlong } from '../guarded.ts';
import { setMetadata } from '../set-metadata.ts';
import type { VolumeId } from '../unused-volumes.ts';
import { UNDO, type VmContext } from './handler.ts';
import { ownVolumes } from './undefine.ts';

/** Where a machine goes, as central adds it for the agent: the target's own word for its address, and its tags. */
export interface MigrationTarget {
  readonly target: string;
  readonly targetUri?: string;
  readonly targetTags?: readonly string[];
}

const PROGRESS_MS = 500;

/** Moves a machine, live where it runs. Its disks are shared, or copied with it. */
export async function migrate(
  context: VmContext,
  params: z.output<typeof verbs.migrate.params> & MigrationTarget,
): Promise<{ seconds: number }> {
  const { vm, hypervisor, settings, signal } = context;
  const uri = params.targetUri;
  if (params.target === hypervisor.name)
    throw new VerbError('conflict', `${vm.name} is on ${hypervisor.name} already`);
  if (!uri) throw new VerbError('conflict', `nobody knows how to reach ${params.target}'s libvirt`);
  if (isBoundByPause(vm)) throw new VerbError('conflict', `${vm.name} is paused: resume it first`);
  const host = { name: params.target, tags: params.targetTags ?? [] };
  const definition = parseXml(await context.domain.xml({ inactive: true, signal }));
  await refuseToTakeAlong(context, definition, host);
  context.refuseGain({ hypervisor: host.name });
  const began = performance.now();
  const live = isOn(vm);
  const hasDisks = vm.disks.some(({ readonly }) => !readonly);
  if (isBoundByDisks(vm, settings))
    throw new VerbError(
      'conflict',
      `${vm.name} is off, and its disks are on ${hypervisor.name} only: start it, and they are copied as it moves`,
    );
  // A migration lasts; on the shared connection it would keep others' calls waiting.
  await using connection = await context.connection.dup();
  const domain = await connection.domainByUuid(vm.uuid, { signal });
  const copyDisks = live && !settings.sharedStorage && hasDisks;
  await context.volumes.keepDisks(context.connection, vm);
  const left = copyDisks ? await leftBehind(context) : [];
  // What libvirt does not take along.
  const autostart = await context.domain.autostart({ signal });
  if (autostart) await setMetadata(context.domain, vm, { autostart, signal });
  const done = new AbortController();
  const watching = live ? watchProgress(context, done.signal) : Promise.resolve();
  const stop = (): void => void context.domain.abortJob().catch(() => {});
  signal.addEventListener('abort', stop, { once: true });
  try {
    await context.volumes.dropAfter(context.connection, left, () =>
      domain.migrateTo(uri, {
        live,
        offline: !live,
        persist: true,
        undefineSource: true,
        abortOnError: live,
        autoConverge: live,
        unsafe: settings.sharedStorage,
        copyDisks,
        signal,
      }),
    );
  } catch (error) {
    if (autostart) await setMetadata(context.domain, vm, UNDO).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener('abort', stop);
    done.abort();
    await watching;
  }
  return { seconds: Math.round((performance.now() - began) / 100) / 10 };
}

/** What stays here of a machine whose disks are copied: files in folders. Others, of a network or a device, the target may have as well. */
export async function leftBehind(
  context: Pick<VmContext, 'connection' | 'vm' | 'entities' | 'signal'>,
): Promise<VolumeId[]> {
  const { connection, signal } = context;
  const left: VolumeId[] = [];
  for (const volume of await ownVolumes(context)) {
    const pool = await connection.pool(volume.pool, { signal });
    const { type } = parseXml(await pool.xml({ signal })).attributes;
    if (type === 'dir' || type === 'fs') left.push(volume);
  }
  return left;
}

/** libvirt has no event for a migration's progress: its job is asked while it lasts. */
async function watchProgress(context: VmContext, done: AbortSignal): Promise<void> {
  const { domain, progress } = context;
  while (!done.aborted) {
    await sleep(PROGRESS_MS, undefined, { signal: done }).catch(() => {});
    if (done.aborted) return;
    const job = await domain.jobStats({ signal: done }).catch(() => undefined);
    const total = Number(job?.params['data_total'] ?? 0);
    const processed = Number(job?.params['data_processed'] ?? 0);
    if (total > 0) progress('moving its memory', Math.min(1, processed / total));
  }
}
