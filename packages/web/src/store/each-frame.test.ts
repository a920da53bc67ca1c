import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, test, vi } from 'vitest';
import { eachFrame } from './each-frame.ts';

afterEach(() => void vi.unstubAllGlobals());

/** A browser that paints when that is called, or never. */
function browser(): () => void {
  const asked = new Map<number, () => void>();
  vi.stubGlobal('document', { visibilityState: 'visible' });
  vi.stubGlobal('requestAnimationFrame', (run: () => void) => {
    asked.set(asked.size + 1, run);
    return asked.size;
  });
  vi.stubGlobal('cancelAnimationFrame', (id: number) => asked.delete(id));
  return () => [...asked.values()].forEach((run) => run());
}

test('what comes before a frame is taken once, with it', async () => {
  const paint = browser();
  const taken: (readonly number[])[] = [];
  const add = eachFrame<number>((all) => taken.push(all));
  add(1);
  add(2);
  expect(taken).toEqual([]);
  paint();
  await sleep(150);
  expect(taken).toEqual([[1, 2]]);
  add(3);
  paint();
  expect(taken).toEqual([[1, 2], [3]]);
});

test('a page that was hidden before its frame was painted takes it all the same', async () => {
  browser();
  const taken: (readonly number[])[] = [];
  const add = eachFrame<number>((all) => taken.push(all));
  add(1);
  await expect.poll(() => taken).toEqual([[1]]);
});
