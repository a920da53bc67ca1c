import { expect, test } from 'vitest';
import { isSentOn, notBrought } from './hack-build.ts';
import type { SyncResult } from './sync.ts';

const result: SyncResult = {
  ...{ mode: 'pull', from: '/srv/dist', to: '/lab/dist', machine: 'one' },
  ...{ changes: 3, bytes: 5, durationMs: 1, refused: [] },
};

test.each<[Partial<SyncResult>, string | undefined]>([
  [{}, undefined],
  [
    { refused: [{ path: 'agent', reason: 'on this host: the disk is full' }] },
    '1 not written here: agent (on this host: the disk is full)',
  ],
  [{ problem: 'nothing is there any more' }, 'nothing is there any more'],
])('a build whose files are not all here has failed: %j', (more, wanted) => {
  expect(notBrought([result, { ...result, ...more }])).toBe(wanted);
});

test('what is pulled belongs to a build where it is sent on', () => {
  const tree = { to: '/srv', on: ['one'], exclude: [], owner: '0' };
  const trees = [
    { ...tree, mode: 'push', from: '/lab/src' },
    { ...tree, mode: 'pull', from: '/srv/logs', to: '/lab/logs' },
  ] as const;
  const folders = ['/lab/src/dist', '/lab/src', '/lab/src-old', '/lab/logs'];
  expect(folders.map((to) => isSentOn({ trees }, to))).toEqual([true, true, false, false]);
});
