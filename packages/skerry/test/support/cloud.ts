// A small cloud in this process: real libvirtds (test driver, or any URI), agents, central and its web server, on the local bus.
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { startDaemon } from '../../../libvirt/test/daemon.ts';
import { Agent, type AgentOptions } from '../../src/cloud/agent/agent.ts';
import { type BusKind, type OpenBus, openBus } from '../../src/cloud/bus/open-bus.ts';
import { Central } from '../../src/cloud/central/central.ts';
import { CentralServer } from '../../src/cloud/central/http/server.ts';
import { type EntityState, hypervisorId } from '../../src/cloud/entity.ts';
import type { VerbTable } from '../../src/cloud/verbs/table.ts';
import { poll } from '../../src/util/poll.ts';

export interface TestCloud extends AsyncDisposable {
  readonly bus: OpenBus;
  readonly central: Central;
  readonly server: CentralServer;
  readonly dir: string;
  readonly daemon: Awaited<ReturnType<typeof startDaemon>>;
  /** A REST call as a user; the answer's status and body. */
  call(user: string, method: 'GET' | 'POST', path: string, body?: unknown): Promise<Answer>;
  startAgent(name: string, more?: Partial<AgentOptions>): Promise<Agent>;
  /** Waits until central knows an entity for which that holds. */
  until(id: string, holds: (entity: EntityState | undefined) => boolean): Promise<EntityState>;
}

export interface Answer {
  readonly status: number;
  readonly body: Record<string, unknown> & { readonly error?: { code: string; message: string } };
}

export const SETTINGS = {
  pool: 'default-pool',
  imagesPool: 'default-pool',
  sharedStorage: true,
  migrationUri: null,
} as const;

/** Users `ann` (administrator), `ben` and `cleo` (nobody at first); agents as they are named. */
export async function startTestCloud(
  hypervisors: readonly string[],
  table?: VerbTable,
  agentOptions: Partial<AgentOptions> = {},
  kind: BusKind = 'local',
  webDir: string | null = null,
): Promise<TestCloud> {
  const dir = await mkdtemp('/tmp/skerry-cloud-');
  const daemon = await startDaemon();
  const bus = await openBus(kind, dir);
  const central = new Central({
    bus: await bus.connect('central'),
    stateDir: join(dir, 'central'),
    ...(table && { table }),
  });
  for (const user of ['ann', 'ben', 'cleo']) await central.users.add(user);
  central.policies.update((policy) => ({ ...policy, admins: ['ann'] }));
  const server = await CentralServer.start({
    central,
    version: '0.0.0',
    webDir,
    host: '127.0.0.1',
    port: 0,
  });
  const agents: Agent[] = [];
  const said: string[] = [];
  const tokens = new Map<string, string>();
  const cloud: TestCloud = {
    bus,
    central,
    server,
    dir,
    daemon,
    async call(user, method, path, body) {
      const token = tokens.get(user) ?? central.users.issue(user, 'token');
      tokens.set(user, token);
      const response = await fetch(`${server.url}${path}`, {
        method,
        headers: { authorization: `Bearer ${token}` },
        ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
        signal: AbortSignal.timeout(30_000),
      });
      return { status: response.status, body: (await response.json()) as Answer['body'] };
    },
    async startAgent(name, more = {}) {
      const agent = await Agent.start({
        name,
        libvirtUri: daemon.uri('test:///default'),
        stateDir: join(dir, name),
        bus: await bus.connect(name),
        settings: SETTINGS,
        version: '0.0.0',
        log: (line) => void said.push(`${name}: ${line}`),
        ...(table && { table }),
        ...agentOptions,
        ...more,
      });
      agents.push(agent);
      return agent;
    },
    async until(id, holds) {
      const [found] = await poll(
        async () => {
          const found = central.registry.get(id);
          // In an array: undefined would mean to wait on.
          return holds(found) ? [found] : undefined;
        },
        {
          timeoutMs: 30_000,
          intervalMs: 5,
          onTimeout: () =>
            new Error(
              `${id} stayed ${JSON.stringify(central.registry.get(id))}\n${said.join('\n')}`,
            ),
        },
      );
      return found as EntityState;
    },
    async [Symbol.asyncDispose]() {
      for (const agent of agents) await agent[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
      await central[Symbol.asyncDispose]();
      await bus[Symbol.asyncDispose]();
      await daemon[Symbol.asyncDispose]();
      await rm(dir, { recursive: true, force: true });
    },
  };
  for (const name of hypervisors) {
    await cloud.startAgent(name);
    await cloud.until(
      hypervisorId(name),
      (each) => each?.kind === 'hypervisor' && each.libvirt === 'connected',
    );
  }
  return cloud;
}
