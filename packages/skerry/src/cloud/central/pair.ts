// The other central: each is a member of the other's bus. They tell each other how they stand, and whoever is a standby
// fetches what changes in the database of the one that is active.
import { randomUUID } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { auditEntry } from '../bus/messages.ts';
import type { z } from 'zod';
import { type BusConnection, BusError } from '../bus/bus.ts';
import { membership as membershipSchema, type Membership } from '../bus/membership.ts';
import { OWN_ADDRESS, PEER_ADDRESS } from '../entity.ts';
import { messageOf } from '../../util/message-of.ts';
import { VerbError } from '../verb-error.ts';
import type { AuditStore } from './audit-store.ts';
import type { Change, ChangeLog } from './change-log.ts';
import type { Leadership, LeadershipTimes } from './leadership.ts';
import {
  admitRequest,
  type PeerRequest,
  peerRequest,
  pullReply,
  type PullReply,
  stand,
  type Stand,
  yieldReply,
} from './peer-messages.ts';
import type { Peer, Position, Standing } from './standing.ts';

/** How a central is reached by the other, and reaches it. */
export interface PeerHost {
  readonly url: string;
  /** A place on our bus. The other central's has the given secret. */
  admit(address: string, secret?: string): Promise<Membership>;
  connect(membership: Membership): Promise<BusConnection>;
}

export interface PairOptions {
  readonly name: string;
  readonly host: PeerHost;
  readonly bus: BusConnection;
  readonly standing: Standing;
  readonly leadership: Leadership;
  readonly changes: ChangeLog;
  readonly audit: AuditStore;
  /** Where changes go that nobody else got; null for nowhere. */
  readonly stateDir: string | null;
  readonly times: LeadershipTimes;
  /** The database was changed by the other one. */
  readonly onReplaced: () => void;
  readonly log: (line: string) => void;
}

const ASK_MS = 5000;
/** How long whoever has changed something waits for the standby to have it. */
const SETTLE_MS = 2000;

export class Pair implements AsyncDisposable {
  readonly #options: PairOptions;
  readonly #stop = new AbortController();
  /** Wakes those who wait for a change, or for the standby to have one. */
  readonly #news = new EventTarget();
  #link: { readonly membership: string; readonly bus: BusConnection } | undefined;
  #work: Promise<void>;
  /** What the standby has for certain. */
  #acked: Position | null = null;
  #heardAt = -Infinity;
  #theirs: Stand | undefined;
  /** The other one's place on our bus. */
  #place: Promise<Membership> | undefined;
  #problem = '';
  /** The history that a copy has brought so far. */
  #history = 0;

  constructor(options: PairOptions) {
    this.#options = options;
    if (options.standing.peer) options.changes.begin();
    this.#work = this.#attend();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#news.dispatchEvent(new Event('news'));
    await this.#work;
    await this.#link?.bus[Symbol.asyncDispose]();
  }

  /** Whether the other one was heard in the last seconds. */
  get isHeard(): boolean {
    return performance.now() - this.#heardAt < ASK_MS;
  }

  /** Why it is not followed, or cannot be reached; empty when all is well. */
  get problem(): string {
    return this.#problem;
  }

  /** How many changes the standby does not have; null when it has none of ours. */
  get behind(): number | null {
    const { leadership, changes } = this.#options;
    return this.#acked?.term === leadership.term ? changes.head - this.#acked.seq : null;
  }

  /** Something was written. */
  wake(): void {
    this.#news.dispatchEvent(new Event('news'));
  }

  /** Resolves when the standby has all that was written until now, or when every agent knows that it has not. */
  async settle(): Promise<void> {
    const { leadership, changes } = this.#options;
    if (!leadership.peer || leadership.kept.role !== 'active') return;
    if (!leadership.isHeir) return leadership.told();
    const { head } = changes;
    const { term } = leadership;
    const end = performance.now() + SETTLE_MS;
    const has = (): boolean => this.#acked?.term === term && this.#acked.seq >= head;
    while (!has() && performance.now() < end && !this.#stop.signal.aborted)
      await this.#nextNews(end - performance.now());
    if (!has() && !this.#stop.signal.aborted) await leadership.disinherit();
  }

  /** Makes the standby take a hypervisor in, and gives what the hypervisor needs for it. */
  async placeAtPeer(hypervisor: string): Promise<Membership> {
    const answer = await this.#options.bus.request(
      PEER_ADDRESS,
      { type: 'admit', hypervisor },
      { signal: this.#stop.signal, timeoutMs: ASK_MS },
    );
    return membershipSchema.parse(answer);
  }

  /** Becomes active by hand: in good order when the other one answers. */
  async promote(): Promise<void> {
    const { leadership, name } = this.#options;
    if (leadership.isActing) throw new VerbError('conflict', `${name} is active`);
    const isOtherActive = this.isHeard && this.#theirs?.role === 'active';
    if (leadership.kept.role === 'standby' && isOtherActive && (await this.#takeOver())) return;
    await leadership.promote();
  }

  /** The other one gives way, with what is not here yet; false when it does not answer. */
  async #takeOver(): Promise<boolean> {
    const { leadership, standing, changes, name, onReplaced } = this.#options;
    const { position } = standing;
    if (!position) throw new VerbError('conflict', `${name} has no copy yet: try again soon`);
    let reply: z.infer<typeof yieldReply>;
    try {
      reply = yieldReply.parse(await this.#ask({ type: 'yield', position }));
    } catch (error) {
      // It has gone since it was heard.
      if (error instanceof BusError && error.code !== 'refused') return false;
      throw error;
    }
    changes.apply(reply.changes, () => {
      standing.position = { term: position.term, seq: reply.changes.at(-1)?.seq ?? position.seq };
    });
    onReplaced();
    leadership.takeOver(reply.term);
    return true;
  }

  async #ask(request: PeerRequest): Promise<unknown> {
    const link = await this.#linkTo();
    if (!link) throw new VerbError('unreachable', 'there is no other central');
    return link.request(OWN_ADDRESS, request, { signal: this.#stop.signal, timeoutMs: ASK_MS });
  }

  async #linkTo(): Promise<BusConnection | undefined> {
    const { peer } = this.#options.standing;
    if (!peer) return undefined;
    const membership = JSON.stringify(peer.membership);
    if (this.#link?.membership !== membership) {
      await this.#link?.bus[Symbol.asyncDispose]();
      const bus = await this.#options.host.connect(peer.membership);
      bus.serve((body, { address }) => this.#admit(body, address));
      this.#link = { membership, bus };
    }
    return this.#link.bus;
  }

  /** How often it is said that one is there, and half of how long an answer waits for something new. */
  get #helloMs(): number {
    return this.#options.times.leaseMs / 6;
  }

  get #stand(): Stand {
    const { name, leadership, changes } = this.#options;
    const { role, term, active, since } = leadership.kept;
    return { name, role, term, active, since, form: changes.form };
  }

  /** Says how we stand, and follows whoever is active, for ever. */
  async #attend(): Promise<void> {
    const { signal } = this.#stop;
    const { host, standing, leadership, log } = this.#options;
    let saidAt = -Infinity;
    while (!signal.aborted) {
      try {
        if (standing.peer && performance.now() - saidAt > this.#helloMs) {
          this.#place ??= host.admit(PEER_ADDRESS, standing.secret(randomUUID));
          const membership = await this.#place;
          const hello = { type: 'hello' as const, stand: this.#stand, url: host.url, membership };
          const theirs = stand.parse(await this.#ask(hello));
          saidAt = this.#heardAt = performance.now();
          this.#theirs = theirs;
          leadership.heard(theirs);
          this.#say('');
          if (leadership.kept.role === 'active' || theirs.role === 'standby') await this.#rest();
        } else if (standing.peer && leadership.kept.role === 'standby') await this.#pull();
        else await this.#rest();
      } catch (error) {
        if (signal.aborted) return;
        if (messageOf(error) !== this.#problem) log(`the other central: ${messageOf(error)}`);
        this.#say(messageOf(error));
        if (leadership.kept.role === 'active') this.#options.changes.prune(0);
        saidAt = -Infinity;
        await this.#rest();
      }
    }
  }

  #say(problem: string): void {
    this.#problem = problem;
  }

  async #rest(): Promise<void> {
    await sleep(this.#helloMs / 2, undefined, { signal: this.#stop.signal }).catch(() => {});
  }

  /** Fetches what is new, and does it here too. */
  async #pull(): Promise<void> {
    const { standing, leadership, changes } = this.#options;
    const { position } = standing;
    const { form } = changes;
    const reply = pullReply.parse(
      await this.#ask({ type: 'pull', position, form, history: this.#history }),
    );
    this.#heardAt = performance.now();
    leadership.heard(reply.stand);
    // Meanwhile somebody may have said that this one is active.
    if (leadership.kept.role !== 'standby' || reply.stand.term !== leadership.term) return;
    if (reply.kind !== 'standby') leadership.activeAnswered();
    await this.#take(reply, position);
  }

  async #take(reply: PullReply, position: Position | null): Promise<void> {
    const { standing, changes, onReplaced } = this.#options;
    const { term } = reply.stand;
    switch (reply.kind) {
      case 'standby':
        return this.#rest();
      case 'history':
        changes.addHistory(reply.rows);
        this.#history = reply.next;
        return;
      case 'changes': {
        const last = reply.changes.at(-1)?.seq;
        if (last === undefined || position === null) return;
        changes.apply(reply.changes, () => {
          standing.position = { term, seq: last };
        });
        changes.prune(changes.head);
        return onReplaced();
      }
      case 'copy':
        await this.#setAside(reply.had);
        changes.addHistory(reply.rows);
        changes.replace(reply.copy, () => {
          standing.position = { term, seq: reply.copy.seq };
        });
        this.#history = 0;
        changes.prune(changes.head);
        return onReplaced();
      default:
        reply satisfies never;
    }
  }

  /** What was written here while this one was active, and the other one never got. */
  async #setAside(had: Position | null): Promise<void> {
    const { leadership, changes, stateDir, log } = this.#options;
    const { ownTerm } = leadership.kept;
    if (!had || had.term !== ownTerm) return;
    const left = changes.leftover(had.seq);
    const entries = left.flatMap(auditOf);
    if (entries.length > 0) await this.#ask({ type: 'merge', entries });
    const others = left.filter(({ name }) => name !== 'audit' && name !== 'members');
    if (others.length === 0 || stateDir === null) return;
    const file = join(stateDir, `set-aside-term-${ownTerm}.json`);
    await writeFile(file, `${JSON.stringify(others, null, 2)}\n`, { mode: 0o600 });
    log(`${others.length} changes that ${leadership.kept.active} never got are in ${file}`);
  }

  /** What the other one asks on our bus. */
  async answer(body: unknown, signal: AbortSignal): Promise<unknown> {
    const { leadership, audit } = this.#options;
    const request = peerRequest.parse(body);
    switch (request.type) {
      case 'hello': {
        this.#meet({ name: request.stand.name, url: request.url, membership: request.membership });
        leadership.heard(request.stand);
        return this.#stand;
      }
      case 'pull':
        return this.#givePull(request, signal);
      case 'merge':
        for (const entry of request.entries) audit.add(entry);
        return {};
      case 'yield': {
        const news = this.#newsAfter(request.position);
        const last = news?.at(-1)?.seq ?? request.position.seq;
        if (leadership.kept.role !== 'active' || !news || last !== this.#options.changes.head)
          throw new Error('it has not all that is here: wait until it has');
        return { term: leadership.giveWay(), changes: news };
      }
      default:
        return request satisfies never;
    }
  }

  /** The other one asks, on its bus, for a hypervisor's place on ours. */
  async #admit(body: unknown, from: string): Promise<Membership> {
    if (from !== OWN_ADDRESS) throw new Error(`only central is answered, and '${from}' is not`);
    return this.#options.host.admit(admitRequest.parse(body).hypervisor);
  }

  /** A new standby, or one that has moved. */
  #meet(peer: Peer): void {
    const { standing, leadership, name, log } = this.#options;
    if (peer.name === name)
      throw new Error(`both are called ${name}: they need names of their own`);
    const before = standing.peer;
    if (JSON.stringify(before) === JSON.stringify(peer)) return;
    standing.peer = peer;
    if (!before) this.#options.changes.begin();
    if (before?.name !== peer.name) log(`${peer.name} is the other central`);
    leadership.pair();
  }

  #newsAfter({ term, seq }: Position): Change[] | undefined {
    const { leadership, changes } = this.#options;
    return term === leadership.term ? changes.after(seq) : undefined;
  }

  async #givePull(
    { position, form, history }: Extract<PeerRequest, { type: 'pull' }>,
    signal: AbortSignal,
  ): Promise<PullReply> {
    const { leadership, changes, standing } = this.#options;
    if (leadership.kept.role !== 'active') return { kind: 'standby', stand: this.#stand };
    if (form !== changes.form)
      throw new Error('the two centrals are of different versions: bring them to the same one');
    let news = position && this.#newsAfter(position);
    this.#ack(news ? position : null);
    if (position && news?.length === 0) {
      news = await this.#newsSoon(position, signal);
      if (leadership.kept.role !== 'active') return { kind: 'standby', stand: this.#stand };
    }
    if (news) return { kind: 'changes', stand: this.#stand, changes: news, head: changes.head };
    const { rows, next } = changes.history(history);
    if (next !== null) return { kind: 'history', stand: this.#stand, rows, next };
    const copy = changes.copy();
    return { kind: 'copy', stand: this.#stand, rows, copy, had: standing.position };
  }

  /** What comes within a while; nothing when nothing does. */
  async #newsSoon(position: Position, signal: AbortSignal): Promise<Change[] | undefined> {
    const end = performance.now() + 2 * this.#helloMs;
    for (;;) {
      await this.#nextNews(end - performance.now(), signal);
      const news = this.#newsAfter(position);
      if (news?.length !== 0 || performance.now() >= end || signal.aborted) return news;
    }
  }

  /** It has come so far, and waits for more. */
  #ack(position: Position | null): void {
    const { leadership, changes } = this.#options;
    this.#acked = position;
    leadership.peerFollows(position?.seq === changes.head);
    if (position) changes.prune(position.seq);
    this.wake();
  }

  #nextNews(ms: number, signal = this.#stop.signal): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        clearTimeout(timer);
        this.#news.removeEventListener('news', end);
        signal.removeEventListener('abort', end);
        resolve();
      };
      const timer = setTimeout(end, Math.max(0, ms));
      this.#news.addEventListener('news', end);
      signal.addEventListener('abort', end);
    });
  }
}

/** An entry of the history that a change has added. */
function auditOf({ name, gone, row }: Change): ReturnType<typeof auditEntry.parse>[] {
  if (name !== 'audit' || gone || typeof row['json'] !== 'string') return [];
  const parsed = auditEntry.safeParse(JSON.parse(row['json']));
  return parsed.success ? [parsed.data] : [];
}
