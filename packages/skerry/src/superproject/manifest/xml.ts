import { manifestError } from './project.ts';

/** An element with its attributes and the line it begins on. */
export interface XmlElement {
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  readonly line: number;
}

interface Open extends XmlElement {
  readonly children: Open[];
}

/** No manifest nests deeper; whoever does wants the stack to overflow. */
const MOST_NESTED = 50;

const NAME = '[\\p{L}_:][\\p{L}\\p{N}_:.\\-]*';
/** What may come next, each at the place where the one before ended; text between elements means nothing to a manifest. */
const TOKEN = new RegExp(
  [
    '<!--(?<comment>[^]*?)-->',
    '<\\?[^]*?\\?>',
    '<!\\[CDATA\\[[^]*?\\]\\]>',
    `</(?<close>${NAME})\\s*>`,
    `<(?<open>${NAME})(?<attributes>(?:\\s+${NAME}\\s*=\\s*(?:"[^"<]*"|'[^'<]*'))*)\\s*(?<empty>/?)>`,
    '(?<text>[^<]+)',
  ].join('|'),
  'uy',
);
const ATTRIBUTE = new RegExp(`(${NAME})\\s*=\\s*(?:"([^"]*)"|'([^']*)')`, 'gu');
const ENTITIES = new Map(Object.entries({ amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" }));

/**
 * Reads the XML that manifests are made of: elements and attributes. A document type is refused: only it can declare
 * entities, which read files of this computer (XXE) or grow without end, and no manifest needs one. A library would bring
 * seven packages for this.
 *
 * @throws SP_MANIFEST_INVALID
 */
export function parseXml(text: string, file: string): XmlElement {
  const root: Open = { name: '', attributes: {}, children: [], line: 1 };
  const stack: Open[] = [root];
  let line = 1;
  const fail = (reason: string): never => {
    throw manifestError(file, line, reason);
  };
  for (let at = 0; at < text.length;) {
    TOKEN.lastIndex = at;
    const token = TOKEN.exec(text);
    if (!token) return fail(faultAt(text, at));
    const { comment, close, open, attributes = '', empty, text: words } = token.groups ?? {};
    const above = stack.at(-1) ?? root;
    if (comment?.includes('--')) fail("it is not well-formed XML: '--' in a comment");
    if (words !== undefined && words.trim() !== '' && above === root)
      fail('it is not well-formed XML: there is text outside of its root element');
    if (close !== undefined && (close !== above.name || stack.length === 1))
      fail(`it is not well-formed XML: </${close}> closes nothing`);
    if (close !== undefined) stack.pop();
    if (open !== undefined) {
      const element = {
        name: open,
        attributes: attributesOf(attributes, fail),
        children: [],
        line,
      };
      above.children.push(element);
      if (empty === '') stack.push(element);
      if (stack.length > MOST_NESTED) fail('its elements are nested too deeply');
    }
    line += token[0].split('\n').length - 1;
    at = TOKEN.lastIndex;
  }
  if (stack.length > 1) fail(`it is not well-formed XML: <${stack.at(-1)?.name}> has no end`);
  const [element] = root.children;
  if (!element || root.children.length > 1) return fail('it has not one root element');
  return element;
}

function faultAt(text: string, at: number): string {
  return text.startsWith('<!', at) && !text.startsWith('<!--', at)
    ? 'it declares a document type, which could read files or fill memory'
    : `it is not well-formed XML: ${JSON.stringify(text.slice(at, at + 20))}`;
}

function attributesOf(
  text: string,
  fail: (reason: string) => never,
): Readonly<Record<string, string>> {
  const found = new Map<string, string>();
  for (const [, name = '', double, single] of text.matchAll(ATTRIBUTE)) {
    if (found.has(name)) fail(`it is not well-formed XML: ${name} is written twice`);
    const value = (double ?? single ?? '').replace(/[\t\r\n]/g, ' ');
    found.set(
      name,
      value.replace(
        /&([^;]*;?)/g,
        (_, entity: string) => characterOf(entity) ?? fail(`&${entity} is no entity of XML itself`),
      ),
    );
  }
  return Object.fromEntries(found);
}

/** What `amp;` or `#x41;` stand for. */
function characterOf(entity: string): string | undefined {
  const [, decimal, hex] = /^#(?:(\d{1,7})|x([\da-f]{1,6}));$/i.exec(entity) ?? [];
  if (decimal === undefined && hex === undefined)
    return entity.endsWith(';') ? ENTITIES.get(entity.slice(0, -1)) : undefined;
  const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
  return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}

/** @example escapeXml('a"<b') // 'a&quot;&lt;b' */
export function escapeXml(text: string): string {
  const entities: Record<string, string> = {
    '&': '&amp;',
    '<': '&lt;',
    '>': '&gt;',
    '"': '&quot;',
  };
  return text.replace(/[&<>"]/g, (sign) => entities[sign] ?? sign);
}
