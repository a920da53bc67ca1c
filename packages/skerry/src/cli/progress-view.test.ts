import { stripVTControlCharacters } from 'node:util';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { clip } from './progress-view.ts';

test.each([
  ['short', 10, 'short'],
  ['0123456789', 5, '0123'],
  ['\x1b[31m0123456789\x1b[0m', 5, '\x1b[31m0123\x1b[0m'],
  ['✓ é 🐧 x', 6, '✓ é 🐧'],
  ['anything', 1, ''],
])('%j cut to %d columns is %j', (text, width, cut) => {
  expect(clip(text, width)).toBe(cut);
});

test('it never leaves more than fits, and never a colour cut in two', () => {
  const part = fc.oneof(fc.constant('\x1b[1;31m'), fc.constant('\x1b[0m'), fc.string());
  fc.assert(
    fc.property(fc.array(part), fc.integer({ min: 1, max: 80 }), (parts, width) => {
      const cut = clip(parts.join(''), width);
      expect(Array.from(stripVTControlCharacters(cut)).length).toBeLessThan(width);
    }),
  );
});
