// One machine that is kept up to date; the machine is a folder here.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { Target } from '../src/lab/tree-target.ts';
import { localTree } from './local-tree.ts';

test('what somebody changed in the machine is sent again by who asks for all of it', async () => {
  await using tree = localTree();
  writeFileSync(join(tree.from, 'a'), 'a');
  writeFileSync(join(tree.from, 'b'), 'b');
  await tree.host.scan();
  const stop = new AbortController();
  const arrived = Promise.withResolvers<void>();
  const { from, to } = tree;
  const target = new Target({
    tree: { mode: 'push', from, to, on: ['one'], owner: 'root', exclude: [] },
    ...{ gatewaySocket: '', signal: stop.signal, machine: 'one' },
    connectable: () => tree.machine,
    onArrival: () => arrived.resolve(),
  });
  const kept = target.keep();
  try {
    await arrived.promise;
    writeFileSync(join(to, 'a'), 'bad');
    rmSync(join(to, 'b'));
    await target.flush(new Map(), false);
    expect(readFileSync(join(to, 'a'), 'utf8')).toBe('bad');
    await target.flush(new Map(), true);
    expect(readFileSync(join(to, 'a'), 'utf8')).toBe('a');
    expect(readFileSync(join(to, 'b'), 'utf8')).toBe('b');
    writeFileSync(join(to, 'a'), 'bad again');
    expect(await target.compare()).toEqual(['a']);
  } finally {
    stop.abort();
    target.wake();
    tree.killAgents();
    await kept;
  }
});

test('what an attempt could not write and was rolled back is not sent by itself when there is room', async () => {
  await using tree = localTree();
  writeFileSync(join(tree.from, 'a'), 'first');
  await tree.host.scan();
  const stop = new AbortController();
  const arrived = Promise.withResolvers<void>();
  const { from, to } = tree;
  const target = new Target({
    tree: { mode: 'push', from, to, on: ['one'], owner: 'root', exclude: [] },
    ...{ gatewaySocket: '', signal: stop.signal, machine: 'one', onHeld: () => {} },
    connectable: () => tree.machine,
    onArrival: () => arrived.resolve(),
  });
  const kept = target.keep();
  try {
    await arrived.promise;
    // Somebody's folder is where a file is to be.
    mkdirSync(join(to, 'b', 'theirs'), { recursive: true });
    writeFileSync(join(from, 'a'), 'second');
    writeFileSync(join(from, 'b'), 'new');
    await tree.host.scan();
    const { result } = await target.pushHeld();
    expect(result?.refused.map(({ path }) => path)).toEqual(['b']);
    await target.rollBack();
    rmSync(join(to, 'b'), { recursive: true });
    // Longer than what was refused waits to be tried again.
    await sleep(6000);
    expect(existsSync(join(to, 'b'))).toBe(false);
    expect(readFileSync(join(to, 'a'), 'utf8')).toBe('first');
    expect(target.held.toSorted()).toEqual(['a', 'b']);
    expect([...target.lacking]).toEqual([]);
    expect((await target.pushHeld()).result?.refused).toEqual([]);
    expect(readFileSync(join(to, 'b'), 'utf8')).toBe('new');
  } finally {
    stop.abort();
    target.wake();
    tree.killAgents();
    await kept;
  }
});
