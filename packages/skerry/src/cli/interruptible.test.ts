import { expect, test } from 'vitest';
import { interruption } from './common.ts';

test('one Ctrl-C that arrives twice is one; a second one later ends it at once', () => {
  let nowMs = 0;
  const ended: string[] = [];
  const { signal, hear } = interruption('then', {
    now: () => nowMs,
    exit: () => ended.push('exit'),
  });
  hear();
  expect(signal.aborted).toBe(true);
  nowMs = 999;
  hear();
  expect(ended).toEqual([]);
  nowMs = 1000;
  hear();
  expect(ended).toEqual(['exit']);
});
