import { expect, test } from 'vitest';
import { parseMoment } from './moment.ts';

const NOW = new Date(2026, 10, 25, 14, 30, 15).getTime();
const at = (...parts: [number, number, number, number, number, number]): number =>
  new Date(...parts).getTime();

test.each([
  ['now', NOW],
  ['90s', NOW - 90_000],
  ['10m', NOW - 600_000],
  ['5 min ago', NOW - 300_000],
  ['1.5h', NOW - 5_400_000],
  ['2d', NOW - 172_800_000],
  ['14:05', at(2026, 10, 25, 14, 5, 0)],
  ['9:05:07', at(2026, 10, 25, 9, 5, 7)],
  ['2026-11-24', at(2026, 10, 24, 0, 0, 0)],
  ['2026-11-24 08:01', at(2026, 10, 24, 8, 1, 0)],
  ['2026-11-24T08:01:02.500Z', Date.UTC(2026, 10, 24, 8, 1, 2, 500)],
])('%s', (text, expected) => {
  expect(parseMoment(text, NOW)).toBe(expected);
});

test.each(['', 'soon', '25:00', '12:61', '10 weeks', '2026-13-40', '-5m'])(
  '%j is no moment',
  (text) => {
    expect(parseMoment(text, NOW)).toBeUndefined();
  },
);
