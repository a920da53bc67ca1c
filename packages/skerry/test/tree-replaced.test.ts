// Files that look the same and are not.
import { readFileSync, renameSync, utimesSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localTree, started, sync, write } from './local-tree.ts';

test('a file that comes into the place of one that looks the same is another one', async () => {
  await using tree = localTree();
  // As npm unpacks them: every file of every version has this date.
  const unpack = (path: string, content: string): void => {
    write(tree.from, path, content);
    utimesSync(join(tree.from, path), 499_162_500, 499_162_500);
  };
  unpack('package.json', '1.2.3');
  const machine = await started(tree);
  unpack('new', '1.2.4');
  renameSync(join(tree.from, 'new'), join(tree.from, 'package.json'));
  const { steps } = await sync(tree, machine);
  expect(steps.map(({ kind, path }) => [kind, path])).toEqual([['file', 'package.json']]);
  expect(readFileSync(join(tree.to, 'package.json'), 'utf8')).toBe('1.2.4');
  expect((await sync(tree, machine)).steps).toEqual([]);
});
