// One machine from nothing (or from off) to ready by booting it: disk, definition, boot, identity.
import type { Domain } from '@skerry/libvirt';
import type { Image } from '../image/store.ts';
import { makeDisk } from '../machine/disk.ts';
import { domainXml } from '../machine/domain-xml.ts';
import { parseMark } from '../machine/metadata.ts';
import { qemuOwner } from '../sandbox/config.ts';
import { INSIDE } from '../util/paths.ts';
import type { MachineSpec } from '../lab-file/spec.ts';
import type { LabContext } from './context.ts';
import { hostPaths } from './disk-layers.ts';
import { definitionOf, disksOf, newDisksOf } from './disks-of.ts';
import { domainPlanOf } from './facts.ts';
import { makeReady } from './identify.ts';
import { shutdownMachines } from './shutdown.ts';
import { waitForGuest } from './wait-for-guest.ts';

/**
 * Makes the machine's disks where they are missing and defines its domain. Nothing of it runs yet. `isNew`: what lies there
 * of one of that name is not its own.
 */
export async function defineMachine(
  context: LabContext,
  machine: MachineSpec,
  isNew = false,
): Promise<Domain> {
  const { lab, paths, connection, accel, progress } = context;
  const image = context.imageOf(machine);
  const disks = await (isNew ? newDisksOf : disksOf)(paths, connection, machine);
  await progress.phase('disk', machine.name, () =>
    makeDisks(hostPaths(paths, disks), machine, imageDisk(image)),
  );
  const plan = domainPlanOf(lab, paths.originId, machine, image, accel, disks);
  // Of one that is defined anew the disk stays, with all that is to know of it.
  const known = isNew ? undefined : parseMark(await definitionOf(connection, machine.name));
  const mark = known
    ? { ...plan.mark, image: known.image, template: known.template, provisioned: known.provisioned }
    : plan.mark;
  return progress.phase('define', machine.name, () =>
    connection.defineDomain(domainXml({ ...plan, mark })),
  );
}

/**
 * Makes the machine's disk, on top of `base` (as seen inside the sandbox), and its extra ones, where they are missing.
 * `files` are their paths on the host, in that order.
 */
export async function makeDisks(
  files: readonly string[],
  machine: MachineSpec,
  base: { readonly backing: string; readonly sizeBytes: number },
): Promise<void> {
  const owner = qemuOwner();
  const plans = [base, ...machine.disks.map(({ sizeBytes }) => ({ sizeBytes }))];
  for (const [at, plan] of plans.entries())
    await makeDisk({ ...plan, path: files[at] ?? '', owner });
}

/** The disk that machines of an image start from. */
export function imageDisk(image: Image): { backing: string; sizeBytes: number } {
  const backing = `${INSIDE.images}/${image.digest}/${image.disk}`;
  return { backing, sizeBytes: image.virtualSizeBytes };
}

/** Starts a defined machine and waits until it is ready. */
export async function startMachine(
  context: LabContext,
  machine: MachineSpec,
  domain: Domain,
): Promise<void> {
  await context.progress.phase('start', machine.name, () => runDomain(domain));
  await finishMachine(context, machine, domain);
}

/**
 * Starts or resumes the domain, whichever it takes. libvirtd may be at the same for a command that was killed: then its state
 * is looked at once more.
 */
export async function runDomain(domain: Domain, isSecond = false): Promise<void> {
  const { state } = await domain.state();
  if (state === 'running') return;
  try {
    await (state === 'paused' ? domain.resume() : domain.start());
  } catch (error) {
    if (isSecond || (await domain.state()).state === state) throw error;
    await runDomain(domain, true);
  }
}

/** Shuts the machine down, or waits until it is, and starts it. */
export async function restartMachine(context: LabContext, machine: MachineSpec): Promise<void> {
  const { connection } = context;
  await shutdownMachines(connection, [machine.name], { ...context });
  await startMachine(context, machine, await connection.domain(machine.name));
}

/** The part of `startMachine` after the start; safe to repeat after an interruption. */
export async function finishMachine(
  context: LabContext,
  machine: MachineSpec,
  domain: Domain,
): Promise<void> {
  const channel = await context.progress.phase('boot', machine.name, () =>
    waitForGuest(context, domain, 'boot'),
  );
  await makeReady(context, machine, domain, channel);
}
