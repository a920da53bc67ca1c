// The example of docs/how-to/superproject.md, run as a program that has the package.
import { execFile } from 'node:child_process';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { makeFarm } from './support/superproject-farm.ts';

const PACKAGE = join(import.meta.dirname, '..');
const GUIDE = join(PACKAGE, '..', '..', 'docs', 'how-to', 'superproject.md');

test('the example of the guide makes a nightly', async () => {
  await using farm = await makeFarm({ branch: () => 'main' });
  farm.enter();
  await farm.super.git('branch', 'master', 'main');
  await farm.component(1).commit({ a: '1' });
  const [, example = ''] = /```js\n([^]*?)```/.exec(await readFile(GUIDE, 'utf8')) ?? [];
  // Inside the package, where `skerry/superproject` is itself.
  const program = join(PACKAGE, `example-${process.pid}.tmp.mjs`);
  await writeFile(program, example);
  try {
    const args = ['--conditions=@skerry/source', program, farm.url];
    const { stdout } = await promisify(execFile)(process.execPath, args);
    expect(stdout).toBe("published master-nightly-1 [ 'c002' ]\n");
  } finally {
    await rm(program);
  }
});
