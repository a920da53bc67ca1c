import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bareMetadataXml, hashOf, type MachineMark, metadataXml, parseMark } from './metadata.ts';

const text = fc
  .string({ unit: 'grapheme' })
  .filter((value) => !/[\0-\x08\x0b\x0c\x0e-\x1f]/.test(value));
const value = fc.oneof(text, fc.integer(), fc.boolean(), fc.array(text, { maxLength: 3 }));
const marks: fc.Arbitrary<MachineMark> = fc.record({
  lab: text,
  machine: text,
  image: text,
  facts: fc.dictionary(
    text.filter((key) => key !== '__proto__'),
    value,
    { maxKeys: 5, noNullPrototype: true },
  ),
  identity: fc.option(
    text.filter((identity) => identity !== ''),
    { nil: undefined },
  ),
  provisioned: fc.option(
    fc.dictionary(
      text.filter((key) => key !== '__proto__'),
      text,
      { minKeys: 1, maxKeys: 3, noNullPrototype: true },
    ),
    { nil: undefined },
  ),
  ready: fc.option(
    text.filter((ready) => ready !== ''),
    { nil: undefined },
  ),
});

describe('a mark', () => {
  test('comes back from domain XML as it went in', () => {
    fc.assert(
      fc.property(marks, (mark) => {
        expect(parseMark(`<domain><metadata>${metadataXml(mark)}</metadata></domain>`)).toEqual(
          mark,
        );
      }),
    );
  });

  test('comes back also from the way libvirt writes it, with single quotes', () => {
    const mark: MachineMark = {
      lab: 'l',
      machine: 'm',
      image: 'i',
      facts: { a: "it's <&>", b: ['x"y'] },
      identity: 'abc',
    };
    const rewritten = metadataXml(mark)
      .replaceAll(/="([^"]*)"/g, "='$1'")
      .replaceAll('&apos;', '&#39;')
      .replaceAll('&quot;', '&#x22;');
    expect(parseMark(rewritten)).toEqual(mark);
  });

  test.each([
    ['no metadata', '<domain/>'],
    ['metadata of others', '<domain><metadata><other:machine lab="a"/></metadata></domain>'],
    ['a part missing', '<skerry:machine lab="a" machine="b" image="c"/>'],
    ['facts altered by hand', '<skerry:machine lab="a" machine="b" image="c" facts="{oops"/>'],
  ])('is undefined with %s', (_, xml) => {
    expect(parseMark(xml)).toBeUndefined();
  });
});

test('the element for libvirt to put a namespace on has none itself', () => {
  const xml = bareMetadataXml({ lab: 'l', machine: 'm', image: 'i', facts: { cpus: 1 } });
  expect(xml).toMatchInlineSnapshot(
    `"<machine lab="l" machine="m" hash="fa80407b2eff97b4" image="i" template="" identity="" nesting="" provisioned="{}" ready="" facts="{&quot;cpus&quot;:1}"/>"`,
  );
});

test('equal data has an equal hash, other data another', () => {
  expect(hashOf({ a: 1, b: ['x'] })).toBe(hashOf({ a: 1, b: ['x'] }));
  expect(hashOf({ a: 1 })).not.toBe(hashOf({ a: 2 }));
  expect(hashOf({})).toMatch(/^[0-9a-f]{16}$/);
});
