import { expect, test } from 'vitest';
import { signalName } from './exec.ts';

test.each([
  [undefined, undefined],
  [0, undefined],
  [2, 'SIGINT'],
  [9, 'SIGKILL'],
  [11, 'SIGSEGV'],
  [15, 'SIGTERM'],
  [6, 'SIGABRT'],
  [40, 'signal 40'],
])('signal %s of the agent is called %s', (number, name) => {
  expect(signalName(number)).toBe(name);
});
