import { setImmediate as later } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { takeTurn } from './turns.ts';

test('work on one thing is done one after the other, in the order in which it came', async () => {
  const done: string[] = [];
  const work = async (name: string): Promise<void> => {
    using _turn = await takeTurn('index');
    done.push(`${name} begins`);
    await later();
    done.push(`${name} ends`);
  };
  await Promise.all([work('one'), work('two'), work('three')]);
  expect(done).toEqual([
    ...['one begins', 'one ends', 'two begins', 'two ends', 'three begins', 'three ends'],
  ]);
});

test('work on another thing does not wait', async () => {
  using _first = await takeTurn({});
  using _second = await takeTurn({});
  using _third = await takeTurn('path');
});

test('who gives up lets nobody in before their turn', async () => {
  const thing = {};
  const first = await takeTurn(thing);
  const stop = new AbortController();
  const second = takeTurn(thing, stop.signal);
  let isIn = false;
  const third = takeTurn(thing).then((turn) => {
    isIn = true;
    return turn;
  });
  stop.abort(new Error('not any more'));
  await expect(second).rejects.toThrow('not any more');
  await later();
  expect(isIn).toBe(false);
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
});

test('a signal that has fired before gets no turn', async () => {
  await expect(takeTurn('free', AbortSignal.abort(new Error('late')))).rejects.toThrow('late');
  using _turn = await takeTurn('free');
});
