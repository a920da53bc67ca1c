// One machine from nothing (or from off) to ready: disk, definition, boot, identity.
import { randomBytes } from 'node:crypto';
import { statfs } from 'node:fs/promises';
import { join } from 'node:path';
import type { Domain } from '@skerry/libvirt';
import { type GuestChannel, runScript, type ScriptResult } from '../guest/exec.ts';
import { consoleTail } from '../machine/console-log.ts';
import { makeDisk } from '../machine/disk.ts';
import { domainXml } from '../machine/domain-xml.ts';
import { type Identity, identityHash, identityScript } from '../machine/identity.ts';
import { keyPair } from '../machine/keys.ts';
import { bareMetadataXml, NAMESPACE, NAMESPACE_KEY, parseMark } from '../machine/metadata.ts';
import { formatNesting, nestingOf } from '../machine/nested.ts';
import { SANDBOX } from '../sandbox/config.ts';
import { isHelperMissing, openGuest } from '../sandbox/gateway.ts';
import { SkerryError } from '../util/errors.ts';
import { INSIDE, type LabPaths } from '../util/paths.ts';
import { poll } from '../util/poll.ts';
import type { LabContext } from './context.ts';
import { domainPlanOf, machineIdOf } from './facts.ts';
import type { MachineSpec } from '../lab-file/spec.ts';

const BOOT_MS = { kvm: 120_000, tcg: 600_000 };
const WATCH_MS = 250;
const IDENTITY_MS = { kvm: 30_000, tcg: 90_000 };
/** With so little left QEMU ends, whatever it says of the reason. */
const FULL_BYTES = 64 * 1024;

/** Makes the machine's disks where they are missing and defines its domain. Nothing of it runs yet. */
export async function defineMachine(context: LabContext, machine: MachineSpec): Promise<Domain> {
  const { lab, paths, connection, accel, progress } = context;
  const image = context.imageOf(machine);
  const owner = process.getuid?.() === 0 ? SANDBOX.qemuUid : undefined;
  const folder = join(paths.machinesDir, machine.name);
  await progress.phase('disk', machine.name, async () => {
    const backing = `${INSIDE.images}/${image.digest}/${image.disk}`;
    await makeDisk({
      path: join(folder, 'disk.qcow2'),
      backing,
      sizeBytes: image.virtualSizeBytes,
      owner,
    });
    for (const disk of machine.disks)
      await makeDisk({
        path: join(folder, `disk-${disk.name}.qcow2`),
        sizeBytes: disk.sizeBytes,
        owner,
      });
  });
  return progress.phase('define', machine.name, () =>
    connection.defineDomain(domainXml(domainPlanOf(lab, paths.id, machine, image, accel))),
  );
}

/** Starts a defined machine and waits until it is ready: its helper answers, it has its identity and its address. */
export async function startMachine(
  context: LabContext,
  machine: MachineSpec,
  domain: Domain,
): Promise<void> {
  await context.progress.phase('start', machine.name, async () => {
    const { state } = await domain.state();
    if (state === 'paused') await domain.resume();
    else if (state !== 'running') await domain.start();
  });
  await finishMachine(context, machine, domain);
}

/** The part of `startMachine` after the start; safe to repeat after an interruption. */
export async function finishMachine(
  context: LabContext,
  machine: MachineSpec,
  domain: Domain,
): Promise<void> {
  const { progress } = context;
  const channel = await progress.phase('boot', machine.name, () =>
    waitForGuest(context, machine, domain),
  );
  await progress.phase('identity', machine.name, () => identify(context, machine, domain, channel));
}

/** The guest's helper answers by itself as soon as it can; meanwhile the console is shown and the machine watched. */
async function waitForGuest(
  context: LabContext,
  machine: MachineSpec,
  domain: Domain,
): Promise<GuestChannel> {
  const { progress, accel, paths } = context;
  let shown = '';
  const watch = async (): Promise<undefined> => {
    const { state, reason } = await domain.state();
    const tail = await consoleTail(paths, machine.name);
    if (tail !== shown) progress.note('boot', machine.name, (shown = tail));
    if (reason === 'ioerror') throw await diskError(context, machine, domain);
    if (state !== 'running' && (await freeBytes(paths)) < FULL_BYTES)
      throw await diskError(context, machine, domain);
    if (state !== 'running')
      throw bootError('MACHINE_STOPPED', context, machine, shown, `${state}, ${reason}`);
    return undefined;
  };
  const ended = new AbortController();
  const signal = AbortSignal.any([context.signal, ended.signal]);
  try {
    return await Promise.race([
      openGuest(paths.gatewaySocket, machine.name, { signal, timeoutMs: BOOT_MS[accel] }),
      poll<never>(watch, {
        signal,
        timeoutMs: BOOT_MS[accel],
        intervalMs: WATCH_MS,
        maxIntervalMs: WATCH_MS,
        onTimeout: () => bootError('MACHINE_BOOT_TIMEOUT', context, machine, shown),
      }),
    ]);
  } catch (error) {
    context.signal.throwIfAborted();
    if (isHelperMissing(error)) {
      // It ended, and the watch would have said why.
      await watch();
      throw bootError('MACHINE_BOOT_TIMEOUT', context, machine, shown);
    }
    throw error;
  } finally {
    ended.abort();
  }
}

/** QEMU pauses a machine whose disk cannot be written, and would for ever: off with it, the next `up` boots it anew. */
async function diskError(
  { paths }: LabContext,
  machine: MachineSpec,
  domain: Domain,
): Promise<SkerryError> {
  await domain.destroy().catch(() => {});
  const free = `${Math.floor((await freeBytes(paths)) / 1024)} KiB are free in ${paths.machinesDir}`;
  const detail = `${machine.name} could not write its disk and was switched off; ${free}`;
  return new SkerryError('DISK_FULL', { data: { detail } });
}

async function freeBytes({ machinesDir }: LabPaths): Promise<number> {
  const { bavail, bsize } = await statfs(machinesDir);
  return bavail * bsize;
}

async function identify(
  context: LabContext,
  machine: MachineSpec,
  domain: Domain,
  channel: GuestChannel,
): Promise<void> {
  const { paths, accel, signal, lab, progress } = context;
  const identity = await identityOf(context, machine);
  const timeoutMs = IDENTITY_MS[accel];
  const run = (by: GuestChannel): Promise<ScriptResult> =>
    runScript(by, identityScript(identity, randomBytes(64)), { signal, timeoutMs });
  const result = await run(channel).catch(async (error: unknown) => {
    if (!(error instanceof SkerryError) || error.code !== 'GUEST_SCRIPT_TIMEOUT') throw error;
    progress.note('identity', machine.name, 'the guest is slow: trying again');
    return run(await openGuest(paths.gatewaySocket, machine.name, { signal, timeoutMs }));
  });
  if (result.exitCode !== 0) {
    const reason = result.stderr.trim() || `exit code ${result.exitCode}`;
    throw new SkerryError('MACHINE_IDENTITY', { data: { machine: machine.name, reason } });
  }
  const { mark } = domainPlanOf(lab, paths.id, machine, context.imageOf(machine), accel);
  const live = await domain.xml();
  // The disk stays that of the image it was made from.
  const image = parseMark(live)?.image ?? mark.image;
  const nesting = machine.nested ? formatNesting(nestingOf(result.stdout, live, accel)) : undefined;
  await domain.setMetadata(
    { uri: NAMESPACE },
    bareMetadataXml({ ...mark, image, nesting, identity: identityHash(identity) }),
    { key: NAMESPACE_KEY, affect: 'both' },
  );
}

async function identityOf({ lab, paths }: LabContext, machine: MachineSpec): Promise<Identity> {
  const [host, user] = await Promise.all([
    keyPair(join(paths.sshDir, 'hosts', machine.name), machine.hostname),
    keyPair(join(paths.sshDir, 'id_ed25519'), `skerry ${lab.name}`),
  ]);
  return {
    hostname: machine.hostname,
    aliases: machine.aliases,
    domain: lab.network.domain,
    address: machine.address,
    gateway: lab.network.gateway,
    machineId: machineIdOf(paths.id, machine.name),
    hostKey: host.privateKey,
    hostPublicKey: host.publicKey,
    authorizedKey: user.publicKey,
    nested: machine.nested,
  };
}

function bootError(
  code: 'MACHINE_BOOT_TIMEOUT' | 'MACHINE_STOPPED',
  { accel }: LabContext,
  machine: MachineSpec,
  console: string,
  state = '',
): SkerryError {
  const seconds = BOOT_MS[accel] / 1000;
  return new SkerryError(code, {
    data: { machine: machine.name, seconds, state, console: console || '(nothing)' },
  });
}
