import { afterEach, beforeEach, expect, test } from 'vitest';
import { withZone } from './with-zone.ts';

const before = process.env['TZ'];
afterEach(() => {
  if (before === undefined) delete process.env['TZ'];
  else process.env['TZ'] = before;
});
beforeEach(() => {
  process.env['TZ'] = 'Europe/Berlin';
});

test.each([
  ['2027-01-31T03:00', '2027-01-31T03:00+01:00'],
  [' 2027-07-31T03:00:30 ', '2027-07-31T03:00:30+02:00'],
  ['2027-01-31T03:00Z', '2027-01-31T03:00Z'],
  ['2027-01-31T03:00-05:00', '2027-01-31T03:00-05:00'],
  ['0 3 * * *', '0 3 * * *'],
  ['2027-99-31T03:00', '2027-99-31T03:00'],
  ['soon', 'soon'],
])('%s is %s for who is in Berlin', (at, meant) => {
  expect(withZone(at)).toBe(meant);
});

test('west of Greenwich the offset is below zero, also by half an hour', () => {
  process.env['TZ'] = 'America/St_Johns';
  expect(withZone('2027-01-31T03:00')).toBe('2027-01-31T03:00-03:30');
});
