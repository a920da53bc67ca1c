// Archipel's requests to an entity, as its own clients and scripts send them: an iq whose query names a module and holds
// `<archipel action="..."/>`. They become verbs of the table, and their results children of the query. Pure.
import type { z } from 'zod';
import type { VerbErrorData, VerbReply } from '../bus/messages.ts';
import { child, element, errorReply } from '../bus/xmpp/stanza.ts';
import type { EntityKind, Verb } from '../verbs/verb.ts';
import type { VerbTable } from '../verbs/table.ts';
import { type Element, elementsOf, formatXml, parseXml } from '../xml/element.ts';

/** What somebody asked for. */
export interface AcpRequest {
  /** `archipel:vm:control`. */
  readonly module: string;
  readonly action: string;
  /** Attributes and children of the action's element; XML among them is in `xml`, as text. */
  readonly params: Readonly<Record<string, string>>;
}

/** Archipel's modules, and how the verbs of each begin here. */
const MODULES: Readonly<Record<string, string>> = {
  'archipel:vm:control': '',
  'archipel:vm:definition': '',
  'archipel:vm:vmparking': '',
  'archipel:vm:disk': 'drives_',
  'archipel:virtualmachine:snapshoting': 'snapshot_',
  'archipel:tags': '',
  'archipel:permissions': 'permission_',
  'archipel:roster': '',
  'archipel:entity:scheduler': '',
  'archipel:hypervisor:control': '',
  'archipel:hypervisor:network': 'network_',
};

/** Undefined when a stanza is something else. */
export function parseAcp(stanza: Element): AcpRequest | undefined {
  const { type } = stanza.attributes;
  const query = child(stanza, 'query');
  const module = query?.attributes.xmlns ?? '';
  const asked = query && child(query, 'archipel');
  if ((type !== 'set' && type !== 'get') || !module.startsWith('archipel:') || !asked)
    return undefined;
  const { action, xmlns: _, ...attributes } = asked.attributes;
  if (!action) return undefined;
  const inner = elementsOf(asked).map((each): [string, string] =>
    elementsOf(each).length > 0
      ? ['xml', formatXml(each)]
      : [each.name, each.children.filter((one) => typeof one === 'string').join('')],
  );
  return { module, action, params: { ...attributes, ...Object.fromEntries(inner) } };
}

/** The verb that is meant, if an entity of that kind has it, and not only programs. */
export function acpVerb(
  table: VerbTable,
  kind: EntityKind,
  { module, action }: AcpRequest,
): Verb | undefined {
  const prefix = MODULES[module];
  const verb = prefix === undefined ? undefined : table.get(kind, prefix + action);
  return verb?.programs ? undefined : verb;
}

/** Where a machine is to go, in Archipel's words: the JID of a hypervisor. */
const JID = 'hypervisorjid';

/** In XML all is text: numbers, yes and no, and lists with blanks or Archipel's `;;` between them. */
export function acpParams(verb: Verb, params: AcpRequest['params']): Record<string, unknown> {
  const shape = verb.params.shape as Record<string, z.ZodType | undefined>;
  const entries = Object.entries(params).map(([given, value]): [string, unknown] => {
    const [name, text] = given === JID ? ['target', value.replace(/@.*/, '')] : [given, value];
    const meant = [
      text,
      Number(text),
      /^(1|true|yes)$/i.test(text),
      text.split(/[\s;]+/).filter(Boolean),
    ];
    const fits = meant.find((value) => shape[name]?.safeParse(value).success);
    return [name, fits ?? text];
  });
  return Object.fromEntries(entries);
}

/** The answer to it. */
export function acpReply(
  stanza: Element,
  { module, action }: AcpRequest,
  reply: VerbReply,
): Element {
  if (!reply.ok) return acpError(stanza, reply.error);
  const { from, id } = stanza.attributes;
  const values = Object.entries((reply.result ?? {}) as Record<string, unknown>);
  const children = values.flatMap(([name, value]) => resultOf(name, value));
  const plain = values.flatMap(([name, value]): [string, string][] =>
    isPlain(value) && !isXml(value) ? [[name, String(value)]] : [],
  );
  const own = plain.length > 0 ? [element(action, Object.fromEntries(plain))] : [];
  const query = element('query', { xmlns: module }, ...own, ...children);
  return element('iq', { type: 'result', to: from, id }, query);
}

const CONDITIONS: Partial<Record<VerbErrorData['code'], string>> = {
  denied: 'forbidden',
  'not-found': 'item-not-found',
  invalid: 'bad-request',
  conflict: 'conflict',
  timeout: 'remote-server-timeout',
};

/** With Archipel's namespaces of errors, and libvirt's own number where it was libvirt that refused. */
export function acpError(stanza: Element, error: VerbErrorData): Element {
  const { code, message, libvirt } = error;
  const [namespace, number] =
    code === 'denied'
      ? ['archipel:error:permission', -1]
      : libvirt === undefined
        ? ['archipel:error:generic', -1]
        : ['libvirt:error:generic', libvirt];
  const condition = CONDITIONS[code] ?? 'internal-server-error';
  const reply = errorReply(stanza, condition, message, element('error', { xmlns: namespace }));
  const inner = child(reply, 'error');
  if (inner) Object.assign(inner.attributes, { code: String(number) });
  return reply;
}

/** Lists and XML are children of their own. */
function resultOf(name: string, value: unknown): Element[] {
  if (isXml(value)) return [parseXml(value)];
  if (!Array.isArray(value)) return [];
  return value.map((row) => {
    if (isPlain(row)) return element('item', { [name]: String(row) });
    const fields = Object.entries(row as Record<string, unknown>).flatMap(
      ([field, each]): [string, string][] => {
        if (isPlain(each)) return [[field, String(each)]];
        // As a list is given: with blanks between.
        return Array.isArray(each) && each.every(isPlain) ? [[field, each.join(' ')]] : [];
      },
    );
    return element('item', Object.fromEntries(fields));
  });
}

function isPlain(value: unknown): value is string | number | boolean {
  return ['string', 'number', 'boolean'].includes(typeof value);
}

function isXml(value: unknown): value is string {
  return typeof value === 'string' && /^\s*<[a-z]/.test(value);
}
