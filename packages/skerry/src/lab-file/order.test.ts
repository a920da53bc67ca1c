import { expect, test } from 'vitest';
import { findCycle, inOrder } from './order.ts';

const graph = (edges: Record<string, string[]>): Map<string, string[]> =>
  new Map(Object.entries(edges));

test('each comes after what it waits for, and otherwise stays in its place', () => {
  expect(inOrder(graph({ a: ['c'], b: [], c: [], d: ['a', 'b'] }))).toEqual(['c', 'a', 'b', 'd']);
  expect(inOrder(graph({ a: [], b: [], c: [] }))).toEqual(['a', 'b', 'c']);
  expect(inOrder(graph({ a: ['elsewhere'] }))).toEqual(['a']);
});

test('a cycle is told from its first name round to it again', () => {
  expect(findCycle(graph({ a: ['b'], b: ['c'], c: ['b'] }))).toEqual(['b', 'c', 'b']);
  expect(findCycle(graph({ a: ['a'] }))).toEqual(['a', 'a']);
  expect(findCycle(graph({ a: ['b', 'c'], b: ['c'], c: [] }))).toBeUndefined();
  expect(inOrder(graph({ a: ['b'], b: ['a'] })).sort()).toEqual(['a', 'b']);
});

test('a graph that is wide and deep takes no time', () => {
  const names = Array.from({ length: 300 }, (_, i) => `n${i}`);
  const wide = new Map(names.map((name, i) => [name, names.slice(0, i)]));
  expect(findCycle(wide)).toBeUndefined();
  expect(inOrder(wide)).toEqual(names);
});
