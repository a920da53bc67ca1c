import { expect, test } from 'vitest';
import { findCoupling } from './coupling.ts';

type Night = readonly string[];

function history(nights: readonly Night[]): Parameters<typeof findCoupling>[0] {
  return nights.map((paths, at) => ({
    id: `n${at}`,
    moves: paths.map((path) => ({ path, from: 'x', to: 'y' })),
  }));
}

const repeat = (count: number, night: Night): Night[] => Array.from({ length: count }, () => night);

test('finds the pair that moves together and with nothing else', () => {
  const nights = [...repeat(4, ['b', 'a']), ['a'], ...repeat(15, ['c'])];
  const { pairs, commits } = findCoupling(history(nights));
  expect(commits).toBe(20);
  expect(pairs).toEqual([
    {
      paths: ['a', 'b'],
      together: 4,
      each: [5, 4],
      share: 0.8,
      lift: 4,
      examples: ['n0', 'n1', 'n2'],
    },
  ]);
});

test('two that both move every night say nothing', () => {
  expect(findCoupling(history(repeat(30, ['a', 'b']))).pairs).toEqual([]);
});

test('leaves out days that move all, commits that move none, and what was added', () => {
  const many = Array.from({ length: 101 }, (_, at) => `c${at}`);
  const added = { id: 'x', moves: [{ path: 'a', from: undefined, to: 'y' }] };
  const found = findCoupling([...history([many, [], ['a']]), added]);
  expect(found).toEqual({ commits: 1, ignored: 1, pairs: [] });
});
