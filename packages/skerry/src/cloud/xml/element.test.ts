import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { all, attribute, type Element, first, formatXml, parseXml, textOf } from './element.ts';

test('elements, attributes and text are found by path', () => {
  const root = parseXml(`<a><b c="1"/><b c="2"><d> x </d></b><!-- no --><e><![CDATA[<&]]></e></a>`);
  expect(all(root, 'b').map(({ attributes }) => attributes['c'])).toEqual(['1', '2']);
  expect(attribute(root, 'b', 'c')).toBe('1');
  expect(textOf(root, 'b/d')).toBe('x');
  expect(textOf(root, 'e')).toBe('<&');
  expect(first(root, 'b/none')).toBeUndefined();
});

test.each([
  ['<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', 'a DOCTYPE is not allowed'],
  ['<a>&x;</a>', 'line 1, column'],
  ['<a><b></a>', 'line 1, column'],
  ['', 'line 1, column'],
  [`${'<a>'.repeat(102)}${'</a>'.repeat(102)}`, 'nested too deeply'],
])('%s is refused', (text, message) => {
  expect(() => parseXml(text)).toThrow(message);
});

test('what is written is read as the same', () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9]{0,5}$/);
  // eslint-disable-next-line no-control-regex
  const value = fc.string().map((text) => text.replace(/[\0-\x1f\uFFFE\uFFFF]/g, ''));
  const { element } = fc.letrec<{ element: Element }>((tie) => ({
    element: fc.record({
      name,
      attributes: fc.dictionary(name, value, { maxKeys: 3, noNullPrototype: true }),
      children: fc.array(
        fc.oneof(
          { maxDepth: 3 },
          value.filter((text) => text !== ''),
          tie('element'),
        ),
        { maxLength: 3 },
      ),
    }) as fc.Arbitrary<Element>,
  }));
  fc.assert(
    fc.property(element, (tree) => {
      expect(formatXml(parseXml(formatXml(tree)))).toBe(formatXml(tree));
    }),
  );
});
