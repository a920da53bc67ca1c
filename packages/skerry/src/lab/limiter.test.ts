import { expect, test } from 'vitest';
import { limiter } from './limiter.ts';

test('no more than the limit is under way, all is done in its order, and a failure frees its place', async () => {
  const limit = limiter(2);
  const [began, open] = [[] as number[], [] as (() => void)[]];
  let [busy, most] = [0, 0];
  const all = Array.from({ length: 5 }, (_, at) =>
    limit(async () => {
      began.push(at);
      most = Math.max(most, ++busy);
      await new Promise<void>((resolve) => void open.push(resolve));
      busy -= 1;
      if (at === 0) throw new Error('first');
      return at;
    }),
  );
  const settled = Promise.allSettled(all);
  for (let at = 0; at < 5; at += 1) {
    open[at]?.();
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect((await settled).map(({ status }) => status)).toEqual([
    'rejected',
    ...Array.from({ length: 4 }, () => 'fulfilled'),
  ]);
  expect(began).toEqual([0, 1, 2, 3, 4]);
  expect(most).toBe(2);
});
