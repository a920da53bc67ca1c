// From a socket to a session: TLS, login, and a session new or resumed (RFC 6120 sections 5 to 7, XEP-0198).
import { type Element, elementsOf } from '../../xml/element.ts';
import { formatJid, type Jid, parseJid } from './jid.ts';
import { chooseMechanism, type Scram, startScram } from './scram.ts';
import { child, element, formatStanza, NS, stanzaError, text } from './stanza.ts';
import type { StreamManagement } from './stream-management.ts';
import { type ServerPlace, Wire } from './wire.ts';

export interface LoginOptions {
  readonly server: ServerPlace;
  readonly jid: Jid;
  readonly password: string;
  /** How long the server keeps a session whose socket is lost, at most. */
  readonly resumeSeconds: number;
  readonly management: StreamManagement;
  readonly signal: AbortSignal;
}

export interface Session {
  readonly wire: Wire;
  /** What the server had got, of a session that goes on. */
  readonly resumed: { readonly handled: number } | undefined;
  /** Stanzas that came before the server began to count: they are not to be counted. */
  readonly early: readonly Element[];
}

/** The server does not take this name and password: trying again at once changes nothing. */
export class LoginRefused extends Error {
  override readonly name = 'LoginRefused';
}

/** @throws LoginRefused, or whatever made the connection fail. */
export async function login(options: LoginOptions): Promise<Session> {
  const wire = await Wire.dial(options.server, options.signal);
  try {
    return await negotiate(wire, options);
  } catch (error) {
    wire.destroy();
    throw error;
  }
}

async function negotiate(wire: Wire, options: LoginOptions): Promise<Session> {
  const { server, jid, management, signal } = options;
  const ca = 'host' in server ? server.ca : undefined;
  let features = await begin(wire, jid.domain, signal);
  if (ca !== undefined) {
    if (!child(features, 'starttls')) throw new Error('the server offers no TLS');
    wire.write(`<starttls xmlns="${NS.tls}"/>`);
    await expect(wire, 'proceed', signal);
    await wire.encrypt(jid.domain, ca, signal);
    features = await begin(wire, jid.domain, signal);
  }
  await authenticate(wire, features, options);
  features = await begin(wire, jid.domain, signal);
  if (!child(features, 'sm', NS.streamManagement))
    throw new Error('the server has no stream management (mod_stream_mgmt)');

  let handled: number | undefined;
  if (management.id !== undefined) {
    const { id: previd, handled: got } = management;
    const ask = element('resume', { xmlns: NS.streamManagement, previd, h: String(got) });
    wire.write(formatStanza(ask));
    const answer = await wire.next(signal);
    if (answer.name === 'resumed')
      return { wire, resumed: { handled: Number(answer.attributes.h) }, early: [] };
    if (answer.name !== 'failed') throw unexpected(answer);
    if (answer.attributes.h !== undefined) handled = Number(answer.attributes.h);
  }
  management.end(handled);
  await bind(wire, jid, signal);
  const early = await enableManagement(wire, options);
  return { wire, resumed: undefined, early };
}

/**
 * From here on both sides count. Nothing may be sent before the server has answered: ejabberd would count it, and we
 * would not.
 */
async function enableManagement(wire: Wire, options: LoginOptions): Promise<Element[]> {
  const { resumeSeconds, management, signal } = options;
  const max = String(resumeSeconds);
  const ask = element('enable', { xmlns: NS.streamManagement, resume: 'true', max });
  wire.write(formatStanza(ask));
  const early: Element[] = [];
  for (;;) {
    const answer = await wire.next(signal);
    if (answer.name === 'enabled') {
      management.begin(answer.attributes.resume === 'true' ? answer.attributes.id : undefined);
      return early;
    }
    if (!isStanza(answer)) throw unexpected(answer);
    early.push(answer);
  }
}

/** What stream management counts. */
export function isStanza({ name }: Element): boolean {
  return name === 'message' || name === 'iq' || name === 'presence';
}

async function begin(wire: Wire, domain: string, signal: AbortSignal): Promise<Element> {
  wire.open(domain);
  return expect(wire, 'stream:features', signal);
}

async function authenticate(
  wire: Wire,
  features: Element,
  { jid, password, signal }: LoginOptions,
): Promise<void> {
  const offer = child(features, 'mechanisms', NS.sasl);
  const offered = offer ? elementsOf(offer).map(text) : [];
  const mechanism = chooseMechanism(offered);
  if (!mechanism) throw new Error(`the server offers no SCRAM, only ${offered.join(', ')}`);
  const scram = startScram(mechanism, jid.local, password);
  const say = (name: string, words: string, more = {}): void =>
    wire.write(
      formatStanza(
        element(name, { xmlns: NS.sasl, ...more }, Buffer.from(words).toString('base64')),
      ),
    );
  say('auth', scram.first, { mechanism });
  say('response', await scram.answer(await challenge(wire, signal)));
  await prove(wire, scram, signal);
}

async function prove(wire: Wire, scram: Scram, signal: AbortSignal): Promise<void> {
  let answer = await saslAnswer(wire, signal);
  // The proof may come as a challenge of its own.
  if (answer.name === 'challenge' && scram.verify(decode(answer))) {
    wire.write(`<response xmlns="${NS.sasl}"/>`);
    answer = await saslAnswer(wire, signal);
    if (answer.name === 'success') return;
  }
  if (answer.name !== 'success' || !scram.verify(decode(answer)))
    throw new Error('the server could not prove that it knows the password');
}

async function challenge(wire: Wire, signal: AbortSignal): Promise<string> {
  const answer = await saslAnswer(wire, signal);
  if (answer.name !== 'challenge') throw unexpected(answer);
  return decode(answer);
}

async function saslAnswer(wire: Wire, signal: AbortSignal): Promise<Element> {
  const answer = await wire.next(signal);
  if (answer.name !== 'failure') return answer;
  const [reason] = elementsOf(answer);
  const words = child(answer, 'text');
  throw new LoginRefused((words && text(words)) ?? reason?.name ?? 'not authorized');
}

function decode(element: Element): string {
  return Buffer.from(text(element), 'base64').toString();
}

async function bind(wire: Wire, jid: Jid, signal: AbortSignal): Promise<void> {
  const ask = element(
    'iq',
    { type: 'set', id: 'bind' },
    element('bind', { xmlns: NS.bind }, element('resource', {}, jid.resource)),
  );
  wire.write(formatStanza(ask));
  const answer = await expect(wire, 'iq', signal);
  if (answer.attributes.type !== 'result') throw stanzaError(answer);
  const bound = child(answer, 'bind', NS.bind);
  const given = bound && child(bound, 'jid');
  const { resource } = parseJid(given ? text(given) : '');
  if (resource !== jid.resource)
    throw new Error(`the server calls us ${resource} instead of ${formatJid(jid)}`);
}

async function expect(wire: Wire, name: string, signal: AbortSignal): Promise<Element> {
  const answer = await wire.next(signal);
  if (answer.name !== name) throw unexpected(answer);
  return answer;
}

function unexpected(answer: Element): Error {
  const [condition] = elementsOf(answer);
  return new Error(
    answer.name === 'stream:error'
      ? `the server ended the stream: ${condition?.name ?? 'no reason'}`
      : `the server answered <${answer.name}>`,
  );
}
