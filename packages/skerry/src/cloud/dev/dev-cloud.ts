// A whole cloud on this machine, for trying it and for work on it: hypervisors in sandboxes, an agent for each, central and
// its web port, all of them on the bus of this process.
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type Hypervisors, startHypervisors } from '../../hypervisors/hypervisors.ts';
import type { DevHypervisor } from '../../hypervisors/dev-hypervisor.ts';
import { Agent } from '../agent/agent.ts';
import { type BusKind, type OpenBus, openBus } from '../bus/open-bus.ts';
import { Central } from '../central/central.ts';
import { type ChatLogin, ChatPeople } from '../chat/chat-people.ts';
import { CentralServer } from '../central/http/server.ts';
import { hypervisorId, OWN_ADDRESS } from '../entity.ts';
import { SkerryError } from '../../util/errors.ts';
import { lockFile } from '../../util/file-lock.ts';
import { poll } from '../../util/poll.ts';
import { IMAGES_POOL, offerImages, offerNewImages } from './offer-images.ts';

export interface DevCloudOptions {
  /** Its state: an absolute path, short. Machines and users are there again at the next start. */
  readonly dir: string;
  readonly hypervisors: number;
  readonly port: number;
  /** Default: `local`, without a program besides. */
  readonly bus?: BusKind;
  readonly version: string;
  /** The folder of the built UI. */
  readonly webDir: string | null;
  readonly accel?: 'kvm' | 'tcg';
  readonly signal?: AbortSignal;
  readonly log?: (line: string) => void;
}

export interface DevCloud extends AsyncDisposable {
  readonly url: string;
  readonly central: Central;
  readonly hypervisors: Hypervisors;
  /** How the administrator gets in with an XMPP client; undefined with the local bus. */
  readonly chat: ChatLogin | undefined;
  /** A link that logs the administrator in, once. */
  loginLink(): string;
  /** A token for programs, of the same user. */
  token(): string;
}

/** The administrator of a cloud on one machine. */
export const DEV_USER = 'admin';
/** What the token of the commands on this machine is called. */
const TOKEN_LABEL = 'skerry cloud dev';
const KNOWN_MS = 15_000;
/** One that was killed lets go at once. */
const LOCK_MS = 2000;

/**
 * Starts it; it ends when it is disposed of, or with this process.
 * @throws CLOUD_RUNS, CENTRAL_PORT before anything of a cloud that runs is touched
 */
export async function startDevCloud(options: DevCloudOptions): Promise<DevCloud> {
  const { dir, hypervisors: count, port, version, webDir, accel, signal, log } = options;
  // A start that fails leaves no folder of a cloud that never was.
  await using failed = new AsyncDisposableStack();
  if ((await mkdir(dir, { recursive: true, mode: 0o700 })) !== undefined)
    failed.defer(() => rm(dir, { recursive: true, force: true }));
  await using stack = new AsyncDisposableStack();
  stack.use(await lockCloud(dir, signal));
  const bus = stack.use(await openBus(options.bus ?? 'local', dir, signal));
  const central = stack.use(
    new Central({
      bus: await bus.connect(OWN_ADDRESS),
      stateDir: join(dir, 'central'),
      ...(log && { log }),
    }),
  );
  await addAdministrator(central);
  if (bus.people) central.chat = stack.use(new ChatPeople({ central, ...bus.people, log }));
  const server = stack.use(
    await CentralServer.start({ central, version, webDir, host: '127.0.0.1', port }),
  );
  const hypervisors = stack.use(
    await startHypervisors({
      dir: join(dir, 'hv'),
      count,
      ephemeral: true,
      ...(accel && { accel }),
      ...(signal && { signal }),
    }),
  );
  for (const hypervisor of hypervisors.list) {
    await offerImages(hypervisor, log, signal);
    stack.use(await startAgent(hypervisor, bus, options));
  }
  await knownAll(central, hypervisors.list, signal);
  stack.use(offerNewImages(hypervisors.list, log));
  const chat = await central.chat?.login(DEV_USER);
  failed.move();
  const ends = stack.move();
  return {
    url: server.url,
    central,
    chat,
    hypervisors,
    loginLink: () => `${server.url}/#login=${central.users.issue(DEV_USER, 'link')}`,
    token: () => central.users.issue(DEV_USER, 'token', TOKEN_LABEL),
    [Symbol.asyncDispose]: () => ends.disposeAsync(),
  };
}

/** One at a time: a second one would end the hypervisors of the first. */
async function lockCloud(dir: string, signal?: AbortSignal): Promise<AsyncDisposable> {
  try {
    const options = { holder: 'skerry cloud dev', timeoutMs: LOCK_MS, signal };
    return await lockFile(join(dir, 'running.lock'), options);
  } catch (cause) {
    if (!(cause instanceof SkerryError && cause.code === 'LOCK_TIMEOUT')) throw cause;
    throw new SkerryError('CLOUD_RUNS', { data: { dir }, cause });
  }
}

async function startAgent(
  hypervisor: DevHypervisor,
  bus: OpenBus,
  { dir, version, log }: DevCloudOptions,
): Promise<Agent> {
  const { name, libvirtUri, migrationUri } = hypervisor;
  const connection = await bus.connect(name);
  const shown = bus.people?.show(connection);
  const agent = await Agent.start({
    name,
    libvirtUri,
    stateDir: join(dir, 'agents', name),
    bus: shown ?? connection,
    version,
    settings: {
      pool: 'default',
      imagesPool: IMAGES_POOL,
      // All of them are on this machine's file system; libvirt cannot know that.
      sharedStorage: true,
      migrationUri,
      dialTcp: (host, port, signal) => hypervisor.dialTcp(host, port, signal),
      readProcNet: (table, signal) => hypervisor.run(['cat', `/proc/net/${table}`], signal),
    },
    ...(log && { log: (line: string) => log(`${name}: ${line}`) }),
  });
  shown?.answer(agent.talk);
  return agent;
}

/** Resolves when verbs can be done everywhere. A hypervisor that takes longer is said to be away, as at any other time. */
async function knownAll(
  { registry }: Central,
  hypervisors: readonly DevHypervisor[],
  signal?: AbortSignal,
): Promise<void> {
  const isKnown = ({ name }: DevHypervisor): boolean => {
    const host = registry.get(hypervisorId(name));
    return host?.kind === 'hypervisor' && host.libvirt === 'connected';
  };
  await poll(() => hypervisors.every(isKnown) || undefined, {
    ...{ timeoutMs: KNOWN_MS, signal },
    onTimeout: () => new Error('they take longer'),
  }).catch(() => signal?.throwIfAborted());
}

async function addAdministrator({ users, policies }: Central): Promise<void> {
  await users.add(DEV_USER);
  // Each start gives the commands a new one; those of before are nobody's any more.
  for (const { id, label } of users.tokens(DEV_USER))
    if (label === TOKEN_LABEL) users.revokeToken(DEV_USER, id);
  if (!policies.policy.admins.includes(DEV_USER))
    policies.update((policy) => ({ ...policy, admins: [...policy.admins, DEV_USER] }));
}
