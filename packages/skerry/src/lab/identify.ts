// Makes a machine that answers one machine of its lab: identity, network cable, ssh. Then it is ready.
import { randomBytes, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import type { Domain } from '@skerry/libvirt';
import { type GuestChannel, runScript, type ScriptResult } from '../guest/exec.ts';
import { interfaceXml } from '../machine/domain-xml.ts';
import { type Identity, identityHash, identityScript } from '../machine/identity.ts';
import { keyPair } from '../machine/keys.ts';
import { bareMetadataXml, NAMESPACE, NAMESPACE_KEY, parseMark } from '../machine/metadata.ts';
import { formatNesting, nestingOf } from '../machine/nested.ts';
import { openGuest, openTunnel } from '../sandbox/gateway.ts';
import { SkerryError } from '../util/errors.ts';
import { poll } from '../util/poll.ts';
import type { MachineSpec } from '../lab-file/spec.ts';
import type { LabContext } from './context.ts';
import { domainPlanOf, machineIdOf, NETWORK_NAME } from './facts.ts';
import { netmaskOf } from './network.ts';
import { setStage } from './stage.ts';

const IDENTITY_MS = { kvm: 30_000, tcg: 90_000 };
const SSH_MS = { kvm: 20_000, tcg: 60_000 };
/** Who has switched ssh off in a machine does not wait for it long; under emulation sshd may take its time. */
const REFUSED_MS = { kvm: 5000, tcg: 20_000 };

/** Gives the machine its identity and network, and waits until its ssh port answers by name. Safe to repeat. */
export async function makeReady(
  context: LabContext,
  machine: MachineSpec,
  domain: Domain,
  channel: GuestChannel,
): Promise<void> {
  const { progress } = context;
  await progress.phase('identity', machine.name, () => identify(context, machine, domain, channel));
  await progress.phase('ssh', machine.name, () => waitForSsh(context, machine));
  await setStage(domain, 'ready');
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
  const run = (by: GuestChannel): Promise<ScriptResult> => {
    const fresh = { seed: randomBytes(64), bootId: randomUUID(), nowMs: Date.now() };
    const script = identityScript(identity, fresh);
    return runScript(by, script, { signal, timeoutMs, language: 'perl' });
  };
  const [result, live] = await Promise.all([
    run(channel).catch(async (error: unknown) => {
      if (!(error instanceof SkerryError) || error.code !== 'GUEST_SCRIPT_TIMEOUT') throw error;
      progress.note('identity', machine.name, 'the guest is slow: trying again');
      return run(await openGuest(paths.gatewaySocket, machine.name, { signal, timeoutMs }));
    }),
    domain.xml(),
  ]);
  if (result.exitCode !== 0) {
    const reason = result.stderr.trim() || `exit code ${result.exitCode}`;
    throw new SkerryError('MACHINE_IDENTITY', { data: { machine: machine.name, reason } });
  }
  const { mark } = domainPlanOf(lab, paths.originId, machine, context.imageOf(machine), accel);
  // Its disk stays that of the image and the template it was made from, with what provisioners did to it.
  const { image, template, provisioned } = parseMark(live) ?? mark;
  const nesting = machine.nested ? formatNesting(nestingOf(result.stdout, live, accel)) : undefined;
  await Promise.all([
    plugIn(domain, machine, live),
    domain.setMetadata(
      { uri: NAMESPACE },
      bareMetadataXml({
        ...{ ...mark, image, template, provisioned, nesting },
        identity: identityHash(identity),
      }),
      { key: NAMESPACE_KEY, affect: 'both' },
    ),
  ]);
}

/** A thawed machine's cable is out until it has its own MAC. */
async function plugIn(domain: Domain, { mac }: MachineSpec, live: string): Promise<void> {
  if (!/<link state=['"]down['"]/.test(live)) return;
  await domain.updateDevice(interfaceXml({ mac, network: NETWORK_NAME, linkUp: true }), {
    affect: 'live',
  });
}

async function identityOf(
  { lab, paths, uplink }: LabContext,
  machine: MachineSpec,
): Promise<Identity> {
  const [host, user] = await Promise.all([
    keyPair(join(paths.sshDir, 'hosts', machine.name), machine.hostname),
    keyPair(join(paths.sshDir, 'id_ed25519'), `skerry ${lab.name}`),
  ]);
  return {
    hostname: machine.hostname,
    aliases: machine.aliases,
    domain: lab.network.domain,
    mac: machine.mac,
    address: machine.address,
    netmask: netmaskOf(lab.network.cidr),
    gateway: lab.network.gateway,
    hasUplink: uplink !== 'none',
    machineId: machineIdOf(paths.originId, machine.name),
    hostKey: host.privateKey,
    hostPublicKey: host.publicKey,
    authorizedKey: user.publicKey,
    nested: machine.nested,
  };
}

/** By name, so that the lab's DNS is tried as well; until sshd has said who it is. */
async function waitForSsh(context: LabContext, { name, hostname }: MachineSpec): Promise<void> {
  const { paths, accel, signal, progress } = context;
  const began = performance.now();
  const silent = (): void =>
    progress.say('ssh', name, 'its ssh port does not answer; skerry exec works without');
  await poll(
    async () => {
      try {
        const socket = await openTunnel(paths.gatewaySocket, hostname, 22, signal);
        try {
          const [banner] = (await once(socket, 'data', { signal })) as [Buffer];
          return banner.toString('latin1').startsWith('SSH-') ? true : undefined;
        } finally {
          socket.destroy();
        }
      } catch (error) {
        signal.throwIfAborted();
        const isRefused = error instanceof SkerryError && /ECONNREFUSED/.test(error.message);
        if (!isRefused || performance.now() - began < REFUSED_MS[accel]) return undefined;
        silent();
        return true;
      }
    },
    {
      signal,
      timeoutMs: SSH_MS[accel],
      intervalMs: 20,
      onTimeout: () => {
        silent();
        return new SkerryError('MACHINE_SSH_SILENT', { data: { machine: name } });
      },
    },
  );
}
