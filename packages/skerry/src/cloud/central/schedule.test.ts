import { expect, test } from 'vitest';
import { nextOf } from './schedule.ts';

const NOON = Date.parse('2026-11-28T12:00:00Z');

test.each([
  ['2026-11-28T13:00:00Z', '2026-11-28T13:00:00.000Z'],
  ['*/10 * * * *', '2026-11-28T12:10:00.000Z'],
])('%s is next at %s', (at, next) => {
  expect(new Date(nextOf(at, NOON) ?? 0).toISOString()).toBe(next);
});

test('what is past never comes', () => {
  expect(nextOf('2026-11-28T11:59:59Z', NOON)).toBeNull();
});

test.each(['soon', '61 * * * *', '* * * * * *', '2026-99-01T00:00:00Z'])('%s is refused', (at) => {
  expect(() => nextOf(at, NOON)).toThrow(`'${at}'`);
});
