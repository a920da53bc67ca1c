// The command as CI jobs see it: exit codes, JSON on stdout, errors with a next step.
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Farm, makeFarm } from './support/superproject-farm.ts';
import type { Said } from './support/run-skerry.ts';
import { sp as spIn } from './support/superproject-sp.ts';

let farm: Farm;
beforeAll(async () => {
  farm = await makeFarm();
  farm.enter();
});
afterAll(() => farm[Symbol.asyncDispose]());

const sp = (...words: string[]): Promise<Said> => spIn(farm.dir, ...words);

const here = (): string[] => ['--url', farm.url, '--branch', 'main'];

test('0: a nightly, and one with nothing to do; JSON says which', async () => {
  await farm.component(0).commit({ a: '1' });
  const made = await sp('nightly', ...here(), '--json');
  expect(made.code).toBe(0);
  expect(JSON.parse(made.stdout)).toMatchObject({ status: 'published', tag: 'main-nightly-1' });
  const again = await sp('nightly', ...here());
  expect(again).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/^Nothing moved since .*The last nightly is main-nightly-1\.\n$/),
    stderr: '',
  });
});

test('a dry run prints the pushes, in which every object is named, and changes nothing', async () => {
  await farm.component(0).commit({ a: '2' });
  const before = await farm.super.git('for-each-ref');
  const { code, stdout } = await sp('nightly', ...here(), '--dry-run');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^main-nightly-2 {2}[0-9a-f]{12} {2}would be published/);
  // The pin's keep ref, the nightly, and the component's tag.
  expect(stdout.match(/git push .*/g)).toHaveLength(3);
  expect(stdout).toMatch(/c001\.git [0-9a-f]{40}:refs\/tags\/main-nightly-2$/m);
  expect(await farm.super.git('for-each-ref')).toBe(before);
});

test('1: drift, when asked for; 0 without', async () => {
  const words = ['status', '--url', farm.url, '--branch', 'main'];
  expect((await sp(...words, '--exit-code')).code).toBe(1);
  expect((await sp(...words)).code).toBe(0);
});

test('2: usage, with the help to read', async () => {
  const noBranch = await sp('nightly', '--url', farm.url);
  expect(noBranch.code).toBe(2);
  expect(noBranch.stderr).toContain('--branch NAME');
  expect((await sp('nightly', ...here(), '--tag-components', 'some')).code).toBe(2);
  expect((await sp('nightl')).code).toBe(2);
  expect((await sp('nightly', ...here(), '--jobs', '0')).stderr).toContain('--jobs');
  const inNothing = await sp('nightly');
  expect(inNothing).toMatchObject({ code: 2, stderr: expect.stringContaining('--url') });
});

test('3: refused by a rule, and all refusals at once', async () => {
  for (const index of [0, 1]) {
    const component = farm.component(index);
    await component.commit({ other: 'x' }, { from: `${await component.tip()}~2` });
  }
  const { code, stderr } = await sp('nightly', ...here());
  expect(code).toBe(3);
  expect(stderr.match(/error: c00[12]: its branch 'main' went from/g)).toHaveLength(2);
  expect((await sp('nightly', ...here(), '--allow-rewind')).code).toBe(0);
});

test('4: a network failure that may pass, with the words of ssh', async () => {
  await farm.onConnect(
    'echo "kex_exchange_identification: Connection reset by peer" >&2; exit 255',
  );
  const { code, stdout } = await sp('nightly', ...here(), '--json');
  await farm.onConnect('');
  expect(code).toBe(4);
  expect(JSON.parse(stdout)).toMatchObject({ errors: [{ code: 'SP_TRANSIENT' }] });
  expect(stdout).toContain('kex_exchange_identification');
});

test('5: published, but a component takes no tag; the command in the hint goes on', async () => {
  const component = farm.component(2);
  await component.commit({ a: '5' });
  const hook = join(component.gitDir, 'hooks', 'update');
  await mkdir(join(component.gitDir, 'hooks'), { recursive: true });
  await writeFile(
    hook,
    '#!/bin/sh\ncase $1 in refs/tags/*) echo "no tags on Fridays" >&2; exit 1;; esac\n',
  );
  await chmod(hook, 0o755);
  const { code, stderr } = await sp('nightly', ...here());
  expect(code).toBe(5);
  expect(stderr).toContain('no tags on Fridays');
  const [, hint = ''] = /go on from there with: skerry superproject (.*)\n/.exec(stderr) ?? [];
  await chmod(hook, 0o644);
  expect((await sp(...hint.split(' '), '--url', farm.url)).code).toBe(0);
  const tags = await component.git('tag', '--points-at', 'main');
  expect(tags).toMatch(/main-nightly-\d+/);
});

test('5: a release branch that one component does not take; the same command goes on', async () => {
  const hook = join(farm.component(1).gitDir, 'hooks', 'update');
  await mkdir(join(farm.component(1).gitDir, 'hooks'), { recursive: true });
  await writeFile(hook, '#!/bin/sh\ncase $1 in refs/heads/*) exit 1;; esac\n');
  await chmod(hook, 0o755);
  const words = ['branch', '3.11', '--url', farm.url, '--from', 'main'];
  const { code, stderr } = await sp(...words);
  expect(code).toBe(5);
  expect(stderr).toContain("'3.11' could not be made in 1 of 3 components");
  expect(await farm.super.git('branch', '--list', '3.11')).toBe('');
  await chmod(hook, 0o644);
  expect((await sp(...words)).code).toBe(0);
});
