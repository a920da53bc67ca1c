// Which of two centrals acts. Who is active has a term, a number that only grows; agents obey the highest they have heard
// of. A standby becomes active when more than half of the hypervisors have lost the active central too and give it their
// voice, or when somebody says so. An active central that reaches neither the standby nor more than half of the
// hypervisors does not act: another may be active.
import { setTimeout as sleep } from 'node:timers/promises';
import { z } from 'zod';
import type { BusConnection } from '../bus/bus.ts';
import { messageOf } from '../../util/message-of.ts';
import { VerbError } from '../verb-error.ts';
import type { Database } from './database.ts';
import type { Stand } from './peer-messages.ts';
import type { KeptStanding, Peer, Standing } from './standing.ts';

export interface LeadershipTimes {
  /** How often the active central tells the agents that it is. */
  readonly leadMs: number;
  /** For how long a word of the standby or of the agents lets it act. Less than an agent waits until it has lost it. */
  readonly leaseMs: number;
  /** For how long a standby does not hear the active central before it asks for voices. */
  readonly takeoverMs: number;
}

export const TIMES: LeadershipTimes = { leadMs: 2000, leaseMs: 6000, takeoverMs: 10_000 };

export interface LeadershipOptions {
  readonly name: string;
  readonly db: Database;
  readonly standing: Standing;
  readonly bus: BusConnection;
  /** Hypervisors that are on our bus now. */
  readonly here: () => readonly string[];
  /** Asks the standby to take a hypervisor in, and the hypervisor to go there. */
  readonly introduce: (hypervisor: string) => Promise<void>;
  readonly times: LeadershipTimes;
  readonly log: (line: string) => void;
}

const leadReply = z.object({
  accepted: z.boolean(),
  term: z.number().int(),
  central: z.string(),
  because: z.string(),
  centrals: z.array(z.string()).default([]),
});

const ASK_MS = 3000;

export class Leadership implements AsyncDisposable {
  readonly #options: LeadershipOptions;
  readonly #stop = new AbortController();
  readonly #listeners = new Set<() => void>();
  /** When each hypervisor last took our word, by the moment at which it was asked. */
  readonly #confirmed = new Map<string, number>();
  #kept: KeptStanding;
  #term = new AbortController();
  #work: Promise<void> = Promise.resolve();
  #leading: Promise<void> | undefined;
  #peerHeardAt = -Infinity;
  #activeHeardAt = performance.now();
  #isHeir = false;
  #isKnownHeir = false;
  #again = false;
  #highest = 0;
  /** What is wrong with each hypervisor: said once. */
  readonly #wrong = new Map<string, string>();
  #problem = '';

  constructor(options: LeadershipOptions) {
    this.#options = options;
    this.#kept = options.standing.kept;
    if (this.#kept.role === 'standby') this.#term.abort();
  }

  begin(): void {
    this.#work = this.#run();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#term.abort();
    await this.#work;
    await this.#leading;
  }

  get kept(): KeptStanding {
    return this.#kept;
  }

  get peer(): Peer | undefined {
    return this.#options.standing.peer;
  }

  get term(): number {
    return this.#kept.term;
  }

  /** Aborted when it is active no more. */
  get signal(): AbortSignal {
    return this.#term.signal;
  }

  /** Whether it may act now. A lone central always may. */
  get isActing(): boolean {
    if (this.#kept.role !== 'active') return false;
    return !this.peer || this.#kept.byHand || this.#isConfirmed();
  }

  /** Whether the standby has all that people were told is done, so that it may follow. */
  get isHeir(): boolean {
    return this.#isHeir;
  }

  /** And more than half of the hypervisors know that. */
  get isKnownHeir(): boolean {
    return this.#isHeir && this.#isKnownHeir;
  }

  /** Resolves when the agents know what was decided about the standby. */
  async told(): Promise<void> {
    await this.#leading;
  }

  /** Why a standby has not become active; empty when it has not tried. */
  get problem(): string {
    return this.#problem;
  }

  /** Hypervisors that have ever joined: more than half of them decide. */
  get members(): string[] {
    return this.#options.db
      .all<{ hypervisor: string }>('SELECT hypervisor FROM members ORDER BY hypervisor')
      .map(({ hypervisor }) => hypervisor);
  }

  /** It does not decide any more; false when it never did. */
  forget(hypervisor: string): boolean {
    this.#confirmed.delete(hypervisor);
    const forgotten = this.#options.db.run('DELETE FROM members WHERE hypervisor = :hypervisor', {
      hypervisor,
    });
    return forgotten > 0;
  }

  /** How long a standby has not heard the active central. */
  get silentMs(): number {
    return performance.now() - this.#activeHeardAt;
  }

  /** Calls `listener` when the role changes, or whether it may act; the function that it returns ends it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws VerbError `conflict` when another central is to be asked. */
  check(): void {
    if (this.isActing) return;
    const { name } = this.#options;
    const { role, active } = this.#kept;
    const { peer } = this;
    if (role === 'standby')
      throw new VerbError(
        'conflict',
        `${name} is a standby: ask ${peer?.url ?? active}, which is active`,
      );
    throw new VerbError(
      'conflict',
      `${name} reaches neither ${peer?.name ?? ''} nor more than half of the hypervisors: another central may be active`,
      { hint: 'if none is: skerry central promote' },
    );
  }

  /** The standby has asked for news: so it has not become active. */
  peerFollows(hasAll: boolean): void {
    this.#peerHeardAt = performance.now();
    if (this.#isHeir || !hasAll) return;
    this.#isHeir = true;
    void this.lead();
  }

  /** The active central has answered with news. */
  activeAnswered(): void {
    this.#activeHeardAt = performance.now();
    this.#problem = '';
  }

  /** What another central says of itself, or an agent of whom it obeys. */
  heard({
    name,
    role,
    term,
    active,
    since,
  }: Pick<Stand, 'name' | 'role' | 'term' | 'active' | 'since'>): void {
    this.#highest = Math.max(this.#highest, term);
    if (term > this.#kept.term) return this.#follow(active, term, since);
    // Both were told by hand, each with nobody in sight: the first by name goes on.
    const isTie = role === 'active' && this.#kept.role === 'active' && term === this.#kept.term;
    if (isTie && term > 0 && this.#options.name < name) this.#become(term + 1, false);
  }

  /** Tells every agent that is here who is active, and hears whether they take it. */
  lead(): Promise<void> {
    this.#again = true;
    this.#leading ??= this.#leadRounds().finally(() => {
      this.#leading = undefined;
    });
    return this.#leading;
  }

  /** The same for one of them, before it is asked for anything. */
  async leadOne(hypervisor: string): Promise<void> {
    if (this.#kept.term === 0 || this.#kept.role !== 'active') return;
    const { bus, name, introduce, log } = this.#options;
    const { term } = this.#kept;
    const { peer } = this;
    const askedAt = performance.now();
    const body = {
      type: 'lead',
      term,
      heirs: this.#isHeir && peer ? [name, peer.name] : [name],
      centrals: [name, ...(peer ? [peer.name] : [])],
    };
    const options = { signal: this.#stop.signal, timeoutMs: ASK_MS };
    const reply = leadReply.parse(await bus.request(hypervisor, body, options));
    if (!reply.accepted) {
      log(`${hypervisor} does not obey: ${reply.because}`);
      const { term: higher, central } = reply;
      return this.heard({
        name: central,
        role: 'standby',
        term: higher,
        active: central,
        since: Date.now(),
      });
    }
    this.#options.db.run(
      'INSERT INTO members (hypervisor, joined_at) VALUES (:hypervisor, :now) ON CONFLICT DO NOTHING',
      { hypervisor, now: Date.now() },
    );
    if (term === this.#kept.term) this.#confirmed.set(hypervisor, askedAt);
    if (peer && !reply.centrals.includes(peer.name)) await introduce(hypervisor);
  }

  /** The standby does not keep up: until it does, it may not follow, and agents know that when this resolves. */
  async disinherit(): Promise<void> {
    if (!this.peer) return;
    this.#isHeir = false;
    await this.lead();
  }

  /** Begins to be one of two. */
  pair(): void {
    if (this.#kept.term > 0) return;
    const { name } = this.#options;
    this.#keep({ ...this.#kept, term: 1, ownTerm: 1, active: name, since: Date.now() });
    void this.lead();
  }

  /** Somebody says that it shall be active, whatever it hears. */
  async promote(): Promise<void> {
    await this.#ask(true, 0);
    this.#become(Math.max(this.#kept.term, this.#highest) + 1, true);
  }

  /** The active one has given way: everything is here. */
  takeOver(term: number): void {
    this.#become(Math.max(term, this.#kept.term + 1), false);
  }

  /** Gives way to the other. */
  giveWay(): number {
    const term = this.#kept.term + 1;
    this.#follow(this.peer?.name ?? '', term, Date.now());
    return term;
  }

  async #run(): Promise<void> {
    const { signal } = this.#stop;
    const { leadMs, takeoverMs } = this.#options.times;
    let wasActing = this.isActing;
    while (!signal.aborted) {
      const began = performance.now();
      try {
        if (this.#kept.role === 'active') await this.lead();
        else if (this.peer && this.silentMs > takeoverMs) await this.#elect();
      } catch (error) {
        if (!signal.aborted) this.#options.log(messageOf(error));
      }
      if (wasActing !== this.isActing) this.#tell();
      wasActing = this.isActing;
      const restMs = Math.max(leadMs / 4, leadMs - (performance.now() - began));
      // Two that try at the same moment would do so for ever.
      const jitterMs = this.#kept.role === 'standby' ? Math.random() * leadMs : 0;
      await sleep(restMs / 2 + jitterMs, undefined, { signal }).catch(() => {});
    }
  }

  /** Whoever calls for it during a round waits for one more. */
  async #leadRounds(): Promise<void> {
    while (this.#again && !this.#stop.signal.aborted) {
      this.#again = false;
      await this.#leadAll();
    }
  }

  async #leadAll(): Promise<void> {
    if (this.#kept.term === 0 || !this.peer) return;
    if (performance.now() - this.#peerHeardAt > this.#options.times.leaseMs) this.#isHeir = false;
    const began = performance.now();
    const work = this.#options.here().map((hypervisor) =>
      this.leadOne(hypervisor).then(
        () => this.#wrong.delete(hypervisor),
        (error: unknown) => this.#complain(hypervisor, messageOf(error)),
      ),
    );
    const isHeir = this.#isHeir;
    await Promise.all(work);
    this.#isKnownHeir = isHeir && this.#confirmedSince(began) * 2 > this.members.length;
    // What somebody said by hand was for as long as nobody could be heard.
    if (this.#kept.byHand && this.#isConfirmed()) this.#keep({ ...this.#kept, byHand: false });
  }

  #complain(hypervisor: string, message: string): void {
    const before = this.#wrong.get(hypervisor);
    this.#wrong.set(hypervisor, message);
    if (!this.#stop.signal.aborted && message !== before)
      this.#options.log(`${hypervisor}: ${message}`);
  }

  #isConfirmed(): boolean {
    const after = performance.now() - this.#options.times.leaseMs;
    if (this.#peerHeardAt > after) return true;
    return this.#confirmedSince(after) * 2 > this.members.length;
  }

  /** How many hypervisors have taken our word since then. */
  #confirmedSince(after: number): number {
    return this.members.filter((each) => (this.#confirmed.get(each) ?? -Infinity) >= after).length;
  }

  async #elect(): Promise<void> {
    if (!(await this.#ask(true, 0))) return;
    const term = Math.max(this.#kept.term, this.#highest) + 1;
    this.#options.log(`${this.#kept.active} is gone: asking for voices in term ${term}`);
    if (await this.#ask(false, term)) this.#become(term, false);
  }

  /** Whether more than half of the hypervisors say yes. */
  async #ask(dry: boolean, term: number): Promise<boolean> {
    const { bus } = this.#options;
    const { members } = this;
    const options = { signal: this.#stop.signal, timeoutMs: ASK_MS };
    const replies = await Promise.all(
      members.map(async (hypervisor) => {
        try {
          const answer = await bus.request(hypervisor, { type: 'vote', term, dry }, options);
          return { hypervisor, ...leadReply.parse(answer) };
        } catch (error) {
          return { hypervisor, accepted: false, term: 0, because: messageOf(error) };
        }
      }),
    );
    this.#highest = Math.max(this.#highest, ...replies.map((reply) => reply.term));
    const yes = replies.filter(({ accepted }) => accepted).length;
    const no = replies.find(({ accepted }) => !accepted);
    this.#problem = `${yes} of ${members.length} hypervisors would have it${no ? `; ${no.hypervisor}: ${no.because}` : ''}`;
    return yes * 2 > members.length;
  }

  #become(term: number, byHand: boolean): void {
    const { name, log } = this.#options;
    this.#term = new AbortController();
    this.#confirmed.clear();
    this.#isHeir = false;
    this.#peerHeardAt = -Infinity;
    this.#problem = '';
    this.#keep({ role: 'active', term, ownTerm: term, active: name, since: Date.now(), byHand });
    log(`${name} is active now, in term ${term}`);
    void this.lead().then(() => this.#tell());
  }

  #follow(active: string, term: number, since: number): void {
    const { name, log, standing } = this.#options;
    if (this.#kept.role === 'active') {
      log(`${name} is a standby now: ${active} is active since ${new Date(since).toISOString()}`);
      standing.position = null;
    }
    this.#term.abort(new VerbError('conflict', `${active} is active now`));
    this.#activeHeardAt = performance.now();
    this.#keep({ ...this.#kept, role: 'standby', term, active, since, byHand: false });
  }

  #keep(next: KeptStanding): void {
    this.#options.standing.kept = next;
    this.#kept = next;
    this.#tell();
  }

  #tell(): void {
    for (const listener of this.#listeners) listener();
  }
}
