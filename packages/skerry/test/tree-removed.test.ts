// What is pushed where somebody removed things in the machine, which is a folder here.
import { chmodSync, readFileSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { listTree, localTree, write, started, sync } from './local-tree.ts';

test('a folder that somebody removed in the machine comes back with what is saved in it, and goes when it goes here', async () => {
  await using tree = localTree();
  for (const path of ['d/e/a', 'd/b', 'gone/a', 'x']) write(tree.from, path);
  chmodSync(join(tree.from, 'd'), 0o700);
  chmodSync(join(tree.from, 'd/e'), 0o750);
  const machine = await started(tree);
  for (const path of ['d', 'gone']) rmSync(join(tree.to, path), { recursive: true });
  write(tree.from, 'd/e/a', 'edited');
  rmSync(join(tree.from, 'gone'), { recursive: true });
  expect((await sync(tree, machine)).refused).toEqual([]);
  const { 'd/b': _, ...rest } = listTree(tree.from);
  expect(listTree(tree.to)).toEqual(rest);
  // As long as it may be undone too.
  rmSync(join(tree.to, 'd'), { recursive: true });
  write(tree.from, 'd/e/a', 'edited again');
  await tree.host.scan();
  expect((await machine.push(undefined, { canRollBack: true })).refused).toEqual([]);
  await machine.rollBack();
  expect((await machine.push(undefined, { canRollBack: true })).refused).toEqual([]);
  const { 'd/b': _other, ...again } = listTree(tree.from);
  expect(listTree(tree.to)).toEqual(again);
});

test('what is removed here and lies behind a link there is left alone', async () => {
  await using tree = localTree();
  for (const path of ['d/a', 'x']) write(tree.from, path);
  const machine = await started(tree);
  const outside = join(tree.to, '../outside');
  write(outside, 'a', 'not yours');
  rmSync(join(tree.to, 'd'), { recursive: true });
  symlinkSync('../outside', join(tree.to, 'd'));
  rmSync(join(tree.from, 'd/a'));
  expect((await sync(tree, machine)).refused).toEqual([]);
  expect(readFileSync(join(outside, 'a'), 'utf8')).toBe('not yours');
  rmSync(join(tree.from, 'd'), { recursive: true });
  expect((await sync(tree, machine)).refused).toEqual([]);
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('what somebody removed in the machine and is renamed here is there in the end', async () => {
  await using tree = localTree();
  for (const path of ['a', 'd/b', 'x']) write(tree.from, path);
  const machine = await started(tree);
  for (const path of ['a', 'd']) rmSync(join(tree.to, path), { recursive: true });
  renameSync(join(tree.from, 'a'), join(tree.from, 'c'));
  renameSync(join(tree.from, 'd'), join(tree.from, 'e'));
  await sync(tree, machine);
  // As it is tried again.
  await machine.push(machine.lacking.keys());
  expect([...machine.lacking]).toEqual([]);
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});
