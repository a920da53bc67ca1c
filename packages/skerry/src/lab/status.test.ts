import { expect, test } from 'vitest';
import type { ObservedMachine } from './plan.ts';
import { stateOf } from './status.ts';

const mark = { lab: 'a', machine: 'one', image: 'i', facts: {}, identity: 'known' };
const ready: ObservedMachine = {
  ...{ name: 'one', state: 'running', running: true, stage: 'ready', mark },
};

test.each<[string, ObservedMachine | undefined]>([
  ['absent', undefined],
  ['running', ready],
  ['starting', { ...ready, stage: undefined }],
  ['starting', { ...ready, mark: { ...mark, identity: undefined } }],
  ['stopping', { ...ready, stage: 'leaving' }],
  ['stopping', { ...ready, state: 'shutdown', running: false, stage: undefined }],
  ['shutoff', { ...ready, state: 'shutoff', running: false, stage: undefined }],
  ['paused', { ...ready, state: 'paused', running: false }],
])('a machine is %s', (state, seen) => {
  expect(stateOf(seen)).toBe(state);
});
