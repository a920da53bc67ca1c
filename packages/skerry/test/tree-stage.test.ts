// Where files are until they are whole. The machine is a folder here.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
} from 'node:fs';
import { join } from 'node:path';
import { tmpdir } from 'node:os';
import { describe, expect, test } from 'vitest';
import { poll } from '../src/util/poll.ts';
import { listTree, localTree, write } from './local-tree.ts';

const SHM = '/dev/shm';
const HAS_TWO = existsSync(SHM) && statSync(SHM).dev !== statSync(tmpdir()).dev;

for (const mode of [0o700, 0o2770])
  test(`an empty folder that is there already keeps its mode ${mode.toString(8)}`, async () => {
    await using tree = localTree();
    write(tree.from, 'a');
    mkdirSync(tree.to, { recursive: true });
    chmodSync(tree.to, mode);
    await tree.host.scan();
    await tree.machine.connect();
    expect(statSync(tree.to).mode & 0o7777).toBe(mode);
    await tree.machine.push();
    expect(statSync(tree.to).mode & 0o7777).toBe(mode);
    expect(listTree(tree.to)).toEqual(listTree(tree.from));
  });

const elsewhere = HAS_TWO ? 'another file system' : `another file system (not run: ${SHM} is none)`;

describe.runIf(HAS_TWO)(elsewhere, () => {
  test('a tree on another file system is written there: nothing is copied, and nothing is left', async () => {
    const trees = mkdtempSync(join(SHM, 'skerry-trees-'));
    try {
      // Without programs: so nothing is copied by one.
      await using tree = localTree({}, { SKERRY_TREES: trees, PATH: '/nowhere' });
      write(tree.from, 'a');
      write(tree.from, 'big', Buffer.alloc(2 ** 20, 'big'));
      symlinkSync('a', join(tree.from, 'link'));
      await tree.host.scan();
      await tree.machine.connect();
      expect((await tree.machine.push()).refused).toEqual([]);
      write(tree.from, 'a', 'edited');
      chmodSync(join(tree.from, 'big'), 0o600);
      await tree.host.scan();
      const { refused } = await tree.machine.push(['a'], { canRollBack: true });
      expect(refused).toEqual([]);
      expect(readFileSync(join(tree.to, 'a'), 'utf8')).toBe('edited');
      await tree.machine.rollBack();
      expect(readFileSync(join(tree.to, 'a'), 'utf8')).toBe('a');
      await tree.machine.push();
      await tree.machine.close();
      expect(listTree(tree.to)).toEqual(listTree(tree.from));
    } finally {
      rmSync(trees, { recursive: true });
    }
  });

  test('what an agent that was killed left there goes with the next', async () => {
    const trees = mkdtempSync(join(SHM, 'skerry-trees-'));
    try {
      await using tree = localTree({}, { SKERRY_TREES: trees });
      write(tree.from, 'a');
      await tree.host.scan();
      const { ended } = await tree.machine.connect();
      await tree.machine.push();
      write(tree.from, 'a', 'edited');
      await tree.host.scan();
      // What is replaced is kept.
      await tree.machine.push(undefined, { canRollBack: true });
      // What is there besides is asked for by `sync --check`.
      expect([...(await tree.machine.look()).stamps.keys()]).toEqual(['a']);
      tree.killAgents();
      await ended;
      const hidden = readdirSync(tree.to).filter((name) => name !== 'a');
      expect(hidden).toHaveLength(1);
      const next = tree.again();
      // Of the one that was killed the lock may be held a moment longer.
      await poll(() => next.connect().catch(() => undefined), {
        timeoutMs: 20_000,
        onTimeout: () => new Error('it does not connect'),
      });
      await next.push();
      await next.close();
      expect(listTree(tree.to)).toEqual(listTree(tree.from));
    } finally {
      rmSync(trees, { recursive: true });
    }
  });
});
