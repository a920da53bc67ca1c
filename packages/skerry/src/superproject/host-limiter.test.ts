import { setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { HostLimiter } from './host-limiter.ts';

const REFUSED = new Error('kex_exchange_identification');
const isTransient = (error: unknown): boolean => error === REFUSED;

test('begins with few connections to a host and makes room as they succeed', async () => {
  const limiter = new HostLimiter({ first: 2, most: 5 });
  let running = 0;
  let most = 0;
  const work = async (): Promise<void> => {
    most = Math.max(most, ++running);
    await sleep(1);
    running--;
  };
  await Promise.all(Array.from({ length: 40 }, () => limiter.run('a', work, { isTransient })));
  expect(most).toBe(5);
  expect(limiter.limitOf('a')).toBe(5);
  expect(limiter.limitOf('b')).toBe(2);
});

test('halves what a host gets when it refuses, and tries again', async () => {
  const limiter = new HostLimiter({ first: 8, pauseMs: 1 });
  let refusals = 2;
  const answer = await limiter.run(
    'a',
    async (attempt) => {
      if (refusals-- > 0) throw REFUSED;
      return attempt;
    },
    { isTransient },
  );
  expect(answer).toBe(3);
  expect(limiter.limitOf('a')).toBeLessThanOrEqual(3);
});

test('gives up after the tries, and at once for what will not pass', async () => {
  const limiter = new HostLimiter({ tries: 3, pauseMs: 1 });
  let tries = 0;
  const run = (error: Error): Promise<never> =>
    limiter.run(
      'a',
      async () => {
        tries++;
        throw error;
      },
      { isTransient },
    );
  await expect(run(REFUSED)).rejects.toBe(REFUSED);
  expect(tries).toBe(3);
  await expect(run(new Error('denied'))).rejects.toThrow('denied');
  expect(tries).toBe(4);
});

test('who waits in line leaves it when the signal fires', async () => {
  const limiter = new HostLimiter({ first: 1, most: 1 });
  const { promise, resolve } = Promise.withResolvers<void>();
  const first = limiter.run('a', () => promise, { isTransient });
  const controller = new AbortController();
  const second = limiter.run('a', () => Promise.resolve(2), {
    isTransient,
    signal: controller.signal,
  });
  controller.abort(new Error('enough'));
  await expect(second).rejects.toThrow('enough');
  resolve();
  await first;
  expect(await limiter.run('a', () => Promise.resolve(3), { isTransient })).toBe(3);
});

test('never more at once than the host may have, whatever fails in between', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(fc.boolean(), { maxLength: 40 }), async (failures) => {
      const limiter = new HostLimiter({ first: 3, most: 4, tries: 1, pauseMs: 0 });
      let running = 0;
      let isOver = false;
      const works = failures.map((fails) =>
        limiter
          .run(
            'a',
            async () => {
              isOver ||= ++running > 4;
              await Promise.resolve();
              running--;
              if (fails) throw REFUSED;
            },
            { isTransient },
          )
          .catch(() => {}),
      );
      await Promise.all(works);
      expect(isOver).toBe(false);
      expect(running).toBe(0);
    }),
  );
});
