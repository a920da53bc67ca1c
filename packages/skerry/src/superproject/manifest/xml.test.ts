import * as fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import { escapeXml, parseXml, type XmlElement } from './xml.ts';

type Plain = [string, Readonly<Record<string, string>>, Plain[]];

function plain({ name, attributes, children }: XmlElement): Plain {
  return [name, attributes, children.map(plain)];
}

/** The same by another parser. */
function byLibrary(text: string): Plain[] {
  const parser = new XMLParser({
    ...{ preserveOrder: true, ignoreAttributes: false, attributeNamePrefix: '' },
    ...{ parseAttributeValue: false, trimValues: false, processEntities: true },
  });
  const walk = (nodes: Record<string, unknown>[]): Plain[] =>
    nodes.flatMap((node) => {
      const name = Object.keys(node).find((key) => key !== ':@') ?? '';
      if (/^[?#]/.test(name)) return [];
      const attributes = (node[':@'] ?? {}) as Record<string, string>;
      return [[name, attributes, walk(node[name] as Record<string, unknown>[])] satisfies Plain];
    });
  return walk(parser.parse(text) as Record<string, unknown>[]);
}

const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,6}$/);
const value = fc.string({ unit: fc.constantFrom(...Array.from('ab1 &<>"\'=/.;#é')) });
const { element } = fc.letrec<{ element: Plain }>((tie) => ({
  element: fc.tuple(
    name,
    fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true }),
    fc.oneof({ maxDepth: 3 }, fc.constant([]), fc.array(tie('element'), { maxLength: 3 })),
  ) as fc.Arbitrary<Plain>,
}));

function write([tag, attributes, children]: Plain): string {
  const words = Object.entries(attributes).map(([key, text]) => ` ${key}="${escapeXml(text)}"`);
  const start = `<${tag}${words.join('\n')}`;
  if (children.length === 0) return `${start}/>`;
  return `${start} >\n<!-- a < b > -->${children.map(write).join('text')}<![CDATA[<x>]]></${tag} >`;
}

test('reads what it means, as another parser does', () => {
  fc.assert(
    fc.property(element, (tree) => {
      const text = `<?xml version="1.0"?>\n${write(tree)}\n`;
      expect(plain(parseXml(text, 'x'))).toEqual(tree);
      expect(byLibrary(text)).toEqual([tree]);
    }),
  );
});

test('lines are those of the elements', () => {
  const { children } = parseXml('<a>\n<!--\n\n-->\n<b\n c="1"/><d/>\n</a>', 'x');
  expect(children.map(({ name: tag, line }) => [tag, line])).toEqual([
    ['b', 5],
    ['d', 6],
  ]);
});

test('entities of XML itself, and no others', () => {
  expect(parseXml(`<a b='&lt;&#65;&#x42;&apos;"'/>`, 'x').attributes).toEqual({ b: '<AB\'"' });
  for (const bad of ['&x;', '&lt', '&', '&#0;', '&#x110000;', '&constructor;', '&__proto__;'])
    expect(() => parseXml(`<a b="${bad}"/>`, 'x'), bad).toThrow('is no entity');
});

test.each([
  '<a>',
  '<a></b>',
  '</a>',
  '<a/></a>',
  '<a b=1/>',
  '<a b="1" b="2"/>',
  '<a b="<"/>',
  '<a b="1"c="2"/>',
  '<a/>x',
  'x<a/>',
  '<a/><b/>',
  '<!-- only -->',
  '<a><!-- x -- y --></a>',
  '<a',
  '<1/>',
  '< a/>',
  '<a>\0<</a>',
])('%j is refused', (text) => {
  expect(() => parseXml(text, 'x')).toThrow();
});

test('time grows with the length, and no faster', () => {
  for (const text of [
    '<a ' + 'b="1" '.repeat(50_000),
    '<!--' + '-'.repeat(300_000),
    '<'.repeat(300_000),
  ]) {
    const start = performance.now();
    expect(() => parseXml(text, 'x')).toThrow();
    expect(performance.now() - start).toBeLessThan(3000);
  }
});
