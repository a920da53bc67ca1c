// Whose configuration of git holds, and where.
import { mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test, vi } from 'vitest';
import { Network } from '../src/superproject/network.ts';
import { nightly } from '../src/superproject/nightly.ts';
import { remoteConfig } from '../src/superproject/remote-config.ts';
import { Scratch } from '../src/superproject/scratch.ts';
import { findTarget } from '../src/superproject/target.ts';
import { cloneSuper } from './support/superproject-checkout.ts';
import { makeFarm } from './support/superproject-farm.ts';

test('what a checkout says of remotes holds for all that a nightly does, and is nobody else’s to read', async () => {
  await using farm = await makeFarm({ components: 2 });
  farm.enter();
  const root = await cloneSuper(farm);
  await farm.git(root, 'config', 'url.ssh://farm.example/.insteadOf', 'work:');
  const { TMPDIR } = process.env;
  onTestFinished(() => {
    if (TMPDIR === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = TMPDIR;
  });
  process.env['TMPDIR'] = join(farm.dir, 'tmp');
  await mkdir(process.env['TMPDIR']);
  await farm.onConnect('stat -c %a tmp/*/lent-config >> modes 2>/dev/null');
  const moved = await farm.component(1).commit({ a: '1' });
  const network = new Network({ cwd: root, pauseMs: 5, tries: 1 });
  const result = await nightly(network, { url: 'work:super.git', branch: 'main' });
  expect(result).toMatchObject({ status: 'published', moves: [{ to: moved }], tagged: ['c002'] });
  const modes = (await readFile(join(farm.dir, 'modes'), 'utf8')).trim().split('\n');
  expect(new Set(modes)).toEqual(new Set(['600']));
});

test.each([
  {
    GIT_CONFIG_COUNT: '1',
    GIT_CONFIG_KEY_0: 'url.ssh://farm.example/.insteadOf',
    GIT_CONFIG_VALUE_0: 'work:',
  },
  { GIT_CONFIG_PARAMETERS: "'url.ssh://farm.example/.insteadOf'='work:'" },
])('what the environment says of remotes holds as well: %o', async (settings) => {
  await using farm = await makeFarm({ components: 2 });
  farm.enter();
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, value);
  onTestFinished(() => void vi.unstubAllEnvs());
  const moved = await farm.component(1).commit({ a: '1' });
  const network = new Network({ cwd: farm.dir, pauseMs: 5, tries: 1 });
  const result = await nightly(network, { url: 'work:super.git', branch: 'main' });
  expect(result).toMatchObject({ status: 'published', moves: [{ to: moved }], tagged: ['c002'] });
});

test('of a checkout only what is about remotes is lent, and nothing of the user twice', async () => {
  await using farm = await makeFarm({ components: 1 });
  farm.enter();
  const root = await cloneSuper(farm);
  await farm.git(root, 'config', '--global', 'http.extraHeader', 'X-Mine: 1');
  await farm.git(root, 'config', 'http.https://host.example/.extraHeader', 'X-Here: "a\\b"');
  await farm.git(root, 'config', 'core.sshCommand', 'ssh -i key');
  await farm.git(root, 'config', 'core.worktree', root);
  await using scratch = await Scratch.create();
  const elsewhere = await scratch.repository('0'.repeat(40));
  expect(await remoteConfig({ cwd: root, elsewhere })).toBe(
    '[core]\n\tsshcommand = "ssh -i key"\n[http "https://host.example/"]\n\textraheader = "X-Here: \\"a\\\\b\\""\n',
  );
});

test('git that finds no bare repositories by itself makes nightlies as well', async () => {
  await using farm = await makeFarm({ components: 2 });
  farm.enter();
  await farm.component(1).commit({ a: '1' });
  await farm.git(farm.dir, 'config', '--global', 'safe.bareRepository', 'explicit');
  const network = new Network({ pauseMs: 5, tries: 1 });
  const made = await nightly(network, { url: farm.url, branch: 'main' });
  expect(made).toMatchObject({ status: 'published', tagged: ['c002'] });
});

test('a url that is a path is one from where the command was started', async () => {
  await using farm = await makeFarm({ components: 1 });
  const urlOf = async (url: string): Promise<string> => (await findTarget(farm.dir, { url })).url;
  expect(await urlOf('./super.git')).toBe(farm.super.gitDir);
  expect(await urlOf('super.git')).toBe(farm.super.gitDir);
  for (const url of [farm.url, 'git@host:product/all.git', '/srv/all.git'])
    expect(await urlOf(url)).toBe(url);
});
