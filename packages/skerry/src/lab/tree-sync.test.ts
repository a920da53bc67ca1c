// A tree whose folder is away when somebody begins to keep it.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { poll } from '../util/poll.ts';
import { TreeSync } from './tree-sync.ts';

/** No lab runs: its machines are not reached, but that they are looked for is seen. */
function treeOf(base: string): TreeSpec {
  const from = join(base, 'src');
  return { mode: 'push', from, to: '/srv/src', on: ['one', 'two'], owner: 'root', exclude: [] };
}

test.each(['it comes back by itself', 'somebody asks once it is back'])(
  'a folder that is away at the start is said to be gone, and taken up again: %s',
  async (how) => {
    const base = mkdtempSync(join(tmpdir(), 'skerry-tree-sync-'));
    const stop = new AbortController();
    const notes: string[] = [];
    const tree = treeOf(base);
    const sync = new TreeSync({
      ...{ tree, gatewaySocket: join(base, 'gateway.sock'), signal: stop.signal },
      onNote: (text) => notes.push(text),
    });
    const kept = sync.keep();
    kept.catch(() => {});
    try {
      await sync.whenReady('one');
      await sync.flush();
      const problem = `the folder ${tree.from} is gone: machines keep what they have until it is back`;
      expect(sync.states()).toMatchObject([
        { machine: 'one', connected: false, problem },
        { machine: 'two', connected: false, problem },
      ]);
      mkdirSync(tree.from);
      writeFileSync(join(tree.from, 'a'), 'a');
      if (how.startsWith('somebody')) await sync.flush();
      const isBack = (): true | undefined =>
        sync.states().every((state) => state.problem === undefined) || undefined;
      await poll(isBack, { timeoutMs: 10_000, onTimeout: () => new Error('it stays away') });
      await sync.flush();
      expect(sync.states().map(({ reason }) => reason)).toEqual([
        'the lab is off',
        'the lab is off',
      ]);
      expect([...sync.host.entries.keys()]).toEqual(['a']);
      expect(notes).toEqual([problem, `the folder ${tree.from} is back`]);
    } finally {
      stop.abort();
      await expect(kept).rejects.toThrow();
      rmSync(base, { recursive: true, force: true });
    }
  },
);

test('a folder that is away is named in words to who reads it once', async () => {
  const base = mkdtempSync(join(tmpdir(), 'skerry-tree-sync-'));
  const tree = treeOf(base);
  const { signal } = new AbortController();
  const sync = new TreeSync({ tree, gatewaySocket: join(base, 'gateway.sock'), signal });
  await expect(sync.scan()).rejects.toThrow(`the folder ${tree.from} is gone`);
  // It may be back by the next time.
  mkdirSync(tree.from);
  await sync.scan();
  rmSync(base, { recursive: true, force: true });
});
