import { expect, test } from 'vitest';
import { Database } from './database.ts';
import { UsageHistory } from './usage-history.ts';

const usage = (id: string, cpu: number) => ({
  ...{ id, cpu, memoryMiB: 64, diskReadBps: 1, diskWriteBps: 2, netRxBps: 3, netTxBps: 4 },
});
const HOUR = 3_600_000;
/** A step of the longest span begins then, some hours ago. */
const start = Date.now() - (Date.now() % (3 * HOUR)) - 12 * HOUR;

test('the last two minutes are as they were, each second', () => {
  using db = new Database(':memory:');
  const history = new UsageHistory(db);
  for (let second = 0; second < 200; second++)
    history.add([usage('vm:a', second)], start + second * 1000);
  const points = history.of('vm:a');
  expect(points).toHaveLength(120);
  expect(points[0]).toEqual({
    ...{ at: start + 80_000, cpu: 80, memoryMiB: 64 },
    ...{ diskReadBps: 1, diskWriteBps: 2, netRxBps: 3, netTxBps: 4 },
  });
  expect(points.at(-1)?.cpu).toBe(199);
  expect(history.of('vm:b')).toEqual([]);
});

test('an hour, a day and a month are averages, of whole steps of the clock', () => {
  using db = new Database(':memory:');
  const history = new UsageHistory(db);
  // Half a day and a bit more, a point every ten seconds: 0 in even minutes and 2 in odd ones.
  for (let at = start; at <= start + 12 * HOUR + 60_000; at += 10_000)
    history.add([usage('vm:a', Math.floor(at / 60_000) % 2 === 0 ? 0 : 2)], at);
  const hour = history.of('vm:a', 'hour');
  expect(hour).toHaveLength(60);
  expect(hour.map(({ cpu }) => cpu).slice(-4)).toEqual([2, 0, 2, 0]);
  expect(hour.at(-1)?.at).toBe(start + 12 * HOUR);
  const day = history.of('vm:a', 'day');
  expect(day.every(({ cpu }) => cpu === 1)).toBe(true);
  expect(day.at(-1)?.at).toBe(start + 12 * HOUR - 600_000);
  expect(history.of('vm:a', 'month').map(({ at }) => (at - start) / HOUR)).toEqual([0, 3, 6]);
});

test('what was in the database is there for the next central, as long as it is asked for', () => {
  using db = new Database(':memory:');
  const before = new UsageHistory(db);
  for (let at = start; at < start + HOUR; at += 30_000) before.add([usage('vm:a', 1)], at);
  before.drop(['vm:a']);
  const after = new UsageHistory(db);
  expect(after.of('vm:a', 'hour')).toEqual([]);
  expect(after.of('vm:a', 'day').map(({ at }) => (at - start) / 600_000)).toEqual([0, 1, 2, 3, 4]);
  const old = start - 40 * 24 * HOUR;
  for (let at = old; at < old + HOUR; at += 30_000) after.add([usage('vm:old', 1)], at);
  expect(db.all('SELECT 1 FROM usage WHERE entity = :id', { id: 'vm:old' })).toHaveLength(5);
  expect(new UsageHistory(db).of('vm:old', 'day')).toEqual([]);
  expect(db.all('SELECT 1 FROM usage WHERE entity = :id', { id: 'vm:old' })).toHaveLength(0);
});
