// One new machine from a template to ready: disk, definition, thaw, identity.
import { rm } from 'node:fs/promises';
import { type Domain, isNotFound } from '@skerry/libvirt';
import { type GuestChannel, runScript } from '../guest/exec.ts';
import { type DiskFile, domainXml } from '../machine/domain-xml.ts';
import { SETTLE_SCRIPT } from '../machine/identity.ts';
import { openGuest } from '../sandbox/gateway.ts';
import type { Template } from '../template/store.ts';
import { SkerryError } from '../util/errors.ts';
import { INSIDE } from '../util/paths.ts';
import type { MachineSpec } from '../lab-file/spec.ts';
import type { LabContext } from './context.ts';
import { hostPaths } from './disk-layers.ts';
import { newDisksOf } from './disks-of.ts';
import { domainPlanOf } from './facts.ts';
import { makeReady } from './identify.ts';
import { makeDisks } from './start-machine.ts';
import { thawDomain } from './thaw-domain.ts';
import { waitForGuest } from './wait-for-guest.ts';
import { messageOf } from '../util/message-of.ts';

const SETTLE_MS = 5000;

/**
 * Thaws a machine that does not exist yet. False where it cannot be thawed: then nothing of it is left, so that it can
 * boot. Killed at any point, the next `up` starts or finishes what there is.
 */
export async function thawMachine(
  context: LabContext,
  machine: MachineSpec,
  template: Template,
): Promise<boolean> {
  const { progress, signal, paths, connection } = context;
  // Whatever lies there is of a machine that is no more, and not what the frozen memory knows of its disks.
  const disks = await newDisksOf(paths, connection, machine);
  let thawed: Awaited<ReturnType<typeof thaw>>;
  try {
    thawed = await thaw(context, machine, template, disks);
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SkerryError && error.code === 'DISK_FULL') throw error;
    const reason = messageOf(error);
    progress.say('thaw', machine.name, `booting, for it could not be thawed (${reason})`);
    await discard(context, machine, disks);
    return false;
  }
  await makeReady(context, machine, thawed.domain, thawed.channel);
  return true;
}

async function thaw(
  context: LabContext,
  machine: MachineSpec,
  template: Template,
  disks: readonly DiskFile[],
): Promise<{ domain: Domain; channel: GuestChannel }> {
  const { lab, paths, connection, accel, progress, signal } = context;
  const image = context.imageOf(machine);
  const inside = `${INSIDE.images}/templates/${template.id}`;
  await progress.phase('disk', machine.name, () => {
    const base = { backing: `${inside}/disk.qcow2`, sizeBytes: image.virtualSizeBytes };
    return makeDisks(hostPaths(paths, disks), machine, base);
  });
  const plan = domainPlanOf(lab, paths.originId, machine, image, accel, disks);
  const mark = { ...plan.mark, template: template.id };
  const domain = await progress.phase('define', machine.name, () =>
    connection.defineDomain(domainXml({ ...plan, mark })),
  );
  const channel = await progress.phase('thaw', machine.name, async () => {
    const warm = { ...plan, mark, linkUp: false, memoryFile: `${inside}/memory` };
    await thawDomain(connection, paths, {
      ...{ name: machine.name, frozen: template.dir, as: 'running', signal },
      xml: domainXml(warm),
    });
    return waitForGuest(context, domain, 'thaw');
  });
  return { domain, channel };
}

async function discard(
  context: LabContext,
  machine: MachineSpec,
  disks: readonly DiskFile[],
): Promise<void> {
  try {
    const domain = await context.connection.domain(machine.name);
    if (await domain.isActive()) await domain.destroy();
    await domain.undefine();
  } catch (error) {
    if (!isNotFound(error)) throw error;
  }
  for (const file of hostPaths(context.paths, disks)) await rm(file, { force: true });
}

/** When all are ready: what the machines put off may begin. They do it anyway after a while. */
export async function settle(
  { paths, signal }: LabContext,
  machines: readonly string[],
): Promise<void> {
  const options = { signal, timeoutMs: SETTLE_MS };
  await Promise.allSettled(
    machines.map(async (machine) => {
      const channel = await openGuest(paths.gatewaySocket, machine, options);
      await runScript(channel, SETTLE_SCRIPT, { ...options, language: 'perl' });
    }),
  );
}
