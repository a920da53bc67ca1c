import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { searchSteps } from './search.ts';
import { type Verdict, verdictOf } from './verdict.ts';

test.each([
  [0, 'good'],
  [1, 'bad'],
  [124, 'bad'],
  [125, 'skip'],
  [126, 'bad'],
  [127, 'bad'],
  [128, undefined],
  [255, undefined],
])('exit code %i says %s, as for git bisect run', (code, verdict) => {
  expect(verdictOf(code)).toBe(verdict);
});

test('finds the first bad step with a logarithm of tests, whatever cannot be tested', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.integer({ min: 1, max: 60 }),
      fc.nat(),
      fc.array(fc.boolean(), { maxLength: 60 }),
      async (count, at, untestable) => {
        const first = 1 + (at % count);
        const tested: number[] = [];
        const found = await searchSteps(count, async (step): Promise<Verdict> => {
          tested.push(step);
          if (untestable[step]) return 'skip';
          return step < first ? 'good' : 'bad';
        });
        expect(found.good).toBeLessThan(first);
        expect(found.bad).toBeGreaterThanOrEqual(first);
        for (let step = found.good + 1; step < found.bad; step++)
          expect(untestable[step]).toBe(true);
        expect(new Set(tested).size).toBe(tested.length);
        if (!untestable.some(Boolean))
          expect(tested.length).toBeLessThanOrEqual(Math.ceil(Math.log2(count)));
      },
    ),
  );
});
