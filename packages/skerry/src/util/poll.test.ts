import { expect, test } from 'vitest';
import { poll } from './poll.ts';

const late = (): Error => new Error('too late');

test('it gives the first thing that is not undefined, false and 0 included', async () => {
  for (const thing of [false, 0, '', null]) {
    let looks = 0;
    const found = await poll(() => (++looks < 3 ? undefined : thing), {
      timeoutMs: 1000,
      intervalMs: 1,
      onTimeout: late,
    });
    expect([found, looks]).toEqual([thing, 3]);
  }
});

test('it looks once even when there is no time', async () => {
  expect(await poll(() => 1, { timeoutMs: 0, onTimeout: late })).toBe(1);
});

test('it fails with the error of its caller when time is up', async () => {
  await expect(
    poll(() => undefined, { timeoutMs: 10, intervalMs: 1, onTimeout: late }),
  ).rejects.toThrow('too late');
});

test('an abort ends it at once, also between two looks', async () => {
  const controller = new AbortController();
  const waiting = poll(() => undefined, {
    signal: controller.signal,
    timeoutMs: 60_000,
    intervalMs: 60_000,
    onTimeout: late,
  });
  setImmediate(() => controller.abort());
  await expect(waiting).rejects.toMatchObject({ name: 'AbortError' });
  await expect(
    poll(() => 1, { signal: controller.signal, timeoutMs: 1, onTimeout: late }),
  ).rejects.toMatchObject({ name: 'AbortError' });
});

test('what a look throws is passed on', async () => {
  await expect(
    poll(() => Promise.reject(new Error('broken')), { timeoutMs: 1000, onTimeout: late }),
  ).rejects.toThrow('broken');
});
