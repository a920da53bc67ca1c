// One machine or hypervisor as people's XMPP clients see it: it is in their list, its presence is its state, and it
// answers when it is written to.
import { setTimeout as sleep } from 'node:timers/promises';
import type { VerbReply } from '../bus/messages.ts';
import { bareJid, type Jid, parseJid } from '../bus/xmpp/jid.ts';
import { child, element, text } from '../bus/xmpp/stanza.ts';
import type { ServerPlace } from '../bus/xmpp/wire.ts';
import { XmppClient } from '../bus/xmpp/xmpp-client.ts';
import type { EntityId } from '../entity.ts';
import type { Element } from '../xml/element.ts';
import { acpError, acpReply, type AcpRequest, parseAcp } from './acp.ts';
import type { EntityPresence } from './presence-words.ts';
import type { EntityPush } from './push-words.ts';
import { Roster } from './roster.ts';

/** Who answers for the entities; what it throws is not told to people. */
export interface EntityAnswers {
  /** To what a person has written. */
  chat(entity: EntityId, user: string, text: string): Promise<string>;
  /** To what a person's program asks for. */
  act(entity: EntityId, user: string, request: AcpRequest): Promise<VerbReply>;
}

export interface EntitySessionOptions {
  readonly entity: EntityId;
  readonly jid: Jid;
  readonly server: ServerPlace;
  readonly password: () => Promise<string>;
  readonly answers: EntityAnswers;
  /** It looks for a server that is away as often as the bus does. */
  readonly isScout: boolean;
  /** It has reached the server. */
  readonly onOnline: () => void;
}

const MAX_LENGTH = 10_000;
const MAX_WAITING = 20;
/** What was said longer ago than this is not done any more. */
const STALE_MS = 60_000;
/** A stranger is answered once in this time, so that two machines never talk to each other for ever. */
const REFUSE_EVERY_MS = 60_000;
/** What has left tells so when its verb is done, a moment after it is gone. */
const SHOUT_MS = 3000;
/** By then it has answered whoever asked it to leave. */
const LEAVE_MS = 30_000;
/** Hundreds of these lose the server at once: one looks often, and tells the others when it is back. */
const BACKOFF = { firstMs: 500, maxMs: 30_000 };
const SCOUT_BACKOFF = { firstMs: 250, maxMs: 3000 };

const NODE_OPTIONS = {
  FORM_TYPE: 'http://jabber.org/protocol/pubsub#publish-options',
  'pubsub#access_model': 'presence',
  'pubsub#persist_items': '0',
};
const NODE_FORM = element(
  'x',
  { xmlns: 'jabber:x:data', type: 'submit' },
  ...Object.entries(NODE_OPTIONS).map(([name, value]) =>
    element('field', { var: name }, element('value', {}, value)),
  ),
);

const STRANGER = "I'm sorry, I only talk to people I know. Ask an administrator to introduce us.";
const STALE = 'I was away when you said that. Say it again if you still want it.';
const TOO_LONG = "I'm sorry, that is too long for me.";
const TOO_MANY = "One after the other, please: I'm still busy with what you said before.";
const LEFT = 'I have just left this hypervisor. Say that again if you still want it.';
const FAILED = "I'm sorry, something went wrong with that. It is in my hypervisor's log.";

export class EntitySession implements AsyncDisposable {
  readonly client: XmppClient;
  readonly #options: EntitySessionOptions;
  readonly #roster: Roster;
  /** For each person what is still to be answered: the answers come in order. */
  readonly #talks = new Map<string, { waiting: number; last: Promise<void> }>();
  readonly #refusedAt = new Map<string, number>();
  /** Full addresses of people's clients that are there. */
  readonly #online = new Set<string>();
  #presence: EntityPresence;
  #hasLeft = false;
  #cardName: string | undefined;

  constructor(options: EntitySessionOptions, presence: EntityPresence) {
    this.#options = options;
    this.#presence = presence;
    this.client = new XmppClient({
      server: options.server,
      jid: options.jid,
      password: options.password,
      resumeSeconds: 30,
      backoff: options.isScout ? SCOUT_BACKOFF : BACKOFF,
      handlers: {
        onSession: (isResumed) => {
          options.onOnline();
          if (!isResumed) this.#introduce();
        },
        onMessage: (stanza) => void this.#onMessage(stanza),
        onPresence: (stanza) => this.#onPresence(stanza),
        onRequest: (stanza) => this.#roster.onPush(stanza) || this.#onAction(stanza),
      },
    });
    this.#roster = new Roster(this.client, (jid, sees) =>
      this.#sendPresence(jid, sees && !this.#hasLeft),
    );
  }

  set(presence: EntityPresence): void {
    const { show, status, name } = this.#presence;
    const isSame = show === presence.show && status === presence.status && name === presence.name;
    this.#presence = presence;
    if (isSame || !this.client.online) return;
    this.#sendPresence();
    this.#sendCard();
  }

  /** Says something to everybody who knows it. */
  say(words: string): void {
    for (const to of this.#roster.subscribers)
      this.client.send(element('message', { to, type: 'headline' }, element('body', {}, words)), {
        keep: false,
      });
  }

  /**
   * An event at its own address (XEP-0163), at Archipel's node: only who sees its presence can follow that. It is not kept:
   * what it was at a moment is worth nothing later.
   */
  push({ area, change, state }: EntityPush): void {
    if (!this.client.online) return;
    const node = `/archipel/${bareJid(this.client.jid)}/events`;
    const push = element(
      'push',
      { xmlns: `archipel:push:${area}`, change, date: new Date().toISOString() },
      element('state', state),
    );
    const payload = element(
      'pubsub',
      { xmlns: 'http://jabber.org/protocol/pubsub' },
      element('publish', { node }, element('item', {}, push)),
      element('publish-options', {}, NODE_FORM),
    );
    void this.client.request('set', undefined, payload).catch(() => {});
  }

  /** It is here no more, and is seen so at once; whoever asked for that is still answered before its session ends. */
  async leave(): Promise<void> {
    this.#hasLeft = true;
    this.#sendPresence();
    const rest = (ms: number): Promise<void> => sleep(ms, undefined, { ref: false });
    const answers = [...this.#talks.values()].map(({ last }) => last);
    await Promise.race([Promise.all([rest(SHOUT_MS), ...answers]), rest(LEAVE_MS)]);
    await this[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.client[Symbol.asyncDispose]();
  }

  #introduce(): void {
    this.#cardName = undefined;
    this.#online.clear();
    // Whoever asks for its contacts gets changes of them, too.
    void this.#roster.load().catch(() => {});
    this.#sendPresence();
    this.#sendCard();
  }

  /** To all who know it, or to one who has just come to know it, or has ceased to. */
  #sendPresence(to?: string, isHere = !this.#hasLeft): void {
    const { show, status, name } = this.#presence;
    const stanza = element(
      'presence',
      { to, type: isHere ? undefined : 'unavailable' },
      ...(show ? [element('show', {}, show)] : []),
      element('status', {}, status),
      element('nick', { xmlns: 'http://jabber.org/protocol/nick' }, name),
    );
    this.client.send(stanza, { keep: false, again: false });
  }

  /** Its name in people's lists comes from its card (XEP-0054). */
  #sendCard(): void {
    const { name } = this.#presence;
    if (this.#cardName === name) return;
    this.#cardName = name;
    const card = element(
      'vCard',
      { xmlns: 'vcard-temp' },
      element('FN', {}, name),
      element('NICKNAME', {}, name),
    );
    void this.client.request('set', undefined, card).catch(() => (this.#cardName = undefined));
  }

  /** Who sees its presence is for administrators to say. */
  #onPresence({ attributes: { type, from = '' } }: Element): void {
    if (type === undefined) this.#online.add(from);
    if (type === 'unavailable') this.#online.delete(from);
    if (type !== 'subscribe' || from === '') return;
    const to = bareJid(from);
    if (!this.#roster.subscribers.includes(to))
      this.client.send(element('presence', { type: 'unsubscribed', to }));
  }

  async #onMessage(stanza: Element): Promise<void> {
    const { from = '', type = 'normal' } = stanza.attributes;
    const body = child(stanza, 'body');
    const words = body && text(body).trim();
    if (!words || (type !== 'chat' && type !== 'normal')) return;
    const person = bareJid(from);
    if (!(await this.#isFriend(person))) this.#refuse(stanza, person);
    else if (this.#hasLeft) this.#answer(stanza, LEFT);
    else if (isStale(stanza)) this.#answer(stanza, STALE);
    else if (words.length > MAX_LENGTH) this.#answer(stanza, TOO_LONG);
    else this.#talk(stanza, person, words);
  }

  /** False when it is something else. */
  #onAction(stanza: Element): boolean {
    const request = this.#hasLeft ? undefined : parseAcp(stanza);
    if (!request) return false;
    const person = bareJid(stanza.attributes.from ?? '');
    const reply = (answer: Element): void => {
      this.client.send(answer, { keep: false, again: false });
    };
    void this.#isFriend(person).then((isFriend) => {
      if (!isFriend) return reply(acpError(stanza, { code: 'denied', message: STRANGER }));
      const { entity, answers } = this.#options;
      const isTaken = this.#inTurn(person, async () => {
        const answer = await answers
          .act(entity, parseJid(person).local, request)
          .then((done) => acpReply(stanza, request, done))
          .catch(() => acpError(stanza, { code: 'failed', message: FAILED }));
        reply(answer);
      });
      if (!isTaken) reply(acpError(stanza, { code: 'conflict', message: TOO_MANY }));
    });
    return true;
  }

  /** In its list, and of its own domain: the names of others' users are not ours. */
  async #isFriend(person: string): Promise<boolean> {
    const { local, domain } = parseJid(person);
    if (!local || domain !== this.#options.jid.domain) return false;
    return this.#roster.knows(person).catch(() => false);
  }

  #refuse(stanza: Element, person: string): void {
    const now = performance.now();
    for (const [who, at] of this.#refusedAt)
      if (at < now - REFUSE_EVERY_MS) this.#refusedAt.delete(who);
    if (this.#refusedAt.has(person)) return;
    this.#refusedAt.set(person, now);
    this.#answer(stanza, STRANGER);
  }

  #talk(stanza: Element, person: string, words: string): void {
    const { entity, answers } = this.#options;
    const isTaken = this.#inTurn(person, async () => {
      const { local } = parseJid(person);
      this.#answer(stanza, await answers.chat(entity, local, words).catch(() => FAILED));
    });
    if (!isTaken) this.#answer(stanza, TOO_MANY);
  }

  /** After what the same person has asked for before; false where that is too much already. */
  #inTurn(person: string, work: () => Promise<void>): boolean {
    const talk = this.#talks.get(person) ?? { waiting: 0, last: Promise.resolve() };
    if (talk.waiting >= MAX_WAITING) return false;
    this.#talks.set(person, talk);
    talk.waiting++;
    talk.last = talk.last.then(work).finally(() => {
      if (--talk.waiting === 0) this.#talks.delete(person);
    });
    return true;
  }

  #answer({ attributes, children }: Element, words: string): void {
    if (words === '') return;
    const { from = '', type, id } = attributes;
    // A client that only sends, and is gone again, gets no answer; the person's others may.
    const to = this.#online.has(from) ? from : bareJid(from);
    const thread = children.filter((each) => typeof each !== 'string' && each.name === 'thread');
    const reply = id === undefined ? undefined : `re-${id}`;
    this.client.send(
      element('message', { to, type, id: reply }, element('body', {}, words), ...thread),
    );
  }
}

/** The server kept it while we were away (XEP-0203). */
function isStale(stanza: Element): boolean {
  const stamp = child(stanza, 'delay', 'urn:xmpp:delay')?.attributes.stamp;
  return stamp !== undefined && !(Date.parse(stamp) > Date.now() - STALE_MS);
}
