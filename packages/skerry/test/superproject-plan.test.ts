// --dry-run: what is printed is what would be run, and nothing changes.
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { Network } from '../src/superproject/network.ts';
import { nightly } from '../src/superproject/nightly.ts';
import { tag } from '../src/superproject/tag.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';
import { sp } from './support/superproject-sp.ts';

const quick = (): Network => new Network({ pauseMs: 5, tries: 1 });
const STAMP = { identity: 'Release <release@example.org>', seconds: 1_700_009_999 };

/** All refs of all repositories of the farm. */
const refsOf = async ({ super: all, components }: Farm): Promise<string> =>
  (await Promise.all([all, ...components].map((each) => each.git('for-each-ref')))).join('\n');

/** A push to this component works but for tags, until they are allowed. */
async function refuseTags(farm: Farm, index: number): Promise<void> {
  const hooks = join(farm.component(index).gitDir, 'hooks');
  await mkdir(hooks, { recursive: true });
  const script =
    '#!/bin/sh\ncase $1 in refs/tags/*) [ -e ../tags-ok ] || { echo no >&2; exit 1; };; esac\n';
  await writeFile(join(hooks, 'update'), script, { mode: 0o755 });
}

const allowTags = (farm: Farm): Promise<void> => writeFile(join(farm.dir, 'tags-ok'), '');

/** The pushes of a plan as `object:ref`. */
const pushed = (stdout: string): string[] =>
  stdout.split('\n').flatMap((line) => / git push .* (\S+)$/.exec(line)?.[1] ?? []);

describe('a dry run pushes no tags', () => {
  test('nightly --resume --dry-run prints the pushes, which then are what is done', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    await farm.component(0).commit({ a: '1' });
    await refuseTags(farm, 0);
    const options = { url: farm.url, branch: 'main' };
    await expect(nightly(quick(), options)).rejects.toMatchObject({ code: 'SP_PARTIAL' });
    await allowTags(farm);
    const before = await refsOf(farm);
    const words = ['nightly', '--resume', '--url', farm.url, '--branch', 'main'];
    const plan = await sp(farm.dir, ...words, '--dry-run');
    expect(plan.code).toBe(0);
    expect(await refsOf(farm)).toBe(before);
    const [only = '', ...more] = pushed(plan.stdout);
    expect(more).toEqual([]);
    expect(only).toMatch(/^[0-9a-f]{40}:refs\/tags\/main-nightly-1$/);
    const json = await sp(farm.dir, ...words, '--dry-run', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      tag: 'main-nightly-1',
      created: [],
      commands: [expect.stringContaining(only)],
    });
    expect((await sp(farm.dir, ...words)).code).toBe(0);
    const made = await farm.component(0).git('rev-parse', 'refs/tags/main-nightly-1');
    expect(`${made}:refs/tags/main-nightly-1`).toBe(only);
    const again = await sp(farm.dir, ...words, '--dry-run');
    expect(again.stdout).toBe('main-nightly-1 is complete.\n');
  });

  test('tag --sync --dry-run does so too, and refuses what the sync would', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    await tag(quick(), { url: farm.url, name: '1.0', from: 'main', stamp: STAMP });
    const before = await refsOf(farm);
    const words = ['tag', '1.0', '--sync', '--url', farm.url];
    const plan = await sp(farm.dir, ...words, '--dry-run');
    expect(plan.code).toBe(0);
    expect(await refsOf(farm)).toBe(before);
    const planned = pushed(plan.stdout);
    expect(planned).toHaveLength(2);
    await farm.component(0).git('tag', '1.0', 'main~1');
    expect(await sp(farm.dir, ...words, '--dry-run')).toMatchObject({
      code: 3,
      stderr: expect.stringContaining('c001'),
    });
    await farm.component(0).git('tag', '-d', '1.0');
    expect((await sp(farm.dir, ...words)).code).toBe(0);
    const made = await Promise.all(
      farm.components.map((each) => each.git('rev-parse', 'refs/tags/1.0')),
    );
    expect(planned.toSorted()).toEqual(made.map((id) => `${id}:refs/tags/1.0`).toSorted());
  });
});
