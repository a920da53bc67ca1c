import { expect, test, vi } from 'vitest';
import type { LogEntry } from './journal.ts';
import { LiveMerge, mergeEntries } from './merge-logs.ts';

const entry = (machine: string, atUs: number): LogEntry => ({
  ...{ machine, atUs, daemon: 'api', pid: 1, priority: 6, bySystemd: false },
  ...{ message: Buffer.from(`${machine}${atUs}`), cursor: `${machine}${atUs}` },
});
const names = (entries: readonly LogEntry[]): string[] => entries.map(({ cursor }) => cursor);

test('entries of all machines come in the order of time', () => {
  const one = [entry('a', 1), entry('a', 4)];
  const two = [entry('b', 2), entry('b', 3), entry('b', 5)];
  expect(names(mergeEntries([one, two, []]))).toEqual(['a1', 'b2', 'b3', 'a4', 'b5']);
});

test('entries of one machine keep their order when its clock was set back', () => {
  const one = [entry('a', 5), entry('a', 2), entry('a', 6)];
  expect(names(mergeEntries([one, [entry('b', 4)]]))).toEqual(['b4', 'a5', 'a2', 'a6']);
});

test('what comes live waits for those that are a little later', () => {
  vi.useFakeTimers();
  const shown: string[][] = [];
  const merge = new LiveMerge(60, (entries) => shown.push(names(entries)));
  merge.push(entry('a', 2));
  vi.advanceTimersByTime(50);
  merge.push(entry('b', 1));
  expect(shown).toEqual([]);
  vi.advanceTimersByTime(10);
  expect(shown).toEqual([['b1', 'a2']]);
  merge.push(entry('a', 3));
  merge.flush();
  vi.advanceTimersByTime(100);
  expect(shown).toEqual([['b1', 'a2'], ['a3']]);
  vi.useRealTimers();
});
