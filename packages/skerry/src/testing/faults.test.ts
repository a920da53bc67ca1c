import { expect, test } from 'vitest';
import { compileFaults, linkRule } from './faults.ts';

const [a, b, c] = ['a', 'b', 'c'].map((mac) => ({ mac })) as [
  { mac: string },
  { mac: string },
  { mac: string },
];
const cut = { delayMs: 0, jitterMs: 0, lossPct: 100, rateKbit: 0 };
const slow = linkRule({ delayMs: 50 });
const narrow = linkRule({ rateKbit: 100 });

test('without faults no machine has any', () => {
  expect(compileFaults([])).toEqual([]);
});

test('a partition cuts each machine of one side from each of the other, both ways', () => {
  expect(compileFaults([{ kind: 'partition', sides: [[a], [b, c]] }])).toEqual([
    { mac: 'a', from: { b: cut, c: cut } },
    { mac: 'b', from: { a: cut } },
    { mac: 'c', from: { a: cut } },
  ]);
});

test('a link is for all a machine sends and gets, a pair for what two send each other', () => {
  expect(
    compileFaults([
      { kind: 'link', machine: a, rule: slow },
      { kind: 'pair', machines: [a, b], rule: narrow },
    ]),
  ).toEqual([
    { mac: 'a', link: slow, from: { b: narrow } },
    { mac: 'b', from: { a: narrow } },
  ]);
});

test('the later of two for one link counts; a partition cuts whatever the pair has', () => {
  expect(
    compileFaults([
      { kind: 'partition', sides: [[a], [b]] },
      { kind: 'link', machine: a, rule: slow },
      { kind: 'link', machine: a, rule: narrow },
      { kind: 'pair', machines: [a, b], rule: slow },
    ]),
  ).toEqual([
    { mac: 'a', link: narrow, from: { b: cut } },
    { mac: 'b', from: { a: cut } },
  ]);
});

test.each([
  [{ delayMs: -1 }, 'delayMs'],
  [{ delayMs: Number.NaN }, 'delayMs'],
  [{ delayMs: 10, jitterMs: 11 }, 'jitterMs'],
  [{ lossPct: 101 }, 'lossPct'],
  [{ rateKbit: -5 }, 'rateKbit'],
])('%j is refused', (faults, field) => {
  expect(() => linkRule(faults)).toThrow(
    expect.objectContaining({ code: 'FAULT_INVALID', data: expect.objectContaining({ field }) }),
  );
});
