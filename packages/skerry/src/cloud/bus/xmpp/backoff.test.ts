import { expect, test } from 'vitest';
import { backoffMs } from './backoff.ts';

test('doubles up to the most, and a random half of it may be taken off', () => {
  const backoff = { firstMs: 100, maxMs: 1000 };
  const waits = (random: number): number[] =>
    [0, 1, 2, 3, 4, 100].map((failures) => backoffMs(failures, backoff, () => random));
  expect(waits(1)).toEqual([100, 200, 400, 800, 1000, 1000]);
  expect(waits(0)).toEqual([50, 100, 200, 400, 500, 500]);
});
