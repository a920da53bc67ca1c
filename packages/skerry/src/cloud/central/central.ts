// The central agent: everybody's way to all hypervisors. It knows what agents tell, passes on what people ask for, and does
// itself what concerns more than one hypervisor.
import { randomUUID } from 'node:crypto';
import { z } from 'zod';
import { audited } from '../audited.ts';
import { parseParams, subjectOf } from '../agent/perform.ts';
import { type BusConnection, BusError, type RequestOptions } from '../bus/bus.ts';
import {
  type Actor,
  type AuditEntry,
  auditEntry,
  centralRequest,
  verbReply,
  type VerbReply,
} from '../bus/messages.ts';
import type { ChatPeople } from '../chat/chat-people.ts';
import { type EntityId, type EntityState, hypervisorOf, PEER_ADDRESS } from '../entity.ts';
import { CENTRAL, decide, permissionsOf } from '../permission/decide.ts';
import { toVerbError, VerbError } from '../verb-error.ts';
import { VERBS, type VerbTable } from '../verbs/table.ts';
import type { Verb } from '../verbs/verb.ts';
import { AuditStore } from './audit-store.ts';
import { Database, openDatabase } from './database.ts';
import type { Membership } from '../bus/membership.ts';
import { ChangeLog } from './change-log.ts';
import { Joins } from './joins.ts';
import { Leadership, type LeadershipTimes, TIMES } from './leadership.ts';
import { Pair, type PeerHost } from './pair.ts';
import { Parking } from './parking.ts';
import { migrationTargets, type Place, placesFor, type PlacementInput } from './placement.ts';
import { PolicyStore } from './policy-store.ts';
import { Registry } from './registry.ts';
import { type Job, Schedule } from './schedule.ts';
import { refuseTwin, withTarget } from './place-verb.ts';
import { Standing } from './standing.ts';
import { UsageHistory } from './usage-history.ts';
import { Users } from './users.ts';
import type { CentralContext } from './verbs/context.ts';
import { centralHandlers } from './verbs/handlers.ts';

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

const QUICK_MS = 60_000;
const SLOW_MS = 3_600_000;

export class Central implements AsyncDisposable {
  /** What it is called among several. */
  readonly name: string;
  readonly registry: Registry;
  readonly users: Users;
  readonly policies: PolicyStore;
  readonly audit: AuditStore;
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
  readonly table: VerbTable;
  readonly #db: Database;
  readonly #bus: BusConnection;
  readonly #stop = new AbortController();
  readonly #log: (line: string) => void;
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
    this.table = table;
    this.name = name;
    this.users = new Users(this.#db);
    this.policies = new PolicyStore(this.#db);
    this.audit = new AuditStore(this.#db);
    this.usage = new UsageHistory(this.#db);
    this.joins = new Joins(this.#db);
    this.parking = new Parking(this.#db);
    this.schedule = new Schedule(
      this.#db,
      (job) => this.#runJob(job),
      () => this.leadership.isActing,
    );
    this.registry = new Registry(bus);
    const standing = new Standing(this.#db);
    this.leadership = new Leadership({
      name,
      db: this.#db,
      standing,
      bus,
      here: () =>
        this.registry.lamps().flatMap(({ hypervisor, live }) => (live ? [hypervisor] : [])),
      introduce: (hypervisor) => this.#introduce(hypervisor),
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
      this.#tellPolicy();
      this.#changes.dispatchEvent(new Event('policy'));
    };
    this.users.onEnded = () => this.#changes.dispatchEvent(new Event('logins'));
    this.parking.onChange = () => this.#changes.dispatchEvent(new Event('parked'));
    this.registry.listen({
      onSynced: (hypervisor) => void this.#catchUp(hypervisor),
      onAudit: (entry) => this.audit.add(entry),
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

  /**
   * Does a verb for somebody. Never throws.
   *
   * @param id names the request; whoever has none gets one.
   */
  async perform(
    target: Target,
    verbName: string,
    params: unknown,
    by: Actor,
    options: {
      readonly id?: string;
      readonly signal?: AbortSignal;
      /** Names the login by which it was asked for; see Users.sessionOf. */
      readonly session?: string;
    } = {},
  ): Promise<VerbReply> {
    const { id = randomUUID(), signal, session } = options;
    const kind = target === 'central' ? 'central' : target.kind;
    const verb = this.table.get(kind, verbName);
    try {
      if (!verb) throw new VerbError('invalid', `a ${kind} has no verb '${verbName}'`);
      // What a standby knows it tells; it does nothing.
      if (verb.runs === 'agent' || verb.danger !== 'reads') this.leadership.check();
      const ends = [this.#stop.signal, ...(signal ? [signal] : [])];
      if (this.leadership.isActing) ends.push(this.leadership.signal);
      const until = AbortSignal.any(ends);
      const reply = await (verb.runs === 'agent' && target !== 'central'
        ? this.forward(target, verb, params, by, id, until)
        : this.#performHere(verb, params, { target, by, id, session, signal: until }));
      // What somebody is told is done, the standby knows too.
      await this.pair?.settle();
      return reply;
    } catch (thrown) {
      const error = toVerbError(thrown);
      const isAsked = verb?.runs === 'agent' && verb.danger !== 'reads' && target !== 'central';
      const { code } = error;
      // What may have got to the agent is in its own log; what has not is noted here.
      const isOurs = code === 'conflict' || code === 'not-found' || code === 'invalid';
      if (!isAsked || !isOurs || !this.leadership.isActing)
        return { ok: false, error: error.toData() };
      const { id: entity, name } = target;
      return audited(
        { id, entity, name, hypervisor: '', verb: verb.name, by, params },
        (entry) => this.note(entry),
        () => Promise.reject(error),
      );
    }
  }

  /** Passes a verb on to the agent of an entity, which checks it again. */
  async forward(
    target: EntityState,
    verb: Verb,
    params: unknown,
    by: Actor,
    id: string,
    signal: AbortSignal,
  ): Promise<VerbReply> {
    const hypervisor = hypervisorOf(target);
    refuseTwin(verb, params, this.places);
    const token = verb.name === 'console' ? this.consoleToken?.(by.user, target.id) : undefined;
    const given =
      token === undefined
        ? withTarget(verb, target, params, this.places)
        : { ...(params as object), streamUrl: this.#streamUrl(token) };
    const { term } = this;
    const request = {
      type: 'verb',
      id,
      verb: verb.name,
      entity: target.id,
      params: given,
      by,
      term,
    };
    try {
      const timeoutMs = verb.slow ? SLOW_MS : QUICK_MS;
      const answer = await this.#bus.request(hypervisor, request, { signal, timeoutMs });
      const reply = verbReply.parse(answer);
      if (reply.ok) this.#after(target, verb, reply.result, by);
      return reply.ok && token !== undefined ? { ok: true, result: { token } } : reply;
    } catch (error) {
      if (!(error instanceof BusError)) throw error;
      const code = error.code === 'timeout' ? 'timeout' : 'unreachable';
      const message = `the agent on ${hypervisor} cannot be reached: ${error.message}`;
      throw new VerbError(error.code === 'refused' ? 'failed' : code, message);
    }
  }

  /** Asks an agent something that is no verb. @throws BusError */
  ask(hypervisor: string, body: object, options: RequestOptions): Promise<unknown> {
    return this.#bus.request(hypervisor, body, options);
  }

  /**
   * Forgets a hypervisor that does not come back, and its machines. If it does come back it is known again.
   *
   * @throws VerbError `not-found`; `conflict` while it is here, or when another central is to be asked.
   */
  async forget(hypervisor: string): Promise<void> {
    this.leadership.check();
    if (this.registry.isLive(hypervisor))
      throw new VerbError('conflict', `${hypervisor} is here: end its agent first`);
    const isKnown = this.registry.lamps().some((lamp) => lamp.hypervisor === hypervisor);
    if (!this.leadership.forget(hypervisor) && !isKnown)
      throw new VerbError('not-found', `there is no hypervisor '${hypervisor}'`);
    this.registry.forget(hypervisor);
    await this.pair?.settle();
  }

  /** What an entity answers to words; it decides itself whom it talks to. */
  async talk(target: EntityState, text: string, by: Actor, signal?: AbortSignal): Promise<string> {
    this.leadership.check();
    const hypervisor = hypervisorOf(target);
    const request = { type: 'chat', entity: target.id, text, by, term: this.term };
    try {
      const answer = await this.#bus.request(hypervisor, request, { signal, timeoutMs: QUICK_MS });
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
    const { entity } = centralRequest.parse(body);
    if (!this.chat) throw new Error('nobody chats here');
    return { password: await this.chat.passwordOf(entity as EntityId, hypervisor) };
  }

  #streamUrl(token: string): string {
    return `${this.streamBase.replace(/^http/, 'ws')}/api/v1/agent-stream?token=${token}`;
  }

  #performHere(
    verb: Verb,
    params: unknown,
    request: Omit<CentralContext, 'central' | 'say'>,
  ): Promise<VerbReply> {
    const { target, by, id } = request;
    const subject = target === 'central' ? CENTRAL : subjectOf(target);
    const { id: entity, hypervisor } = subject;
    const name = target === 'central' ? 'central' : target.name;
    return audited(
      { id, entity, name, hypervisor, verb: verb.name, by, params },
      // Whoever looks at what is their own does nothing that others ask about.
      (entry) => (verb.open && verb.danger === 'reads') || this.note(entry),
      async (say) => {
        const decision = decide(this.policies.policy, by.user, verb.permission, subject);
        if (!decision.allowed && !verb.open)
          throw new VerbError(
            'denied',
            `${by.user} may not do that (${verb.title}): ${decision.because}`,
            {
              permission: verb.permission,
              ...(target === 'central' && {
                hint: `an administrator does it, or grants it: skerry cloud grant set user:${by.user} all --permissions ${verb.permission}`,
              }),
            },
          );
        const handler = centralHandlers.get(verb.name);
        if (!handler) throw new VerbError('failed', `central cannot do '${verb.name}'`);
        const parsed = parseParams(verb, params);
        const result = await handler({ central: this, ...request, say }, parsed as never);
        return verb.result.parse(result);
      },
    );
  }

  /** What follows from a verb that an agent has done. */
  #after(target: EntityState, verb: Verb, result: unknown, by: Actor): void {
    const made = z.object({ uuid: z.string() }).safeParse(result);
    if ((verb.name === 'alloc' || verb.name === 'clone') && made.success)
      this.policies.giveTo(by.user, `vm:${made.data.uuid}`);
    if (verb.name === 'free' || (verb.name === 'undefine' && by.via !== 'system')) {
      this.policies.dropEntity(target.id);
      this.schedule.dropEntity(target.id);
    }
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

  /** An agent that is back is told who may do what, and asked what was done meanwhile. */
  async #catchUp(hypervisor: string): Promise<void> {
    const { signal } = this.#stop;
    try {
      await this.leadership.leadOne(hypervisor);
      if (this.leadership.isActing)
        await this.#bus.request(hypervisor, this.#policyWords, { signal });
      const since = this.audit.lastOf(hypervisor);
      const missed = await this.#bus.request(hypervisor, { type: 'audit', since }, { signal });
      for (const entry of z.array(auditEntry).parse(missed)) this.note(entry);
    } catch (error) {
      if (!signal.aborted) this.#log(`${hypervisor}: ${String(error)}`);
    }
  }

  get #policyWords(): object {
    return { type: 'policy', policy: this.policies.policy, term: this.term };
  }

  /** An agent that is on our bus alone gets to the other central's too. */
  async #introduce(hypervisor: string): Promise<void> {
    const { pair } = this;
    if (!pair?.isHeard) return;
    const membership = await pair.placeAtPeer(hypervisor);
    const { signal } = this.#stop;
    await this.#bus.request(hypervisor, { type: 'join', membership, term: this.term }, { signal });
  }

  /** The standby has got something new of the active one. */
  #reload(): void {
    this.policies.reload();
    const { members } = this.leadership;
    for (const { hypervisor, live } of this.registry.lamps())
      if (!live && !members.includes(hypervisor)) this.registry.forget(hypervisor);
    for (const what of ['policy', 'parked', 'logins']) this.#changes.dispatchEvent(new Event(what));
  }

  /** Whoever begins to act tells who may do what, and hears what was done. */
  #onStand(): void {
    this.#changes.dispatchEvent(new Event('stand'));
    if (this.leadership.isActing && this.term > 0)
      for (const { hypervisor, live } of this.registry.lamps())
        if (live) void this.#catchUp(hypervisor);
  }

  #tellPolicy(): void {
    const { signal } = this.#stop;
    const body = this.#policyWords;
    for (const { hypervisor, live } of this.registry.lamps())
      if (live)
        this.#bus.request(hypervisor, body, { signal }).catch((error: unknown) => {
          if (!signal.aborted)
            this.#log(`${hypervisor} does not take the permissions: ${String(error)}`);
        });
  }
}
