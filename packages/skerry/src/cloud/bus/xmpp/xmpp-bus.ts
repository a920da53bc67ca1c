// The bus over an XMPP server. Every member is an account of one domain that nobody else has accounts in, so a member's
// address is what the server says of who sent something.
import { randomUUID } from 'node:crypto';
import type { Element } from '../../xml/element.ts';
import {
  type Address,
  type BusConnection,
  BusError,
  type Follower,
  type Presence,
  type RequestHandler,
  type RequestOptions,
} from '../bus.ts';
import type { Publication } from '../messages.ts';
import { Answers } from './answers.ts';
import type { Backoff } from './backoff.ts';
import {
  BUS,
  cancelStanza,
  type Part,
  presenceStanza,
  publicationStanzas,
  readCancel,
  readPart,
  readPresence,
  replyStanzas,
  requestStanzas,
} from './bus-stanzas.ts';
import { formatJid, parseJid } from './jid.ts';
import { Joiner } from './parts.ts';
import { Outbox } from './outbox.ts';
import { PresenceBook } from './presence-book.ts';
import { child, element, errorReply, NS, stanzaError } from './stanza.ts';
import type { ServerPlace } from './wire.ts';
import { type IqOptions, XmppClient } from './xmpp-client.ts';
import { messageOf } from '../../../util/message-of.ts';

export interface XmppBusOptions {
  readonly address: Address;
  /** The domain of the bus's members, and of nobody else. */
  readonly domain: string;
  readonly server: ServerPlace;
  readonly password: string | (() => Promise<string>);
  /** How long after the loss of a member's socket it is `gone`, if it has not come back. Default: 5. */
  readonly goneSeconds?: number | undefined;
  /** How long the server may be silent before it is asked whether it is there. Default: 4 s. */
  readonly idleMs?: number | undefined;
  readonly backoff?: Backoff | undefined;
  /** Told when it is connected, and, at each try, why it is not. */
  readonly onLink?: ((problem: Error | undefined) => void) | undefined;
  /** Somebody else has connected with this address: this connection is closed for good. */
  readonly onReplaced?: (() => void) | undefined;
}

interface Asked {
  readonly to: Address;
  readonly stanzas: readonly Element[];
  isSent: boolean;
  settle(outcome: { reply: unknown } | { error: BusError }): void;
}

const REQUEST_MS = 30_000;
const PING_MS = 2000;
/** All shall be back within five seconds of a server that was away. */
const BACKOFF: Backoff = { firstMs: 60, maxMs: 4000 };
const MAX_MESSAGE = 20_000;
const ADDRESS = /^[a-z0-9]([a-z0-9.-]{0,61}[a-z0-9])?$/;

/** One's place on an XMPP server; it connects at once, and again whenever the connection is lost. */
export class XmppBus implements BusConnection {
  readonly address: Address;
  readonly #options: XmppBusOptions;
  readonly #client: XmppClient;
  readonly #life = randomUUID();
  readonly #book = new PresenceBook();
  /** For those of whom it is not known whether they are back. */
  readonly #outbox = new Outbox();
  readonly #answers = new Answers();
  readonly #joiners = new Map<Address, Joiner>();
  readonly #asked = new Map<string, Asked>();
  readonly #followers: Follower[] = [];
  readonly #timers = new Map<'gone' | 'confirm', NodeJS.Timeout>();
  #handler: RequestHandler | undefined;
  #sessions = 0;
  #nextId = 0;
  /** The connection has been lost for long: others hold us for gone, and we them. */
  #isCutOff = false;
  #closed: string | undefined;

  constructor(options: XmppBusOptions) {
    this.#options = options;
    this.address = options.address;
    this.#client = new XmppClient({
      server: options.server,
      jid: { local: options.address, domain: options.domain, resource: options.address },
      password: options.password,
      resumeSeconds: this.#goneSeconds,
      idleMs: options.idleMs ?? 4000,
      backoff: options.backoff ?? BACKOFF,
      handlers: {
        onSession: (isResumed) => {
          options.onLink?.(undefined);
          this.#onSession(isResumed);
        },
        onLeft: (stanza) => this.#deliver(stanza),
        onLost: (reason) => {
          options.onLink?.(reason);
          this.#onLost();
        },
        onFailed: (reason) => options.onLink?.(reason),
        onEnd: () => this.#onReplaced(),
        onMessage: (stanza) => this.#onMessage(stanza),
        onPresence: (stanza) => this.#onPresence(stanza),
        onRequest: (stanza) => this.#onRequest(stanza),
        onReply: (stanza) => this.#onReply(stanza),
      },
    });
  }

  get connected(): boolean {
    return this.#client.online;
  }

  /** Why it is not connected, for people. */
  get problem(): string {
    return this.#closed ?? this.#client.problem;
  }

  /**
   * Waits until it is connected for the first time.
   * @throws BusError `refused` when the server does not take the password, else `unreachable`.
   */
  async ready(options: IqOptions = {}): Promise<void> {
    try {
      await this.#client.ready(options);
    } catch (error) {
      options.signal?.throwIfAborted();
      const { name, message } = error as Error;
      throw new BusError(
        name === 'LoginRefused' ? 'refused' : 'unreachable',
        `the bus cannot be reached as ${this.address}: ${message}`,
      );
    }
  }

  async request(to: Address, body: unknown, options: RequestOptions = {}): Promise<unknown> {
    const { signal, timeoutMs = REQUEST_MS } = options;
    signal?.throwIfAborted();
    if (this.#closed !== undefined) throw new BusError('closed', this.#closed);
    if (this.#isCutOff) throw this.#cutOffError();
    if (!ADDRESS.test(to)) throw new BusError('unreachable', `${to} is not on the bus`);
    const id = `${this.#life}.${++this.#nextId}`;
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const asked: Asked = {
      to,
      stanzas: requestStanzas(this.#jidOf(to), id, JSON.stringify(body) ?? ''),
      isSent: false,
      settle: (outcome) => ('error' in outcome ? reject(outcome.error) : resolve(outcome.reply)),
    };
    const giveUp = (error: unknown): void => {
      if (this.#asked.delete(id) && asked.isSent)
        this.#client.send(cancelStanza(this.#jidOf(to), id), { keep: false });
      reject(error);
    };
    const aborted = (): void => giveUp(signal?.reason);
    const timer = setTimeout(() => giveUp(this.#lateError(to, timeoutMs)), timeoutMs);
    signal?.addEventListener('abort', aborted, { once: true });
    this.#asked.set(id, asked);
    this.#send(asked);
    try {
      return await promise;
    } finally {
      this.#asked.delete(id);
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    }
  }

  serve(handler: RequestHandler): void {
    this.#handler = handler;
  }

  publish(publication: Publication): void {
    const followers = this.#book.followers;
    if (followers.length === 0 || this.#closed !== undefined) return;
    // What is old when it arrives is not worth keeping.
    const keep = publication.type !== 'usage' && publication.type !== 'alive';
    const id = String(++this.#nextId);
    const stanzas = publicationStanzas(id, JSON.stringify(publication));
    for (const follower of followers)
      for (const stanza of stanzas) this.#deliver(stanza(this.#jidOf(follower)), keep);
  }

  follow(follower: Follower): void {
    this.#followers.push(follower);
    for (const address of this.#book.here)
      queueMicrotask(() => follower.onPresence(address, 'here'));
    if (this.#followers.length === 1 && this.connected) this.#sendPresence();
  }

  /** Loses the socket, as a network does; it is mended at once. */
  dropConnection(): void {
    this.#client.dropConnection();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed === undefined) this.#close('this connection was closed');
    await this.#client[Symbol.asyncDispose]();
  }

  get #goneSeconds(): number {
    return this.#options.goneSeconds ?? 5;
  }

  #jidOf(address: Address): string {
    return formatJid({ local: address, domain: this.#options.domain, resource: address });
  }

  /** The member that sent a stanza; undefined for everybody else. */
  #senderOf(stanza: Element): Address | undefined {
    const { local, domain, resource } = parseJid(stanza.attributes.from ?? '');
    const isMember = domain === this.#options.domain && local === resource && ADDRESS.test(local);
    return isMember ? local : undefined;
  }

  #lateError(to: Address, timeoutMs: number): BusError {
    if (!this.connected) return this.#cutOffError();
    return new BusError('timeout', `${to} did not answer within ${timeoutMs / 1000} s`);
  }

  #cutOffError(): BusError {
    return new BusError('unreachable', `the bus cannot be reached: ${this.problem}`);
  }

  /** What is sent to who is not there is lost, so it waits until they are. */
  #deliver(stanza: Element, keep = true): void {
    const { local } = parseJid(stanza.attributes.to ?? '');
    if (!this.#book.isDoubtful(local)) this.#client.send(stanza, { keep });
    else if (keep) this.#outbox.add(local, stanza);
  }

  /** The bus itself sends requests again after a fault, so the client need not keep them. */
  #send(asked: Asked): void {
    asked.isSent = false;
    if (this.#book.isDoubtful(asked.to)) return;
    asked.isSent = asked.stanzas
      .map((stanza) => this.#client.send(stanza, { keep: false, again: false }))
      .every(Boolean);
  }

  #sendPresence(): void {
    const session = String(this.#sessions);
    const follows = this.#followers.length > 0;
    this.#client.send(presenceStanza({ life: this.#life, session, follows }), {
      keep: false,
      again: false,
    });
  }

  #onSession(isResumed: boolean): void {
    this.#stop('gone');
    this.#isCutOff = false;
    if (!isResumed) {
      this.#sessions++;
      this.#book.doubt();
      this.#sendPresence();
      this.#start('confirm', this.#goneSeconds * 1000, () => this.#dismiss(this.#book.doubtful));
    }
    for (const asked of this.#asked.values()) if (!isResumed || !asked.isSent) this.#send(asked);
  }

  /** Nobody can be reached; who comes back soon enough need not know. */
  #onLost(): void {
    this.#stop('confirm');
    this.#start('gone', this.#goneSeconds * 1000, () => {
      this.#isCutOff = true;
      this.#failRequests(this.#cutOffError());
      for (const address of this.#book.here) {
        this.#book.hide(address);
        this.#answers.cancel(address);
        this.#tell(address, 'gone');
      }
    });
  }

  #onReplaced(): void {
    this.#close(`somebody else is on the bus as ${this.address}`);
    this.#options.onReplaced?.();
  }

  #close(reason: string): void {
    this.#closed = reason;
    this.#stop('gone');
    this.#stop('confirm');
    this.#answers.cancelAll();
    const error = new BusError('closed', reason);
    this.#failRequests(error);
  }

  #start(name: 'gone' | 'confirm', ms: number, run: () => void): void {
    this.#stop(name);
    this.#timers.set(name, setTimeout(run, ms));
  }

  #stop(name: 'gone' | 'confirm'): void {
    clearTimeout(this.#timers.get(name));
    this.#timers.delete(name);
  }

  #onPresence(stanza: Element): void {
    const address = this.#senderOf(stanza);
    if (address === undefined || address === this.address) return;
    if (stanza.attributes.type === 'unavailable') return void this.#onUnavailable(address);
    const said = readPresence(stanza);
    if (stanza.attributes.type !== undefined || !said) return;
    const lifeBefore = this.#book.saidOf(address)?.life;
    if (lifeBefore !== undefined && lifeBefore !== said.life) this.#forget(address);
    const change = this.#book.seen(address, said);
    for (const waiting of this.#outbox.take(address)) this.#client.send(waiting);
    for (const asked of this.#asked.values())
      if (asked.to === address && !asked.isSent) this.#send(asked);
    if (change !== 'none') this.#tell(address, 'here');
  }

  /**
   * Of an agent that was started again at once the server may say that the old one has left after the new one has come,
   * and both have one name: so whoever is there is asked.
   */
  async #onUnavailable(address: Address): Promise<void> {
    const said = this.#book.saidOf(address);
    const ping = element('ping', { xmlns: NS.ping });
    const asked = this.#client.request('get', this.#jidOf(address), ping, { timeoutMs: PING_MS });
    const isThere = await asked.then(
      () => true,
      () => false,
    );
    if (!isThere && this.#book.saidOf(address) === said) this.#dismiss([address]);
  }

  #dismiss(addresses: readonly Address[]): void {
    for (const address of addresses) {
      const wasHere = this.#book.isHere(address);
      this.#book.left(address);
      this.#outbox.take(address);
      this.#failRequests(new BusError('unreachable', `${address} has gone`), address);
      this.#answers.cancel(address);
      if (wasHere) this.#tell(address, 'gone');
    }
  }

  /** It is not the one any more that it was: it was started again. */
  #forget(address: Address): void {
    this.#failRequests(new BusError('unreachable', `${address} was started again`), address);
    this.#answers.cancel(address);
    this.#joiners.delete(address);
  }

  #failRequests(error: BusError, to?: Address): void {
    for (const asked of this.#asked.values())
      if (to === undefined || asked.to === to) asked.settle({ error });
  }

  #tell(address: Address, presence: Presence): void {
    for (const follower of this.#followers) follower.onPresence(address, presence);
  }

  #onMessage(stanza: Element): void {
    const from = this.#senderOf(stanza);
    if (from === undefined || stanza.attributes.type !== 'headline') return;
    const cancelled = readCancel(stanza);
    if (cancelled !== undefined) return this.#answers.cancel(from, cancelled);
    const part = readPart(stanza);
    const json = part && this.#join(from, part);
    if (json === undefined || part?.kind !== 'publication' || from === this.address) return;
    const publication = parseJson(json);
    if (!publication) return;
    for (const follower of this.#followers) follower.onPublication(from, publication.value);
  }

  #join(from: Address, { kind, id, n, of, text }: Part): string | undefined {
    if (of === 1) return text;
    let joiner = this.#joiners.get(from);
    if (!joiner) this.#joiners.set(from, (joiner = new Joiner()));
    return joiner.add(`${kind} ${id}`, n, of, text);
  }

  #onRequest(stanza: Element): boolean {
    const part = readPart(stanza);
    const { from = '', id } = stanza.attributes;
    if (part?.kind !== 'request' || id === undefined) return false;
    const sender = this.#senderOf(stanza);
    if (sender === undefined) {
      this.#client.send(errorReply(stanza, 'forbidden', 'only for members of the bus'));
      return true;
    }
    const before = this.#answers.find(sender, id);
    if (before === 'running') return true;
    if (before) for (const each of before) this.#client.send(each);
    else void this.#answer(stanza, part, sender, from, id);
    return true;
  }

  async #answer(
    stanza: Element,
    part: Part,
    sender: Address,
    from: string,
    id: string,
  ): Promise<void> {
    const json = this.#join(sender, part);
    const body = json === undefined ? undefined : parseJson(json);
    const signal = this.#answers.begin(sender, id);
    let stanzas: readonly Element[];
    let length = 0;
    try {
      if (!body) throw new Error('the request is no JSON, or not all of it came');
      if (!this.#handler)
        stanzas = [errorReply(stanza, 'service-unavailable', `${this.address} answers nothing`)];
      else {
        const reply = await this.#handler(body.value, { address: sender }, signal);
        const text = JSON.stringify(reply) ?? '';
        stanzas = replyStanzas(from, id, text);
        length = text.length;
      }
    } catch (error) {
      const message = messageOf(error);
      const refused = element('refused', { xmlns: BUS });
      const words = message.slice(0, MAX_MESSAGE);
      stanzas = [errorReply(stanza, 'undefined-condition', words, refused)];
    }
    this.#answers.end(sender, id, stanzas, length);
    for (const each of stanzas) this.#deliver(each);
  }

  #onReply(stanza: Element): void {
    const { id = '', from, type } = stanza.attributes;
    const asked = this.#asked.get(id);
    // Whoever else sends such an answer is not who was asked.
    if (!asked || from !== this.#jidOf(asked.to)) return;
    if (type === 'error') return asked.settle({ error: toBusError(stanza, asked.to) });
    const part = readPart(stanza);
    const json = part && this.#join(asked.to, part);
    const reply = json === undefined ? undefined : parseJson(json);
    if (reply) asked.settle({ reply: reply.value });
    else asked.settle({ error: new BusError('refused', `${asked.to} answered no JSON`) });
  }
}

function toBusError(stanza: Element, to: Address): BusError {
  const { condition, message } = stanzaError(stanza);
  const error = child(stanza, 'error');
  if (error && child(error, 'refused', BUS)) return new BusError('refused', message);
  switch (condition) {
    case 'service-unavailable':
    case 'recipient-unavailable':
    case 'item-not-found':
    case 'remote-server-not-found':
      return new BusError('unreachable', `${to} is not on the bus`);
    default:
      return new BusError('refused', message);
  }
}

/** No text at all is undefined, which JSON has no word for. */
function parseJson(text: string): { value: unknown } | undefined {
  if (text === '') return { value: undefined };
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    return undefined;
  }
}
