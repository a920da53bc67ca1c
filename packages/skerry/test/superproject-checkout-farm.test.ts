import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { makeFarm } from './support/superproject-farm.ts';

test('a farm has the same object ids each time, and stock git clones it over its fake ssh', async () => {
  await using farm = await makeFarm({ names: ['a', 'lib/b'], branch: (i) => (i ? 'dev' : 'main') });
  await using other = await makeFarm({
    names: ['a', 'lib/b'],
    branch: (i) => (i ? 'dev' : 'main'),
  });
  expect(await farm.super.tip()).toBe(await other.super.tip());
  const dir = await mkdtemp(join(tmpdir(), 'farm-test-'));
  await farm.git(dir, 'clone', '--quiet', '--recursive', farm.url, 'x');
  expect(await farm.git(join(dir, 'x'), 'submodule', 'status')).toMatch(/^ \w+ a .*\n \w+ lib\/b /);
  expect((await farm.connections()).toSorted()).toEqual([
    'upload-pack ./a.git',
    'upload-pack ./lib/b.git',
    'upload-pack ./super.git',
  ]);
  const before = await farm.component(1).tip();
  const after = await farm.component(1).commit({ README: 'new\n' });
  expect(await farm.component(1).git('rev-parse', `${after}^`)).toBe(before);
  await farm.onConnect('case $repository in ./a.git) echo "no entry" >&2; exit 1;; esac');
  await expect(farm.git(dir, 'ls-remote', farm.component(0).url)).rejects.toThrow('no entry');
  await rm(dir, { recursive: true });
});
