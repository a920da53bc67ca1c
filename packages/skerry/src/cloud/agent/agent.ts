// The agent: one a hypervisor. It knows its machines from libvirt, tells them to whoever follows it, and does what it is
// asked for by whoever may. Without central it goes on.
import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { connect, type Connection } from '@skerry/libvirt';
import type { BusConnection, RequestOptions, Sender } from '../bus/bus.ts';
import { agentRequest, type AuditEntry } from '../bus/messages.ts';
import { checkHost } from '../doctor/agent-checks.ts';
import { checkWay } from '../doctor/way-checks.ts';
import { type HypervisorState, hypervisorId, isCentral, OWN_ADDRESS } from '../entity.ts';
import { NOBODY, type Policy, policySchema } from '../permission/policy.ts';
import { VerbError } from '../verb-error.ts';
import { VERBS, type VerbTable } from '../verbs/table.ts';
import { SLOW_MS } from '../verbs/verb.ts';
import { Allegiance, type Kept as KeptAllegiance, NO_ALLEGIANCE } from './allegiance.ts';
import { readProcNetHere } from './proc-net.ts';
import { AuditLog } from './audit-log.ts';
import { Entities } from './entities.ts';
import { UnusedVolumes } from './unused-volumes.ts';
import { perform, type Performer } from './perform.ts';
import { type HostFacts, readHostFacts, readResources } from './read-host.ts';
import { Talk } from './talk.ts';
import { UsageMeter } from './usage-meter.ts';
import type { AgentSettings, Handler } from './verbs/handler.ts';
import { handlersFor } from './verbs/handlers.ts';
import { LibvirtWatch } from './watch-libvirt.ts';
import { messageOf } from '../../util/message-of.ts';

export interface AgentOptions {
  /** The hypervisor's name; that of its connection to the bus. */
  readonly name: string;
  readonly libvirtUri: string;
  /** Where it keeps what must outlive it: the last policy, the audit, its tags. */
  readonly stateDir: string;
  readonly bus: BusConnection;
  readonly settings: AgentSettings;
  readonly version: string;
  readonly table?: VerbTable;
  /** Handlers beside those of {@link VERBS}. */
  readonly handlers?: readonly Handler[];
  readonly log?: (line: string) => void;
  /** The buses of several centrals, where it can be on them. */
  readonly centrals?: Centrals;
  /** How long a central is silent before it is lost; see {@link Allegiance}. */
  readonly lostMs?: number;
}

/** The centrals whose buses an agent is on. */
export interface Centrals {
  readonly known: readonly string[];
  /** Takes another one in, by what that one has given. */
  join(membership: unknown): Promise<void>;
  /** Leaves all others. */
  keep(centrals: readonly string[]): Promise<void>;
  /** Asks one of them, by its name; empty where there is but one. @throws BusError */
  ask(central: string, body: object, options: RequestOptions): Promise<unknown>;
}

const ALIVE_MS = 5000;
const USAGE_MS = 1000;
const SWEEP_MS = 5000;
/** A connection that lasted so long was a good one. */
const SETTLED_MS = 10_000;
/** Healed within five seconds: also after a long time. */
const RETRY_MS = [200, 500, 1000, 2000, 3000];

interface Kept {
  readonly policy: Policy;
  /** The term of the central that said so. */
  readonly policyTerm: number;
  readonly allegiance: KeptAllegiance;
  readonly tags: string[];
  readonly drained: boolean;
}

/** A running agent. */
export class Agent implements AsyncDisposable {
  readonly #options: AgentOptions;
  readonly #stop = new AbortController();
  readonly #entities: Entities;
  readonly #audit: AuditLog;
  readonly #volumes: UnusedVolumes;
  readonly #allegiance: Allegiance;
  readonly #performer: Performer;
  /** Answers people for its entities. */
  readonly talk: Talk;
  readonly #meter: UsageMeter;
  #kept: Kept;
  #connection: Connection | undefined;
  #watch: LibvirtWatch | undefined;
  /** What of the host stays the same for a connection: it is asked for once. */
  #facts: Promise<HostFacts> | undefined;
  #work: Promise<unknown> = Promise.resolve();
  #saving: Promise<boolean> = Promise.resolve(true);

  private constructor(options: AgentOptions, kept: Kept, volumes: UnusedVolumes) {
    this.#options = options;
    this.#kept = kept;
    this.#volumes = volumes;
    this.#meter = new UsageMeter(options.name);
    const { bus, table = VERBS, handlers = [] } = options;
    this.#entities = new Entities(randomUUID(), (publication) => bus.publish(publication));
    this.#audit = new AuditLog(join(options.stateDir, 'audit.jsonl'));
    this.#allegiance = new Allegiance({
      kept: kept.allegiance,
      lostMs: options.lostMs,
      save: (allegiance) => {
        this.#kept = { ...this.#kept, allegiance };
        return this.#save();
      },
    });
    this.#performer = {
      table,
      handlers: handlersFor(table, handlers),
      entities: this.#entities,
      volumes,
      settings: options.settings,
      policy: () => this.#kept.policy,
      connection: () => this.#connection,
      hypervisor: () => this.#host,
      refresh: async (uuid) => this.#watch?.refresh(uuid),
      begin: (entry) => this.#audit.begin(entry),
      note: (entry) => this.#note(entry),
      say: (entity, text) => bus.publish({ type: 'shout', entity, text, at: Date.now() }),
    };
    this.talk = new Talk(this.#performer, this.#stop.signal, (body) => this.#askCentral(body));
  }

  /** Starts it; it is on the bus at once, and knows its machines when libvirt has told. */
  static async start(options: AgentOptions): Promise<Agent> {
    const { stateDir } = options;
    await mkdir(stateDir, { recursive: true });
    const volumes = await UnusedVolumes.load(join(stateDir, 'unused-volumes.json'), (error) =>
      options.log?.(messageOf(error)),
    );
    const agent = new Agent(options, await loadKept(stateDir), volumes);
    await agent.#audit.endBegun();
    agent.#begin();
    return agent;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await this.#connection?.close();
    await this.#work;
    await this.#saving;
    await this.#audit.written();
    await this.#options.bus[Symbol.asyncDispose]();
  }

  get #host(): HypervisorState {
    return this.#entities.get(hypervisorId(this.#options.name)) as HypervisorState;
  }

  #begin(): void {
    const { name, bus, settings, version } = this.#options;
    const { tags, drained } = this.#kept;
    this.#entities.set({
      kind: 'hypervisor',
      id: hypervisorId(name),
      name,
      libvirt: 'lost',
      libvirtVersion: '',
      driver: '',
      cpuModel: '',
      cpus: 0,
      memoryMiB: 0,
      migrationUri: settings.migrationUri,
      sharedStorage: settings.sharedStorage,
      agentVersion: version,
      agentStartedAt: Date.now(),
      drained,
      tags,
      networks: [],
      pools: [],
      task: null,
      lastChange: null,
    });
    bus.serve((body, from, signal) => this.#answer(body, from, signal));
    this.#work = Promise.all([
      this.#keepLibvirt(),
      this.#repeat(ALIVE_MS, async () => this.#entities.sayAlive()),
      this.#repeat(SWEEP_MS, async () => this.#connection && this.#volumes.sweep(this.#connection)),
      this.#repeat(USAGE_MS, () => this.#measure()),
    ]);
  }

  /** Connects to libvirt, and again each time it is lost. */
  async #keepLibvirt(): Promise<void> {
    const { libvirtUri, name } = this.#options;
    const { signal } = this.#stop;
    for (let attempt = 0; !signal.aborted; attempt++) {
      const began = performance.now();
      try {
        const connection = await connect(libvirtUri, { signal });
        this.#connection = connection;
        this.#watch = new LibvirtWatch({
          connection,
          hypervisor: name,
          entities: this.#entities,
          readProcNet: this.#options.settings.readProcNet ?? readProcNetHere,
          signal,
          onHost: () => void this.#readHost().catch((error: unknown) => this.#say(error)),
          onError: (error) => this.#say(error),
        });
        // The host is read when its machines are: `connected` means that all of it is known.
        await this.#watch.run();
      } catch (error) {
        if (!signal.aborted) this.#say(error);
      }
      await this.#connection?.close();
      this.#connection = undefined;
      this.#watch = undefined;
      this.#facts = undefined;
      if (signal.aborted) return;
      if (performance.now() - began > SETTLED_MS) attempt = 0;
      this.#entities.patch<HypervisorState>(hypervisorId(name), { libvirt: 'lost' });
      const retryMs = RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)];
      await sleep(retryMs, undefined, { signal }).catch(() => {});
    }
  }

  async #readHost(): Promise<void> {
    const connection = this.#connection;
    if (!connection) return;
    const { signal } = this.#stop;
    this.#facts ??= readHostFacts(connection, signal).catch((error: unknown) => {
      // Asked for again at the next event.
      this.#facts = undefined;
      throw error;
    });
    const [facts, resources] = await Promise.all([this.#facts, readResources(connection, signal)]);
    const id = hypervisorId(this.#options.name);
    this.#entities.patch<HypervisorState>(id, { ...facts, ...resources, libvirt: 'connected' });
  }

  async #measure(): Promise<void> {
    const connection = this.#connection;
    if (!connection) return;
    const entities = await this.#meter.read(connection, this.#stop.signal).catch(() => []);
    if (entities.length > 0) this.#options.bus.publish({ type: 'usage', at: Date.now(), entities });
  }

  async #answer(body: unknown, from: Sender, signal: AbortSignal): Promise<unknown> {
    const { address, bus } = from;
    // Whoever may name the person who asks has to be trusted with it. Of several centrals each has its own bus.
    if (bus === undefined ? !isCentral(address) : address !== OWN_ADDRESS)
      throw new Error(`only central is answered, and '${address}' is not`);
    const central = bus ?? address;
    const request = agentRequest.parse(body);
    switch (request.type) {
      case 'ping':
        return {};
      case 'check': {
        const { settings } = this.#options;
        const own = checkHost(this.#connection, settings, signal);
        const ways = request.peers.map((peer) => checkWay(peer, settings.dialTcp, signal));
        return { checks: [...(await own), ...(await Promise.all(ways))], now: Date.now() };
      }
      case 'sync':
        return this.#entities.snapshot();
      case 'policy':
        this.#obey(central, request.term);
        await this.#takePolicy(policySchema.parse(request.policy), request.term ?? 0);
        return {};
      case 'lead': {
        const { term, heirs, centrals } = request;
        const answer = await this.#allegiance.lead(central, term, heirs);
        const { centrals: buses } = this.#options;
        if (answer.accepted) await buses?.keep(centrals);
        // Who is on one bus only, and cannot be on others, is not asked to be.
        return { ...answer, centrals: buses?.known ?? centrals };
      }
      case 'vote':
        return this.#allegiance.vote(central, request.term, request.dry);
      case 'join':
        this.#obey(central, request.term);
        await this.#options.centrals?.join(request.membership);
        // Who chats there has not heard of anything yet.
        this.#entities.sayAll();
        return {};
      case 'audit':
        return this.#audit.since(request.since);
      case 'verb': {
        const refusal = this.#allegiance.refusal(central, request.term ?? 0);
        if (refusal !== undefined)
          return { ok: false, error: new VerbError('conflict', refusal).toData() };
        const reply = await perform(this.#performer, request, this.#stop.signal, signal);
        this.#keepHost();
        return reply;
      }
      case 'chat':
        this.#obey(central, request.term);
        return { text: await this.talk.chat(request.entity, request.by.user, request.text) };
      default:
        return request satisfies never;
    }
  }

  /** @throws BusError */
  #askCentral(body: object): Promise<unknown> {
    const { centrals, bus } = this.#options;
    const { central } = this.#allegiance;
    const options = { signal: this.#stop.signal, timeoutMs: SLOW_MS };
    return centrals
      ? centrals.ask(central, body, options)
      : bus.request(central || OWN_ADDRESS, body, options);
  }

  /** @throws Error when another central is obeyed. */
  #obey(central: string, term = 0): void {
    const refusal = this.#allegiance.refusal(central, term);
    if (refusal !== undefined) throw new Error(refusal);
  }

  /** Versions are counted within a term: what the one before could not hand on is no more. */
  async #takePolicy(policy: Policy, policyTerm: number): Promise<void> {
    const { policy: before, policyTerm: termBefore } = this.#kept;
    if (policyTerm === termBefore && policy.version < before.version) return;
    this.#kept = { ...this.#kept, policy, policyTerm };
    await this.#save();
  }

  /** Tags and drain of the hypervisor are its own, and outlive the agent. */
  #keepHost(): void {
    const { tags, drained } = this.#host;
    if (this.#kept.tags === tags && this.#kept.drained === drained) return;
    this.#kept = { ...this.#kept, tags, drained };
    void this.#save();
  }

  /** Whether it is on disk. */
  #save(): Promise<boolean> {
    const path = join(this.#options.stateDir, 'agent.json');
    this.#saving = this.#saving
      .then(async () => {
        await writeFile(`${path}.new`, JSON.stringify(this.#kept), { mode: 0o600 });
        await rename(`${path}.new`, path);
        return true;
      })
      .catch((error: unknown) => {
        this.#say(error);
        return false;
      });
    return this.#saving;
  }

  #note(entry: AuditEntry): void {
    void this.#audit.add(entry);
    this.#options.bus.publish({ type: 'audit', entry });
  }

  #say(error: unknown): void {
    this.#options.log?.(messageOf(error));
  }

  async #repeat(everyMs: number, run: () => Promise<unknown>): Promise<void> {
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await sleep(everyMs, undefined, { signal }).catch(() => {});
      if (!signal.aborted) await run();
    }
  }
}

async function loadKept(stateDir: string): Promise<Kept> {
  const none: Kept = {
    policy: NOBODY,
    policyTerm: 0,
    allegiance: NO_ALLEGIANCE,
    tags: [],
    drained: false,
  };
  try {
    const kept = JSON.parse(await readFile(join(stateDir, 'agent.json'), 'utf8')) as Kept;
    return { ...none, ...kept, policy: policySchema.parse(kept.policy) };
  } catch {
    return none;
  }
}
