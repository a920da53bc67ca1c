// Stanzas as small trees, and as text.
import { type Element, elementsOf } from '../../xml/element.ts';

export const NS = {
  bind: 'urn:ietf:params:xml:ns:xmpp-bind',
  client: 'jabber:client',
  ping: 'urn:xmpp:ping',
  roster: 'jabber:iq:roster',
  sasl: 'urn:ietf:params:xml:ns:xmpp-sasl',
  stanzas: 'urn:ietf:params:xml:ns:xmpp-stanzas',
  stream: 'http://etherx.jabber.org/streams',
  streams: 'urn:ietf:params:xml:ns:xmpp-streams',
  streamManagement: 'urn:xmpp:sm:3',
  tls: 'urn:ietf:params:xml:ns:xmpp-tls',
} as const;

/** Attributes that are undefined are left out. */
export function element(
  name: string,
  attributes: Record<string, string | undefined> = {},
  ...children: (Element | string)[]
): Element {
  const given = Object.entries(attributes).filter((entry): entry is [string, string] => {
    return entry[1] !== undefined;
  });
  return { name, attributes: Object.fromEntries(given), children };
}

/** The first child with that name, and with that namespace of its own where one is given. */
export function child(parent: Element, name: string, xmlns?: string): Element | undefined {
  return elementsOf(parent).find(
    (each) => each.name === name && (xmlns === undefined || each.attributes.xmlns === xmlns),
  );
}

/** All text directly in an element, as it is. */
export function text({ children }: Element): string {
  return children.filter((each) => typeof each === 'string').join('');
}

/**
 * Writes a stanza. In text only what must be is escaped: JSON is full of quotation marks. What XML 1.0 cannot hold at
 * all becomes U+FFFD: people can type anything, and one such letter would end the stream.
 */
export function formatStanza({ name, attributes, children }: Element): string {
  let head = `<${name}`;
  for (const [key, value] of Object.entries(attributes))
    head += ` ${key}="${escapeAttribute(value)}"`;
  if (children.length === 0) return `${head}/>`;
  const inner = children.map((each) =>
    typeof each === 'string' ? escapeText(each) : formatStanza(each),
  );
  return `${head}>${inner.join('')}</${name}>`;
}

/** Blanks of other kinds would be read as spaces. */
function escapeAttribute(value: string): string {
  return escapeText(value)
    .replaceAll('"', '&quot;')
    .replaceAll(/[\t\n]/g, (letter) => `&#${letter.charCodeAt(0)};`);
}

function escapeText(value: string): string {
  if (!/[&<>\r\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff\ud800-\udfff]/.test(value)) return value;
  return value
    .toWellFormed()
    .replaceAll(/[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/g, '\ufffd')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('\r', '&#13;');
}

/** Why a request has no answer, in the words of RFC 6120 section 8.3.3. */
export class StanzaError extends Error {
  override readonly name = 'StanzaError';
  readonly condition: string;
  /** The stanza with the error. */
  readonly stanza: Element | undefined;
  constructor(condition: string, message: string, stanza?: Element) {
    super(message || condition);
    this.condition = condition;
    this.stanza = stanza;
  }
}

/** Reads the error of a stanza of type `error`. */
export function stanzaError(stanza: Element): StanzaError {
  const error = child(stanza, 'error');
  const condition = error && elementsOf(error).find(({ name }) => name !== 'text');
  const words = error && child(error, 'text');
  return new StanzaError(
    condition?.name ?? 'undefined-condition',
    words ? text(words) : '',
    stanza,
  );
}

/** The answer to a request that was not done. */
export function errorReply(
  request: Element,
  condition: string,
  message = '',
  ...more: Element[]
): Element {
  const words = message ? [element('text', { xmlns: NS.stanzas, 'xml:lang': 'en' }, message)] : [];
  return element(
    request.name,
    { type: 'error', to: request.attributes.from, id: request.attributes.id },
    element(
      'error',
      { type: 'cancel' },
      element(condition, { xmlns: NS.stanzas }),
      ...words,
      ...more,
    ),
  );
}
