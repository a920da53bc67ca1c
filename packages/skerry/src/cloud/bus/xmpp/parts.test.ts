import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { cutText, Joiner } from './parts.ts';

test('what is cut and put together is the same, and no letter is torn', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(text, fc.integer({ min: 2, max: 7 }), (whole, length) => {
      const parts = cutText(whole, length);
      const joiner = new Joiner();
      const joined = parts.map((part, n) => joiner.add('id', n, parts.length, part));
      expect(joined.at(-1)).toBe(whole);
      expect(joined.slice(0, -1).every((each) => each === undefined)).toBe(true);
      for (const part of parts) {
        expect(part.length).toBeLessThanOrEqual(length);
        expect(part.isWellFormed()).toBe(true);
      }
    }),
  );
});

test('parts that come twice, or begin anew, do no harm', () => {
  const joiner = new Joiner();
  expect(joiner.add('a', 0, 3, 'x')).toBeUndefined();
  expect(joiner.add('b', 0, 2, 'other')).toBeUndefined();
  expect(joiner.add('a', 1, 3, 'y')).toBeUndefined();
  expect(joiner.add('a', 1, 3, 'y')).toBeUndefined();
  expect(joiner.add('a', 2, 3, 'z')).toBe('xyz');
  expect(joiner.add('a', 2, 3, 'z')).toBeUndefined();
  expect(joiner.add('b', 0, 2, 'new')).toBeUndefined();
  expect(joiner.add('b', 1, 2, '!')).toBe('new!');
});

test.each([
  [-1, 2],
  [2, 2],
  [0.5, 2],
  [Number.NaN, 2],
  [0, Number.NaN],
  [0, 1e9],
  [0, 0],
])('part %d of %d is none', (n, of) => {
  expect(new Joiner().add('a', n, of, 'x')).toBeUndefined();
});
