import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Element } from '../../xml/element.ts';
import { element, formatStanza } from './stanza.ts';
import { XmlStream } from './xml-stream.ts';

function read(chunks: readonly (string | Uint8Array)[], limits?: { maxBytes: number }): unknown[] {
  const got: unknown[] = [];
  const stream = new XmlStream(
    {
      onOpen: ({ id }) => got.push(`open ${id}`),
      onElement: (each) => got.push(each),
      onClose: () => got.push('close'),
    },
    limits && { maxDepth: 100, ...limits },
  );
  for (const chunk of chunks) stream.write(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return got;
}

test('gives each child of the stream, and its end', () => {
  expect(
    read(["<?xml version='1.0'?><s:s id='1'>", ' ', '<a b="1">x&amp;<c/>y</a>\n<d/></s:s>']),
  ).toEqual(['open 1', element('a', { b: '1' }, 'x&', element('c'), 'y'), element('d'), 'close']);
});

test('reads what was written, however it is cut', () => {
  const letter = fc.constantFrom('<', '>', '&', '"', "'", '\n', '\t', ' ', 'é', '🐧', ']', 'x');
  const words = fc.string({ unit: letter, maxLength: 20 });
  const tree = fc.letrec<{ node: Element }>((tie) => ({
    node: fc
      .tuple(
        fc.constantFrom('a', 'b:c'),
        fc.dictionary(fc.constantFrom('x', 'y'), words),
        fc.array(fc.oneof({ maxDepth: 3 }, words, tie('node')), { maxLength: 3 }),
      )
      .map(([name, attributes, children]) => element(name, attributes, ...children)),
  })).node;
  fc.assert(
    fc.property(fc.array(tree, { maxLength: 3 }), fc.integer({ min: 1, max: 9 }), (nodes, size) => {
      const bytes = Buffer.from(`<s>${nodes.map(formatStanza).join('')}</s>`);
      const chunks = Array.from({ length: Math.ceil(bytes.length / size) }, (_, at) =>
        bytes.subarray(at * size, (at + 1) * size),
      );
      const [, ...got] = read(chunks);
      expect(got.slice(0, -1).map(joined)).toEqual(nodes.map(joined));
    }),
    { numRuns: 100 },
  );
});

test('what XML cannot hold does not end the stream', () => {
  const said = element('a', {}, 'x\u0000\ud800\ufffe\u001by');
  expect(read([`<s>${formatStanza(said)}</s>`])[1]).toEqual(
    element('a', {}, 'x\ufffd\ufffd\ufffd\ufffdy'),
  );
});

test.each([
  ['a document type', '<!DOCTYPE s [<!ENTITY x "y">]><s>'],
  ['an entity of its own', '<s><a>&x;</a>'],
  ['an instruction', '<s><?php x?>'],
  ['what is not well-formed', '<s><a></b>'],
  ['what is no XML', 'HTTP/1.1 400 Bad Request\r\n\r\n'],
  ['endless depth', `<s>${'<a>'.repeat(200)}`],
])('refuses %s', (_, text) => {
  expect(() => read([text])).toThrow();
});

test('refuses what is no UTF-8, and what is too large, whole or not', () => {
  expect(() => read(['<s><a>', Buffer.of(0xff, 0xfe, 0x80)])).toThrow();
  const piece = 'x'.repeat(1000);
  const limits = { maxBytes: 3000 };
  expect(() => read(['<s><a>', piece, piece, piece], limits)).toThrow('too large');
  expect(() => read(['<s><', piece, piece, piece], limits)).toThrow('too large');
  const small = Array.from({ length: 10 }, () => `<a>${piece}</a>`);
  expect(read(['<s>', ...small, ' '.repeat(9000)], limits)).toHaveLength(11);
});

/** Text may come in pieces. */
function joined(node: unknown): unknown {
  if (typeof node === 'string') return node;
  const { name, attributes, children } = node as Element;
  const merged: unknown[] = [];
  for (const each of children.map(joined)) {
    if (typeof each === 'string' && typeof merged.at(-1) === 'string')
      merged.push(`${merged.pop() as string}${each}`);
    else if (each !== '') merged.push(each);
  }
  return { name, attributes, children: merged };
}
