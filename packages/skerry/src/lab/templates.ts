// Which template a new machine is thawed from: the one there is, or one that this `up` makes, once for all machines of
// a kind, by booting one. Where that does not work the machine boots, and `up` says why.
import { rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { runScript } from '../guest/exec.ts';
import { freeze } from '../freeze/frozen.ts';
import { imagesDir } from '../image/store.ts';
import { type DomainPlan, domainXml, MEMORY_BLOCK } from '../machine/domain-xml.ts';
import { templateScript } from '../machine/template-script.ts';
import { qemuOwner } from '../sandbox/config.ts';
import {
  type HostInputs,
  hostInputs,
  kindOf,
  type TemplateInputs,
  templateKey,
} from '../template/key.ts';
import {
  findTemplate,
  makeTemplate,
  type Template,
  type TemplateRecord,
  templatesDir,
} from '../template/store.ts';
import { INSIDE } from '../util/paths.ts';
import { uuidOf } from '../util/uuid.ts';
import type { MachineSpec } from '../lab-file/spec.ts';
import type { LabContext } from './context.ts';
import { NETWORK_NAME } from './facts.ts';
import { TEMPLATE_NAME } from './observe.ts';
import { imageDisk, makeDisks } from './start-machine.ts';
import { waitForGuest } from './wait-for-guest.ts';
import { messageOf } from '../util/message-of.ts';

type Context = Omit<LabContext, 'templateOf'>;

const SCRIPT_MS = { kvm: 60_000, tcg: 300_000 };
const MISSING = {
  missing: 'making a template, which later ones are thawed from',
  stale: 'QEMU, libvirt or the kernel has changed: making a new template',
  damaged: 'making a new template',
};

/** Remembers what it found or made, for machines of the same kind. */
export function templateChooser(context: Context): LabContext['templateOf'] {
  const chosen = new Map<string, Promise<Template | undefined>>();
  let host: Promise<ReturnType<typeof hostInputs>> | undefined;
  return async (machine) => {
    const inputs = {
      ...machineInputs(context, machine),
      ...(await (host ??= context.connection.libVersion().then(hostInputs))),
    };
    const key = templateKey(inputs);
    let template = chosen.get(key);
    if (!template) chosen.set(key, (template = choose(context, machine, inputs, key)));
    return template;
  };
}

async function choose(
  context: Context,
  machine: MachineSpec,
  inputs: TemplateInputs,
  key: string,
): Promise<Template | undefined> {
  const { progress, signal } = context;
  const store = imagesDir();
  const say = (text: string): void => progress.say('template', undefined, text);
  try {
    const found = await findTemplate(store, key, kindOf(inputs));
    if (!('missing' in found)) return found;
    if (found.reason !== undefined) say(found.reason);
    say(`${machine.name}: ${MISSING[found.missing]}`);
    const make = (dir: string): Promise<TemplateRecord> =>
      bootTemplate(context, machine, inputs, key, dir);
    const made = await progress.phase('template', undefined, () =>
      makeTemplate(store, key, make, signal),
    );
    if (!made) say(`${machine.name}: another command is making its template: booting`);
    return made;
  } catch (error) {
    signal.throwIfAborted();
    const reason = messageOf(error);
    say(`${machine.name}: booting, for there is no template (${reason})`);
    return undefined;
  }
}

/** Boots a machine of nobody, in a domain that libvirt ends when we do, and freezes it into `dir`. */
async function bootTemplate(
  context: Context,
  machine: MachineSpec,
  inputs: TemplateInputs,
  key: string,
  dir: string,
): Promise<TemplateRecord> {
  const { connection, progress, signal, accel } = context;
  const image = context.imageOf(machine);
  const inside = `${INSIDE.images}/${basename(templatesDir(''))}/${basename(dir)}`;
  const plan = templatePlan(context, machine, `${TEMPLATE_NAME}${key}`, inside);
  const files = plan.disks.map(({ path }) => join(dir, basename(path)));
  await makeDisks(files, machine, imageDisk(image));
  const xml = domainXml(plan);
  await context.networkUp;
  const domain = await connection.createDomain(xml, { autodestroy: true, signal });
  await using undo = new AsyncDisposableStack();
  undo.defer(() => domain.destroy().catch(() => {}));
  const channel = await waitForGuest(context, domain, 'template');
  const script = await runScript(channel, templateScript(machine), {
    signal,
    timeoutMs: SCRIPT_MS[accel],
  });
  if (script.exitCode !== 0) throw new Error(script.stderr.trim() || 'its set-up failed');
  const saved = join(dir, 'saved');
  await progress.phase('freeze', undefined, async () => {
    await domain.save(`${inside}/saved`, { signal });
    const { memoryMiB } = machine;
    const owner = qemuOwner();
    await freeze({ saved, dir, memoryMiB, blockName: MEMORY_BLOCK, owner, signal });
  });
  undo.move();
  await Promise.all([saved, join(dir, 'console.log')].map((file) => rm(file, { force: true })));
  return {
    kind: kindOf(inputs),
    host: hostOf(inputs),
    image: machine.image,
    imageDigest: image.digest,
    memoryMiB: machine.memoryMiB,
    cpus: machine.cpus,
    nested: machine.nested,
    disks: machine.disks.map(({ name }) => name),
    made: new Date().toISOString(),
  };
}

function hostOf({ libvirt, qemu, kernel, cpu }: HostInputs): HostInputs {
  return { libvirt, qemu, kernel, cpu };
}

function machineInputs(
  context: Context,
  machine: MachineSpec,
): Pick<TemplateInputs, 'xml' | 'diskBytes' | 'script'> {
  return {
    xml: domainXml(templatePlan(context, machine, TEMPLATE_NAME, '')),
    diskBytes: machine.disks.map(({ sizeBytes }) => sizeBytes),
    script: templateScript(machine),
  };
}

/** The machine without anything that makes it one of a lab, its cable out. */
function templatePlan(
  { accel, imageOf }: Pick<Context, 'accel' | 'imageOf'>,
  machine: MachineSpec,
  name: string,
  dir: string,
): DomainPlan {
  const image = imageOf(machine);
  const extra = machine.disks.map((disk) => ({
    path: `${dir}/disk-${disk.name}.qcow2`,
    serial: disk.name,
  }));
  return {
    name,
    uuid: uuidOf('template', name),
    title: 'a template of Skerry',
    memoryMiB: machine.memoryMiB,
    cpus: machine.cpus,
    accel,
    nested: machine.nested,
    mac: '52:54:00:00:00:01',
    network: NETWORK_NAME,
    linkUp: false,
    kernel: `${INSIDE.images}/${image.digest}/${image.kernel}`,
    initrd: image.initrd ? `${INSIDE.images}/${image.digest}/${image.initrd}` : undefined,
    kernelArgs: image.kernelArgs,
    disks: [{ path: `${dir}/disk.qcow2` }, ...extra],
    dir,
  };
}
