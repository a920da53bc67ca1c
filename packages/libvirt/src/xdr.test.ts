import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { XdrReader, XdrWriter } from './xdr.ts';

function written(write: (writer: XdrWriter) => void): Buffer {
  const writer = new XdrWriter();
  write(writer);
  return Buffer.from(writer.bytes);
}

describe('XdrWriter', () => {
  test('pads strings to four bytes with zeros', () => {
    expect(written((w) => w.string('abcde')).toString('hex')).toBe('000000056162636465000000');
  });

  test('writes over what was there before', () => {
    const writer = new XdrWriter();
    writer.fixedOpaque(new Uint8Array(64).fill(0xff));
    writer.clear();
    writer.string('abcde');
    writer.string('é');
    writer.uuid('c7a5fdbd-edaf-9455-926A-d65c16db1809');
    expect(writer.bytes.toString('hex')).toBe(
      '00000005616263646500000000000002c3a90000c7a5fdbdedaf9455926ad65c16db1809',
    );
  });

  test.each(['', 'c7a5', `${'a'.repeat(31)}g`, 'a'.repeat(33), `${'a'.repeat(30)}é`])(
    'refuses the uuid "%s"',
    (text) => expect(() => written((w) => w.uuid(text))).toThrow('is not a uuid'),
  );

  test('counts a string in bytes, not characters', () => {
    expect(written((w) => w.string('é')).readUInt32BE(0)).toBe(2);
  });

  test('keeps 64-bit values exact (rule 6)', () => {
    const bytes = written((w) => {
      w.uhyper(2n ** 64n - 1n);
      w.hyper(-(2n ** 63n));
    });
    const reader = new XdrReader(bytes);
    expect([reader.uhyper(), reader.hyper()]).toEqual([2n ** 64n - 1n, -(2n ** 63n)]);
  });

  test.each([
    ['a NUL, where the daemon would cut it', 'test\0x', /NUL/],
    ['a lone surrogate', 'a\ud800', /surrogate/],
    ['more than 4 MiB', 'x'.repeat(4 * 1024 * 1024 + 1), /limit/],
  ])('refuses a string with %s (rule 8)', (_, text, message) => {
    expect(() => written((w) => w.string(text))).toThrow(message);
  });

  test('refuses numbers that do not fit', () => {
    expect(() => written((w) => w.uint(-1))).toThrow(RangeError);
    expect(() => written((w) => w.int(2 ** 31))).toThrow(RangeError);
  });
});

describe('XdrReader', () => {
  test('reads back what was written', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: 'grapheme' }).filter((s) => !s.includes('\0') && s.isWellFormed()),
        fc.uint8Array(),
        fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
        (text, bytes, number) => {
          const reader = new XdrReader(
            written((w) => {
              w.string(text);
              w.opaque(bytes);
              w.int(number);
            }),
          );
          expect(reader.string()).toBe(text);
          expect([...reader.opaque()]).toEqual([...bytes]);
          expect(reader.int()).toBe(number);
          expect(reader.remaining).toBe(0);
        },
      ),
    );
  });

  test('never reads past the end, whatever the bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        const reader = new XdrReader(Buffer.from(bytes));
        try {
          reader.string();
          reader.count(4);
          reader.opaque();
        } catch (error) {
          expect(error).toMatchObject({ code: 'PROTOCOL' });
        }
        expect(reader.remaining).toBeGreaterThanOrEqual(0);
      }),
    );
  });

  test('believes no count that the packet cannot hold (rule 9)', () => {
    const bytes = written((w) => w.uint(1_000_000));
    expect(() => new XdrReader(bytes).count(4)).toThrow(/does not fit/);
  });

  test.each([2 ** 31, 2 ** 32 - 1])('believes no claim of %d bytes', (size) => {
    const bytes = written((w) => w.uint(size));
    expect(() => new XdrReader(bytes).opaque()).toThrow(/too early/);
  });

  test('reads strings that are not UTF-8 (rule 8)', () => {
    const bytes = Buffer.from('00000002ff410000', 'hex');
    expect(new XdrReader(bytes).string()).toBe('\ufffdA');
  });

  test('copies bytes that are kept (rule 9)', () => {
    const packet = written((w) => w.opaque(Buffer.from('key')));
    const kept = new XdrReader(packet).opaque();
    packet.fill(0);
    expect(kept.toString()).toBe('key');
  });
});
