import { expect, onTestFinished, test, vi } from 'vitest';
import { Database } from './database.ts';
import { nextOf, Schedule } from './schedule.ts';

const NOON = Date.parse('2026-11-28T12:00:00Z');

test.each([
  ['2026-11-28T13:00:00Z', '2026-11-28T13:00:00.000Z'],
  ['*/10 * * * *', '2026-11-28T12:10:00.000Z'],
])('%s is next at %s', (at, next) => {
  expect(new Date(nextOf(at, NOON) ?? 0).toISOString()).toBe(next);
});

test('a time without a zone is one of this computer, as in cron', () => {
  const there = new Date(2026, 11, 24, 20).getTime();
  expect(nextOf('2026-12-24T20:00', NOON)).toBe(there);
  expect(nextOf('0 20 24 12 *', NOON)).toBe(there);
  expect(nextOf('2026-12-24T20:00+09:00', NOON)).toBe(Date.parse('2026-12-24T11:00:00Z'));
});

test('what is past never comes', () => {
  expect(nextOf('2026-11-28T11:59:59Z', NOON)).toBeNull();
});

test.each(['soon', '61 * * * *', '* * * * * *', '2026-99-01T00:00:00Z'])('%s is refused', (at) => {
  expect(() => nextOf(at, NOON)).toThrow(`'${at}'`);
});

test.each([
  ['when its machine is known', 20_000],
  ['when nobody knows it for a minute', Infinity],
])('what was due as central began is done %s', async (_, knownMs) => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  using db = new Database(':memory:');
  const at = new Date(Date.now() + 5000).toISOString();
  const job = { entity: 'vm:1', verb: 'create', params: {}, at, user: 'ann' };
  {
    using before = schedule(db);
    before.add(job);
  }
  vi.setSystemTime(Date.now() + 10_000);
  const began = Date.now();
  const done: number[] = [];
  using _after = new Schedule({
    db,
    run: async () => String(done.push(Date.now() - began)),
    mayRun: () => true,
    isKnown: () => Date.now() - began >= knownMs,
  });
  vi.advanceTimersByTime(100_000);
  expect(done).toEqual([knownMs === Infinity ? 61_000 : knownMs]);
});

test('a job that breaks says why', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] });
  onTestFinished(() => void vi.useRealTimers());
  using db = new Database(':memory:');
  using jobs = schedule(db);
  const at = new Date(Date.now() + 1000).toISOString();
  jobs.add({ entity: 'vm:1', verb: 'create', params: {}, at, user: 'ann' });
  vi.advanceTimersByTime(3000);
  await vi.waitFor(() => expect(jobs.of('vm:1')).toMatchObject([{ last: 'out of order' }]));
});

function schedule(db: Database): Schedule {
  return new Schedule({
    db,
    run: () => Promise.reject(new Error('out of order')),
    mayRun: () => true,
    isKnown: () => true,
  });
}
