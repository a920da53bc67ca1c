// The central agent: everybody's way to all hypervisors. It knows what agents tell, passes on what people ask for, and does
// itself what concerns more than one hypervisor.
import { z } from 'zod';
import { subjectOf } from '../permission/denial.ts';
import { type BusConnection, BusError, type RequestOptions } from '../bus/bus.ts';
import { type Actor, type AuditEntry, centralRequest, type VerbReply } from '../bus/messages.ts';
import type { ChatPeople } from '../chat/chat-people.ts';
import { type EntityId, type EntityState, hypervisorOf, PEER_ADDRESS } from '../entity.ts';
import { decide, permissionsOf } from '../permission/decide.ts';
import { VerbError } from '../verb-error.ts';
import { VERBS, type VerbTable } from '../verbs/table.ts';
import { SLOW_MS } from '../verbs/verb.ts';
import { AgentSync } from './agent-sync.ts';
import { AuditStore } from './audit-store.ts';
import { Asked } from './asked.ts';
import { Database, openDatabase } from './database.ts';
import type { Membership } from '../bus/membership.ts';
import { ChangeLog } from './change-log.ts';
import { Dispatcher, type PerformOptions } from './dispatcher.ts';
import { Joins } from './joins.ts';
import { Leadership, type LeadershipTimes, TIMES } from './leadership.ts';
import { Pair, type PeerHost } from './pair.ts';
import { Parking } from './parking.ts';
import { migrationTargets, type Place, placesFor, type PlacementInput } from './placement.ts';
import { PolicyStore } from './policy-store.ts';
import { Registry } from './registry.ts';
import { type Job, Schedule } from './schedule.ts';
import { Standing } from './standing.ts';
import { UsageHistory } from './usage-history.ts';
import { Users } from './users.ts';

export interface CentralOptions {
  readonly bus: BusConnection;
  /** Where it keeps its database; null for memory only. */
  readonly stateDir: string | null;
  readonly table?: VerbTable;
  readonly log?: (line: string) => void;
  /** What it is called among several. */
  readonly name?: string;
  /** How another central is its partner, where one can be. */
  readonly peerHost?: PeerHost;
  readonly times?: LeadershipTimes;
}

/** An entity that a verb is for; central itself is one too. */
export type Target = EntityState | 'central';

export class Central implements AsyncDisposable {
  /** What it is called among several. */
  readonly name: string;
  readonly registry: Registry;
  readonly users: Users;
  readonly policies: PolicyStore;
  readonly audit: AuditStore;
  readonly asked: Asked;
  readonly usage: UsageHistory;
  readonly parking: Parking;
  readonly schedule: Schedule;
  readonly joins: Joins;
  /** Whether it acts, or another one. */
  readonly leadership: Leadership;
  /** The other central; undefined where there can be none. */
  readonly pair: Pair | undefined;
  /** Who chats by XMPP, where the bus is for that. */
  chat: ChatPeople | undefined;
  /** Takes a hypervisor in, where others can join at all. */
  join: ((hypervisor: string) => Promise<Membership>) | undefined;
  /** Takes from one what `join` gave it. */
  expel: ((hypervisor: string) => Promise<void>) | undefined;
  readonly table: VerbTable;
  readonly #db: Database;
  readonly #bus: BusConnection;
  readonly #stop = new AbortController();
  readonly #log: (line: string) => void;
  readonly #dispatcher: Dispatcher;
  readonly #agents: AgentSync;
  readonly #changes = new EventTarget();
  /** Makes the token of a console, where there is a web server; see http/consoles.ts. */
  consoleToken: ((user: string, vm: string) => string) | undefined;
  /** Central's own address, as agents and people reach it: `http://127.0.0.1:8080`. */
  streamBase = '';

  constructor({ bus, stateDir, table = VERBS, log = () => {}, ...among }: CentralOptions) {
    const { name = 'central', peerHost, times = TIMES } = among;
    this.#db = stateDir === null ? new Database(':memory:') : openDatabase(stateDir);
    this.#bus = bus;
    this.#log = log;
    this.#agents = new AgentSync(this, bus, this.#stop.signal, log);
    this.#dispatcher = new Dispatcher(this, bus, this.#stop.signal);
    this.table = table;
    this.name = name;
    this.users = new Users(this.#db);
    this.policies = new PolicyStore(this.#db);
    this.audit = new AuditStore(this.#db);
    this.asked = new Asked(this.#db);
    this.usage = new UsageHistory(this.#db);
    this.joins = new Joins(this.#db);
    this.parking = new Parking(this.#db);
    this.schedule = new Schedule({
      db: this.#db,
      run: (job) => this.#runJob(job),
      mayRun: () => this.leadership.isActing,
      isKnown: (entity) => this.registry.get(entity) !== undefined,
    });
    this.registry = new Registry(bus);
    const standing = new Standing(this.#db);
    this.leadership = new Leadership({
      name,
      db: this.#db,
      standing,
      bus,
      here: () =>
        this.registry.lamps().flatMap(({ hypervisor, live }) => (live ? [hypervisor] : [])),
      introduce: (hypervisor) => this.#agents.introduce(hypervisor),
      times,
      log,
    });
    this.pair =
      peerHost &&
      new Pair({
        name,
        host: peerHost,
        bus,
        standing,
        leadership: this.leadership,
        changes: new ChangeLog(this.#db),
        audit: this.audit,
        stateDir,
        times,
        onReplaced: () => this.#reload(),
        log,
      });
    this.#db.onWrite = () => this.pair?.wake();
    this.leadership.onChange(() => this.#onStand());
    this.leadership.begin();
    bus.serve((body, { address }, signal) =>
      this.pair && address === PEER_ADDRESS
        ? this.pair.answer(body, signal)
        : this.#answer(body, address),
    );
    this.policies.onChange = () => {
      this.#agents.tellPolicy();
      this.#changes.dispatchEvent(new Event('policy'));
    };
    this.users.onEnded = () => this.#changes.dispatchEvent(new Event('logins'));
    this.parking.onChange = () => this.#changes.dispatchEvent(new Event('parked'));
    this.registry.listen({
      onSynced: (hypervisor) => void this.#agents.catchUp(hypervisor),
      onAudit: (entry, from) => {
        this.audit.add(entry);
        if (from !== undefined) this.follow(from, entry);
      },
    });
  }

  /** Calls `listener` at each change of that; the function that it returns ends it. */
  onChange(what: 'policy' | 'parked' | 'logins' | 'stand', listener: () => void): () => void {
    this.#changes.addEventListener(what, listener);
    return () => this.#changes.removeEventListener(what, listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#stop.signal.aborted) return;
    this.#stop.abort();
    this.schedule[Symbol.dispose]();
    await this.pair?.[Symbol.asyncDispose]();
    await this.leadership[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
    await this.#bus[Symbol.asyncDispose]();
    this.#db[Symbol.dispose]();
  }

  /** What placement looks at. */
  get places(): PlacementInput {
    const all = this.registry.all;
    return {
      hosts: all.filter((each) => each.kind === 'hypervisor'),
      vms: all.filter((each) => each.kind === 'vm'),
      isLive: (hypervisor) => this.registry.isLive(hypervisor),
    };
  }

  /** Where a machine could go; empty for one that is not there. */
  migrationTargets(id: string): Place[] {
    const vm = this.registry.get(id);
    return vm?.kind === 'vm' ? migrationTargets(vm, this.places) : [];
  }

  /** Where a new machine of this size would be. */
  placesFor(needs: Parameters<typeof placesFor>[0]): Place[] {
    return placesFor(needs, this.places);
  }

  /** What somebody may do with an entity; `all` stands for everything, an empty set for not even seeing it. */
  permissions(user: string, entity: EntityState): ReadonlySet<string> {
    return permissionsOf(this.policies.policy, user, subjectOf(entity));
  }

  /** Why somebody may or may not do a verb: the answer to "why can't I?". */
  explain(user: string, entity: EntityState, permission: string): ReturnType<typeof decide> {
    return decide(this.policies.policy, user, permission, subjectOf(entity));
  }

  /** Does a verb for somebody. Never throws. */
  perform(
    target: Target,
    verb: string,
    params: unknown,
    by: Actor,
    options?: PerformOptions,
  ): Promise<VerbReply> {
    return this.#dispatcher.perform(target, verb, params, by, options);
  }

  /** Passes a verb on to the agent of an entity, which checks it again. @throws VerbError */
  forward(...request: Parameters<Dispatcher['forward']>): Promise<VerbReply> {
    return this.#dispatcher.forward(...request);
  }

  /** Does what follows from what an agent has done, once. */
  follow(...done: Parameters<Dispatcher['follow']>): void {
    this.#dispatcher.follow(...done);
  }

  /** Asks an agent something that is no verb. @throws BusError */
  ask(hypervisor: string, body: object, options: RequestOptions): Promise<unknown> {
    return this.#bus.request(hypervisor, body, options);
  }

  /**
   * Forgets a hypervisor that does not come back, and its machines. To come back it has to join again.
   *
   * @throws VerbError `not-found`; `conflict` while it is here, or when another central is to be asked.
   */
  async forget(hypervisor: string): Promise<void> {
    this.leadership.check();
    if (this.registry.isLive(hypervisor))
      throw new VerbError('conflict', `${hypervisor} is here: end its agent first`);
    const isKnown = this.registry.lamps().some((lamp) => lamp.hypervisor === hypervisor);
    const isMember = this.leadership.forget(hypervisor);
    // One that was not here since central started may be known by its account alone.
    const hadAccount = (await this.chat?.forget(hypervisor)) ?? false;
    if (!isKnown && !isMember && !hadAccount)
      throw new VerbError('not-found', `there is no hypervisor '${hypervisor}'`);
    await this.expel?.(hypervisor);
    this.registry.forget(hypervisor);
    await this.pair?.settle();
  }

  /** What an entity answers to words; it decides itself whom it talks to. */
  async talk(target: EntityState, text: string, by: Actor, signal?: AbortSignal): Promise<string> {
    this.leadership.check();
    const hypervisor = hypervisorOf(target);
    const request = { type: 'chat', entity: target.id, text, by, term: this.term };
    try {
      const answer = await this.#bus.request(hypervisor, request, { signal, timeoutMs: SLOW_MS });
      return z.object({ text: z.string() }).parse(answer).text;
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      throw new VerbError('unreachable', `${target.name} cannot be reached: ${error.message}`);
    }
  }

  /** With what it asks agents for something. */
  private get term(): number {
    return this.leadership.term;
  }

  /** What an agent asks. */
  async #answer(body: unknown, hypervisor: string): Promise<unknown> {
    const request = centralRequest.parse(body);
    const { entity } = request;
    if (request.type === 'verb') {
      const target = this.registry.get(entity);
      // An agent says who asks; it is believed for what is its own, where it could do as it likes anyway.
      if (!target || hypervisorOf(target) !== hypervisor)
        throw new Error(`${entity} is not on ${hypervisor}`);
      const { verb, params, user } = request;
      return this.perform(target, verb, params, { user, via: 'chat' });
    }
    if (!this.chat) throw new Error('nobody chats here');
    return { password: await this.chat.passwordOf(entity as EntityId, hypervisor) };
  }

  async #runJob({ entity, verb, params, user }: Job): Promise<string> {
    // That it is being done: nobody does it again.
    await this.pair?.settle();
    const target = this.registry.get(entity);
    if (!target) return `${entity} is not there`;
    const reply = await this.perform(target, verb, params, { user, via: 'schedule' });
    return reply.ok ? 'done' : reply.error.message;
  }

  /** Notes what central itself did, and tells it like what agents did. */
  note(entry: AuditEntry): void {
    if (this.audit.add(entry)) this.registry.tellAudit(entry);
  }

  /** The standby has got something new of the active one. */
  #reload(): void {
    this.policies.reload();
    const { members } = this.leadership;
    for (const { hypervisor, live } of this.registry.lamps())
      if (!live && !members.includes(hypervisor)) {
        this.registry.forget(hypervisor);
        Promise.all([this.expel?.(hypervisor), this.chat?.forget(hypervisor)]).catch(
          (error: unknown) => this.#log(String(error)),
        );
      }
    for (const what of ['policy', 'parked', 'logins']) this.#changes.dispatchEvent(new Event(what));
  }

  /** Whoever begins to act tells who may do what, and hears what was done. */
  #onStand(): void {
    this.#changes.dispatchEvent(new Event('stand'));
    if (this.leadership.isActing && this.term > 0)
      for (const { hypervisor, live } of this.registry.lamps())
        if (live) void this.#agents.catchUp(hypervisor);
  }
}
