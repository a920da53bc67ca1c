// What the bus says in XMPP. Requests and answers are `iq`, in the spirit of Archipel; publications are messages of type
// headline, which no server keeps for who is not there. The JSON is text, in parts where it is long.
import { type Element, elementsOf } from '../../xml/element.ts';
import { cutText } from './parts.ts';
import { child, element, text } from './stanza.ts';

export const BUS = 'urn:skerry:bus:1';

type Kind = 'publication' | 'request' | 'reply';

/** A part of a body; most bodies have only one. */
export interface Part {
  readonly kind: Kind;
  readonly id: string;
  readonly n: number;
  readonly of: number;
  readonly text: string;
}

/** What is said of oneself with a presence. */
export interface Said {
  /** A new one each time the program starts. */
  readonly life: string;
  /** A new one each time that something may have been lost. */
  readonly session: string;
  /** Whether it wants what others publish. */
  readonly follows: boolean;
}

export function presenceStanza({ life, session, follows }: Said): Element {
  const said = { xmlns: BUS, life, session, follows: follows ? '1' : undefined };
  return element('presence', {}, element('bus', said));
}

export function readPresence(stanza: Element): Said | undefined {
  const bus = child(stanza, 'bus', BUS);
  const { life, session, follows } = bus?.attributes ?? {};
  if (!life || !session) return undefined;
  return { life, session, follows: follows === '1' };
}

/** A publication: all of its parts are messages. */
export function publicationStanzas(id: string, json: string): ((to: string) => Element)[] {
  return partsOf('publication', id, json).map((part) => (to) => headline(to, part));
}

/** A request: its last part is an iq, and the others are messages before it. */
export function requestStanzas(to: string, id: string, json: string): Element[] {
  return lastAsIq(partsOf('request', id, json), { type: 'set', to, id });
}

export function replyStanzas(to: string, id: string, json: string): Element[] {
  return lastAsIq(partsOf('reply', id, json), { type: 'result', to, id });
}

/** Nobody waits for the answer to that request any more. */
export function cancelStanza(to: string, id: string): Element {
  return headline(to, element('cancel', { xmlns: BUS, id }));
}

export function readCancel(stanza: Element): string | undefined {
  return child(stanza, 'cancel', BUS)?.attributes.id;
}

/** The part that a message or an iq has; undefined when it has none of ours. */
export function readPart(stanza: Element): Part | undefined {
  const found = elementsOf(stanza).find(
    ({ name, attributes }) =>
      attributes.xmlns === BUS &&
      (name === 'publication' || name === 'request' || name === 'reply'),
  );
  if (!found) return undefined;
  const { id = stanza.attributes.id ?? '', n = '0', of = '1' } = found.attributes;
  return { kind: found.name as Kind, id, n: Number(n), of: Number(of), text: text(found) };
}

function partsOf(kind: Kind, id: string, json: string): Element[] {
  const parts = cutText(json.replaceAll(/[<>&\ufffe\uffff]/g, escapeLetter));
  if (parts.length === 1) return [element(kind, { xmlns: BUS }, ...parts)];
  const of = String(parts.length);
  return parts.map((part, n) => element(kind, { xmlns: BUS, id, n: String(n), of }, part));
}

/**
 * In JSON these letters are only in texts, where they may be escaped. XML cannot hold two of them at all, and would have
 * the others as entities, which takes all who read it five times as long.
 */
function escapeLetter(letter: string): string {
  return `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`;
}

function lastAsIq(parts: Element[], iq: Record<string, string>): Element[] {
  return parts.map((part, at) =>
    at === parts.length - 1 ? element('iq', iq, part) : headline(iq.to ?? '', part),
  );
}

function headline(to: string, payload: Element): Element {
  return element('message', { type: 'headline', to }, payload);
}
