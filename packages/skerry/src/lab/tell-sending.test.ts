import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Progress, type ProgressEvent } from './progress.ts';
import { sendingWords, tellSending } from './tell-sending.ts';

const MIB = 2 ** 20;

test.each([
  [
    { path: 'big.bin', files: 1, bytes: 120 * MIB, of: 300 * MIB },
    4 * MIB,
    'big.bin 40 %, 120.0 of 300.0 MiB, 4.0 MiB/s',
  ],
  [{ path: 'a', files: 12, bytes: MIB, of: MIB }, undefined, '12 files 99 %, 1.0 of 1.0 MiB'],
])('%j', (sending, rate, words) => {
  expect(sendingWords(sending, rate)).toBe(words);
});

test('what takes its time is told with amounts and rate, on a line that ends with it', async () => {
  const events: ProgressEvent[] = [];
  const progress = new Progress((event) => events.push(event));
  const place = { mode: 'push', from: '/lab/src', to: '/srv/src', machine: 'one' } as const;
  let bytes = 0;
  const ask = () =>
    Promise.resolve([
      { ...place, sending: { path: 'big', files: 1, bytes: (bytes += MIB), of: 10 * MIB } },
    ]);
  const done = await tellSending({ progress, ask }, async () => {
    const notes = (): number => events.filter(({ status }) => status === 'note').length;
    await expect.poll(notes, { timeout: 30_000 }).toBe(2);
    return 'done';
  });
  expect(done).toBe('done');
  expect(events.map(({ status }) => status)).toEqual(['begin', 'note', 'note', 'end']);
  expect(events[2]?.detail).toMatch(
    /^\/lab\/src -> one:\/srv\/src: big 20 %, 2.0 of 10.0 MiB, [\d.]+ MiB\/s$/,
  );
});

test('what is over soon is not told', async () => {
  const events: ProgressEvent[] = [];
  const progress = new Progress((event) => events.push(event));
  await tellSending({ progress, ask: () => Promise.resolve([]) }, () => sleep(5));
  expect(events).toEqual([]);
});
