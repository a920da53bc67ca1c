import { expect, test } from 'vitest';
import { verb, vm } from '../store/test-entities.ts';
import { readiness } from './table.ts';

const ALL = new Set(['all']);

test('there is nothing to go back to without a snapshot', () => {
  const revert = verb('snapshot_revert');
  const one = { name: 'before', parent: null, createdAt: 0, state: 'shutoff', description: '' };
  const snapshots = [{ ...one, current: true }];
  expect(readiness(revert, vm('web'), ALL)).toMatchObject({
    ready: false,
    why: 'web has no snapshot',
  });
  expect(readiness(revert, vm('web', { snapshots }), ALL).ready).toBe(true);
});
