// What renames cost. That the steps are right is seen where they are done: test/tree-sync.test.ts.
import { expect, test, vi } from 'vitest';
import type { Entry } from './host-tree.ts';
import { applyStep, diffTree } from './tree-diff.ts';

const FILE = 'f644 1 1.000000000';

/** How many paths are looked at when so many of ten times as many files are renamed one by one. */
function workFor(count: number): number {
  const before = new Map<string, Entry | undefined>();
  const host = new Map<string, Entry>([['d', { stamp: 'd755', inode: 1n, changedNs: 0n }]]);
  const remote = new Map([['d', 'd755']]);
  for (let at = 0; at < count * 10; at++) {
    const entry = { stamp: FILE, inode: BigInt(at + 2), changedNs: 0n };
    const [old, now] = [`d/${at}`, at < count ? `d/new-${at}` : `d/${at}`];
    remote.set(old, FILE);
    host.set(now, entry);
    if (at < count) before.set(old, entry).set(now, undefined);
  }
  let work = 0;
  const counted = function* <T>(items: Iterable<T>): Generator<T> {
    for (const item of items) {
      work++;
      yield item;
    }
  };
  const startsWith = vi.spyOn(String.prototype, 'startsWith');
  const iterate = Map.prototype[Symbol.iterator];
  const iterator = vi.spyOn(Map.prototype, Symbol.iterator).mockImplementation(function (
    this: Map<unknown, unknown>,
  ) {
    return counted({ [Symbol.iterator]: () => iterate.call(this) }) as never;
  });
  try {
    const steps = diffTree(host, remote, before.keys(), before);
    expect(steps.map(({ kind }) => kind)).toEqual(Array.from({ length: count }, () => 'rename'));
    for (const step of steps) applyStep(remote, step);
    expect([...remote.keys()].toSorted()).toEqual([...host.keys()].toSorted());
    return work + startsWith.mock.calls.length;
  } finally {
    iterator.mockRestore();
    startsWith.mockRestore();
  }
}

test('twice as many files that are renamed one by one take about twice the work', () => {
  expect(workFor(80) / workFor(40)).toBeLessThan(2.5);
});

test('what is in a folder that is renamed goes with it, and is not moved again', () => {
  const old = { a: 'd755', 'a/b': 'd755', 'a/b/c': FILE, ab: FILE };
  const remote = new Map(Object.entries(old));
  const names = (path: string): string => path.replace(/^a(?=\/|$)/, 'z');
  const entries = Object.entries(old).map(
    ([path, stamp], at) => [path, { stamp, inode: BigInt(at), changedNs: 0n }] as const,
  );
  const host = new Map(entries.map(([path, entry]) => [names(path), entry]));
  const before = new Map<string, Entry | undefined>();
  for (const [path, entry] of entries)
    if (names(path) !== path) before.set(path, entry).set(names(path), undefined);
  const steps = diffTree(host, remote, before.keys(), before);
  expect(steps).toEqual([{ kind: 'rename', path: 'a', to: 'z' }]);
  for (const step of steps) applyStep(remote, step);
  expect(Object.fromEntries(remote)).toEqual({ z: 'd755', 'z/b': 'd755', 'z/b/c': FILE, ab: FILE });
});
