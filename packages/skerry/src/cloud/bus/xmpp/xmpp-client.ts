// A session of XMPP that mends itself. What is sent while the socket is lost is sent after; what was lost with a socket
// is sent once more; what came while we were away comes then (XEP-0198). Only when the server has forgotten the session
// is a new one begun, and whoever uses this is told.
import { setTimeout as sleep } from 'node:timers/promises';
import { type Element, elementsOf } from '../../xml/element.ts';
import { BACKOFF, type Backoff, backoffMs } from './backoff.ts';
import { isStanza, login, LoginRefused, type Session } from './login.ts';
import { bareJid, formatJid, type Jid } from './jid.ts';
import {
  child,
  errorReply,
  element,
  formatStanza,
  NS,
  StanzaError,
  stanzaError,
} from './stanza.ts';
import { type Outgoing, StreamManagement } from './stream-management.ts';
import type { ServerPlace, Wire } from './wire.ts';

export interface XmppClientOptions {
  readonly server: ServerPlace;
  readonly jid: Jid;
  readonly password: string | (() => Promise<string>);
  /** How long the server keeps our session for us when the socket is lost. Default: 60. */
  readonly resumeSeconds?: number | undefined;
  /** After this long without a word from the server it is asked; after three times that long it is given up. */
  readonly idleMs?: number | undefined;
  readonly backoff?: Backoff | undefined;
  readonly handlers: XmppHandlers;
}

/** What comes in. Nothing here may throw. */
export interface XmppHandlers {
  /** `false`: a new session, that knows nothing of the one before. Presence is to be sent. */
  onSession(isResumed: boolean): void;
  /** In a new session, what has not been sent, or may not have arrived; where this is absent it is sent at once. */
  onLeft?(stanza: Element): void;
  /** The socket is lost and is being mended. */
  onLost?(reason: Error): void;
  /** It was tried in vain to connect, and is tried again; `LoginRefused` where the server does not take the password. */
  onFailed?(reason: Error): void;
  /** It is given up for good: somebody else has logged in with our name and resource. */
  onEnd?(reason: Error): void;
  onMessage?(stanza: Element): void;
  onPresence?(stanza: Element): void;
  /** A request (iq of type get or set); false when it is none that is known here. */
  onRequest?(stanza: Element): boolean;
  /** An answer to a request that was sent with {@link XmppClient.send}. */
  onReply?(stanza: Element): void;
}

export interface SendOptions {
  /** Whether it is kept while there is no connection. Default: yes. */
  readonly keep?: boolean;
  /** Whether a new session shall send it again, when nobody knows whether it arrived. Default: yes. */
  readonly again?: boolean;
}

export interface IqOptions {
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number | undefined;
}

interface Pending {
  readonly to: string | undefined;
  settle(reply: Element | Error): void;
}

const LOGIN_MS = 15_000;
const CLOSE_MS = 1000;
const STEADY_MS = 5000;
/** More than this is not kept; what is sent then is lost. */
const MAX_BYTES = 64 * 1024 * 1024;
/** What is not acknowledged may come twice when the server forgets us, so we do not wait long to ask. */
const ACK_EVERY = 50;
const ACK_MS = 200;

export class XmppClient implements AsyncDisposable {
  readonly #options: XmppClientOptions;
  readonly #management = new StreamManagement();
  readonly #end = new AbortController();
  #pause = new AbortController();
  readonly #pending = new Map<string, Pending>();
  readonly #first = Promise.withResolvers<void>();
  readonly #life: Promise<void>;
  readonly #waiting: Outgoing[] = [];
  #waitingBytes = 0;
  #wire: Wire | undefined;
  #owesAck = false;
  #sinceAck = 0;
  #ackTimer: NodeJS.Timeout | undefined;
  #silence = 0;
  #nextId = 0;
  #problem = 'it has not answered yet';

  constructor(options: XmppClientOptions) {
    this.#options = options;
    this.#first.promise.catch(() => {});
    this.#life = this.#live();
  }

  get jid(): string {
    return formatJid(this.#options.jid);
  }

  get online(): boolean {
    return this.#wire !== undefined;
  }

  /** Why there is no connection, for people. */
  get problem(): string {
    return this.#problem;
  }

  /** @throws LoginRefused; Error when there is no session by then. */
  async ready({ signal, timeoutMs = LOGIN_MS }: IqOptions = {}): Promise<void> {
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(() => reject(new Error(this.#problem)), timeoutMs);
    const aborted = (): void => reject(asError(signal?.reason));
    signal?.addEventListener('abort', aborted, { once: true });
    if (signal?.aborted) aborted();
    try {
      await Promise.race([this.#first.promise, late]);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
    }
  }

  /** Sends a stanza, now or when there is a connection. False when it was dropped. */
  send(stanza: Element, { keep = true, again = true }: SendOptions = {}): boolean {
    if (this.#end.signal.aborted) return false;
    const outgoing = { stanza, xml: formatStanza(stanza), again };
    if (this.#management.bytes + this.#waitingBytes > MAX_BYTES && keep) return false;
    if (this.#wire) this.#write(this.#wire, outgoing);
    else if (!keep) return false;
    else {
      this.#waiting.push(outgoing);
      this.#waitingBytes += outgoing.xml.length;
    }
    return true;
  }

  /** Asks, and waits for the answer. @throws StanzaError */
  async request(
    type: 'get' | 'set',
    to: string | undefined,
    payload: Element,
    { signal, timeoutMs = 10_000 }: IqOptions = {},
  ): Promise<Element> {
    signal?.throwIfAborted();
    const id = `q${++this.#nextId}`;
    const { promise, resolve, reject } = Promise.withResolvers<Element>();
    const settle = (reply: Element | Error): void =>
      reply instanceof Error ? reject(reply) : resolve(reply);
    const late = new StanzaError('remote-server-timeout', `no answer within ${timeoutMs / 1000} s`);
    const timer = setTimeout(() => reject(late), timeoutMs);
    const aborted = (): void => reject(asError(signal?.reason));
    signal?.addEventListener('abort', aborted, { once: true });
    this.#pending.set(id, { to, settle });
    try {
      if (!this.send(element('iq', { type, to, id }, payload), { again: false }))
        throw new StanzaError('recipient-unavailable', 'the connection was closed');
      return await promise;
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', aborted);
      this.#pending.delete(id);
    }
  }

  /** Loses the socket, as a network does; it is mended at once. For tests, and when the network has changed. */
  dropConnection(): void {
    this.#wire?.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const wire = this.#wire;
    this.#wire = undefined;
    this.#end.abort();
    this.#failAll('the connection was closed');
    this.#first.reject(new Error('the connection was closed'));
    await wire?.close(CLOSE_MS);
    await this.#life;
  }

  async #live(): Promise<void> {
    const { signal } = this.#end;
    let failures = 0;
    while (!signal.aborted) {
      try {
        const session = await this.#login();
        const began = performance.now();
        await this.#serve(session);
        failures = performance.now() - began > STEADY_MS ? 0 : failures + 1;
      } catch (error) {
        this.#problem = asError(error).message;
        failures = error instanceof LoginRefused ? failures + 20 : failures + 1;
        if (error instanceof LoginRefused) this.#first.reject(error);
        if (!signal.aborted) this.#options.handlers.onFailed?.(asError(error));
      }
      const wait = backoffMs(failures - 1, this.#options.backoff ?? BACKOFF);
      this.#pause = new AbortController();
      const either = AbortSignal.any([signal, this.#pause.signal]);
      await sleep(wait, undefined, { signal: either }).catch(() => {});
    }
  }

  /** Somebody else has reached the server again: what is left of the pause before the next try is not waited for. */
  retryNow(): void {
    this.#pause.abort();
  }

  async #login(): Promise<Session> {
    const { server, jid, password, resumeSeconds = 60 } = this.#options;
    const deadline = AbortSignal.timeout(LOGIN_MS);
    const session = await login({
      server,
      jid,
      password: typeof password === 'string' ? password : await password(),
      resumeSeconds,
      management: this.#management,
      signal: AbortSignal.any([this.#end.signal, deadline]),
    });
    if (!this.#end.signal.aborted) return session;
    await session.wire.close(CLOSE_MS);
    throw new Error('the connection was closed');
  }

  /** Until the socket is lost. */
  async #serve({ wire, resumed, early }: Session): Promise<void> {
    const lost = Promise.withResolvers<Error>();
    if (resumed) this.#sendUnacknowledged(wire, resumed.handled);
    else this.#failAll('the session was lost');
    this.#wire = wire;
    this.#owesAck = false;
    this.#sinceAck = 0;
    this.#silence = 0;
    this.#tell(() => this.#options.handlers.onSession(resumed !== undefined));
    this.#sendWaiting(wire, resumed !== undefined);
    for (const stanza of early) this.#handle(stanza);
    this.#first.resolve();
    const watch = setInterval(() => this.#watch(wire), this.#options.idleMs ?? 20_000);
    wire.takeOver({
      onElement: (element) => this.#onElement(element, wire),
      onIdle: () => {
        this.#silence = 0;
        this.#acknowledge(wire);
      },
      onEnd: (reason) => lost.resolve(reason),
    });
    const reason = await lost.promise;
    clearInterval(watch);
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    this.#problem = reason.message;
    if (this.#wire === wire) this.#wire = undefined;
    if (!this.#end.signal.aborted) this.#tell(() => this.#options.handlers.onLost?.(reason));
  }

  #sendUnacknowledged(wire: Wire, handled: number): void {
    try {
      for (const { xml } of this.#management.resumed(handled)) wire.write(xml);
    } catch (error) {
      this.#management.end(undefined);
      wire.destroy();
      throw error;
    }
  }

  /** What an earlier session left goes first. */
  #sendWaiting(wire: Wire, isResumed: boolean): void {
    const { handlers } = this.#options;
    const waiting = [...this.#management.takeLeft(), ...this.#waiting.splice(0)];
    this.#waitingBytes = 0;
    for (const outgoing of waiting)
      if (isResumed || !handlers.onLeft) this.#write(wire, outgoing);
      else this.#tell(() => handlers.onLeft?.(outgoing.stanza));
  }

  #write(wire: Wire, stanza: Outgoing): void {
    this.#management.sent(stanza);
    wire.write(stanza.xml);
    if (++this.#sinceAck >= ACK_EVERY) this.#askAck(wire);
    else this.#ackTimer ??= setTimeout(() => this.#askAck(wire), ACK_MS);
  }

  #askAck(wire: Wire): void {
    this.#sinceAck = 0;
    clearTimeout(this.#ackTimer);
    this.#ackTimer = undefined;
    wire.write(`<r xmlns="${NS.streamManagement}"/>`);
  }

  /** Asks a server that has been silent, and gives it up when it stays so. */
  #watch(wire: Wire): void {
    this.#silence++;
    if (this.#silence > 3) wire.destroy(new Error('the server has gone silent'));
    else if (this.#silence > 1) this.#askAck(wire);
  }

  #acknowledge(wire: Wire): void {
    if (!this.#owesAck) return;
    this.#owesAck = false;
    wire.write(`<a xmlns="${NS.streamManagement}" h="${this.#management.handled}"/>`);
  }

  #onElement(stanza: Element, wire: Wire): void {
    if (isStanza(stanza)) {
      this.#management.received();
      this.#handle(stanza);
    } else if (stanza.name === 'r') this.#owesAck = true;
    else if (stanza.name === 'a') this.#onAck(stanza, wire);
    else if (stanza.name === 'stream:error') this.#onStreamError(stanza, wire);
  }

  #onAck({ attributes }: Element, wire: Wire): void {
    try {
      this.#management.acknowledge(Number(attributes.h));
    } catch (error) {
      this.#management.id = undefined;
      wire.refuse('undefined-condition', asError(error));
    }
  }

  #onStreamError(stanza: Element, wire: Wire): void {
    const [condition] = elementsOf(stanza);
    const name = condition?.name ?? 'no reason';
    const reason = new Error(`the server ended the stream: ${name}`);
    // Who came later is right: it is the same part, started again. Coming back would throw that one out, and so on.
    if (name === 'conflict') {
      this.#end.abort();
      this.#failAll(reason.message);
      this.#problem = reason.message;
      this.#tell(() => this.#options.handlers.onEnd?.(reason));
    }
    wire.destroy(reason);
  }

  #handle(stanza: Element): void {
    const { handlers } = this.#options;
    if (stanza.name === 'message') this.#tell(() => handlers.onMessage?.(stanza));
    else if (stanza.name === 'presence') this.#tell(() => handlers.onPresence?.(stanza));
    else if (stanza.attributes.type === 'result' || stanza.attributes.type === 'error')
      this.#onReply(stanza);
    else this.#onRequest(stanza);
  }

  #onReply(stanza: Element): void {
    const { id = '', from, type } = stanza.attributes;
    const pending = this.#pending.get(id);
    if (pending && this.#isFrom(from, pending.to))
      pending.settle(type === 'error' ? stanzaError(stanza) : stanza);
    else this.#tell(() => this.#options.handlers.onReply?.(stanza));
  }

  /** Whether it comes from whom we asked: anybody could send an answer. Without a name, our own account was asked. */
  #isFrom(from: string | undefined, asked: string | undefined): boolean {
    if (asked !== undefined) return from === asked;
    const { local, domain } = this.#options.jid;
    return from === undefined || from === domain || bareJid(from) === `${local}@${domain}`;
  }

  #onRequest(stanza: Element): void {
    const { from, id, type } = stanza.attributes;
    if (type === 'get' && child(stanza, 'ping', NS.ping))
      this.send(element('iq', { type: 'result', to: from, id }), { again: false });
    else {
      let isKnown = false;
      this.#tell(() => (isKnown = this.#options.handlers.onRequest?.(stanza) ?? false));
      if (!isKnown) this.send(errorReply(stanza, 'service-unavailable'), { again: false });
    }
  }

  #failAll(message: string): void {
    const pending = [...this.#pending.values()];
    this.#pending.clear();
    for (const each of pending) each.settle(new StanzaError('recipient-unavailable', message));
  }

  /** A handler that throws is a bug of its own: it surfaces, and the stream goes on. */
  #tell(run: () => void): void {
    try {
      run();
    } catch (error) {
      queueMicrotask(() => {
        throw error;
      });
    }
  }
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
