// What a CI job learns from the exit code, and what is said with it.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Network } from '../src/superproject/network.ts';
import { nightly } from '../src/superproject/nightly.ts';
import { tag } from '../src/superproject/tag.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';
import { sp } from './support/superproject-sp.ts';

const quick = (): Network => new Network({ pauseMs: 5, tries: 1 });
const STAMP = { identity: 'Release <release@example.org>', seconds: 1_700_009_999 };

let farm: Farm;

beforeEach(async () => {
  farm = await makeFarm({ components: 2 });
  farm.enter();
});

afterEach(() => farm[Symbol.asyncDispose]());

const dropping = (repository: string): string =>
  `case "$repository" in *${repository}*) echo 'kex_exchange_identification: Connection reset by peer' >&2; exit 255;; esac`;

test('4: remotes that are not reached are no drift and no bad tag; 1 once something else differs', async () => {
  await tag(quick(), { url: farm.url, name: '1.0', from: 'main', stamp: STAMP, components: true });
  await farm.onConnect(dropping('c002'));
  const status = ['status', '--url', farm.url, '--branch', 'main', '--exit-code'];
  const verify = ['tag', '1.0', '--verify', '--url', farm.url];
  expect((await sp(farm.dir, ...status)).code).toBe(4);
  expect(await sp(farm.dir, ...verify)).toMatchObject({
    code: 4,
    stdout: expect.stringContaining('not reached'),
  });
  await farm.component(0).git('tag', '-f', '1.0', 'main~1');
  expect((await sp(farm.dir, ...verify)).code).toBe(1);
});

test('--jobs holds for log and status --coupling as well', async () => {
  const about = ['--url', farm.url, '--jobs', '0'];
  for (const words of [['log'], ['status', '--coupling']])
    expect(await sp(farm.dir, ...words, ...about)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--jobs'),
    });
});

describe('tags', () => {
  const release = { name: '1.0', from: 'main', stamp: STAMP, components: true };

  test('another runner that tags the same commit at another time is no conflict', async () => {
    // Right before the push that makes the tag.
    const make = 'git -C super.git tag -a -m theirs 1.0 main';
    await farm.onConnect(
      `case "$command$repository" in receive-pack./super.git) ${make} 2> /dev/null;; esac`,
    );
    const commit = await farm.super.tip();
    const result = await tag(quick(), { ...release, url: farm.url });
    expect(result).toMatchObject({ status: 'existing', commit, tagged: ['c001', 'c002'] });
  });

  test('on another commit it is one, and that commit is named', async () => {
    const other = await farm.super.commit({ README: '1' }, { branch: 'other' });
    const make = 'git -C super.git tag -a -m theirs 1.0 other';
    await farm.onConnect(
      `case "$command$repository" in receive-pack./super.git) ${make} 2> /dev/null;; esac`,
    );
    await expect(tag(quick(), { ...release, url: farm.url })).rejects.toMatchObject({
      code: 'SP_TAG_EXISTS',
      message: expect.stringContaining(`on ${other.slice(0, 12)}`),
    });
  });

  test('what is published, and who lacks its part, is counted right', async () => {
    const refuse = async (index: number): Promise<void> => {
      const hooks = join(farm.component(index).gitDir, 'hooks');
      await mkdir(hooks, { recursive: true });
      const script = '#!/bin/sh\ncase $1 in refs/tags/*) echo no >&2; exit 1;; esac\n';
      await writeFile(join(hooks, 'update'), script, { mode: 0o755 });
    };
    const options = { url: farm.url, branch: 'main' };
    await farm.component(0).commit({ a: '1' });
    await refuse(0);
    await expect(nightly(quick(), options)).rejects.toThrow(
      /^'main-nightly-1' is published, but 1 component did not get its part:/,
    );
    await refuse(1);
    await farm.component(1).commit({ a: '1' });
    await expect(nightly(quick(), options)).rejects.toThrow(
      /^'main-nightly-1' and 'main-nightly-2' are published, but 2 components did not get their part:/,
    );
  });
});
