// A lab whose source is a superproject: `up` clones it with its components, and they are in the machine.
import { access, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Farm, makeFarm } from '../../packages/skerry/test/support/superproject-farm.ts';
import { poll } from '../../packages/skerry/src/util/poll.ts';
import { testLab, type TestLab } from './support/lab.ts';

let farm: Farm;
let lab: TestLab;
const sh = async (command: string): Promise<string> =>
  (await lab.skerry(['exec', '--', 'sh', '-c', command])).stdout;

beforeAll(async () => {
  farm = await makeFarm({ names: ['libs/foo', 'server'] });
  lab = await testLab(
    {
      name: 'product',
      image: 'debian-12',
      memory: 256,
      source: { url: `${farm.dir}/super.git`, ref: 'main' },
      machines: { one: {} },
    },
    { env: { GIT_CONFIG_GLOBAL: join(farm.dir, 'home', '.gitconfig'), GIT_CONFIG_NOSYSTEM: '1' } },
  );
  await farm.git(farm.dir, 'config', '--global', 'protocol.file.allow', 'always');
});
afterAll(async () => {
  await lab?.[Symbol.asyncDispose]();
  await farm?.[Symbol.asyncDispose]();
});

test('a component that cannot be had: nothing is left, and the error names it', async () => {
  const away = `${farm.component(0).gitDir}.away`;
  await rename(farm.component(0).gitDir, away);
  const result = await lab.skerry(['up']);
  await rename(away, farm.component(0).gitDir);
  expect(result.stderr).toMatch(/could not be cloned whole, for its component 'libs\/foo'/);
  expect((await readdir(lab.dir)).filter((name) => name.includes('source'))).toEqual([]);
});

test('is cloned by up, with its components on their branches, and is live in the machine', async () => {
  await lab.ok(['up']);
  expect(await farm.git(join(lab.dir, 'source', 'libs', 'foo'), 'branch', '--show-current')).toBe(
    'main',
  );
  expect(await sh('cat /srv/src/libs/foo/README')).toBe('libs/foo\n');
  expect(await sh('ls -A /srv/src/server')).not.toContain('.git');
  await writeFile(join(lab.dir, 'source', 'server', 'new.txt'), 'live\n');
  await poll(
    async () => ((await sh('cat /srv/src/server/new.txt')) === 'live\n' ? true : undefined),
    {
      timeoutMs: 30_000,
      intervalMs: 200,
      onTimeout: () => new Error('the change never came'),
    },
  );
});

test('what is there already is left as it is', async () => {
  await farm.component(1).commit({ later: '1' });
  await rm(join(lab.dir, 'source', 'server', 'README'));
  await lab.ok(['up']);
  await expect(access(join(lab.dir, 'source', 'server', 'README'))).rejects.toThrow();
});
