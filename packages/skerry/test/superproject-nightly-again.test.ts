// What a second run of `nightly` makes of what the first one made.
import { expect, test } from 'vitest';
import { Network } from '../src/superproject/network.ts';
import { nightly, type NightlyOptions } from '../src/superproject/nightly.ts';
import { reproduceNightly } from '../src/superproject/reproduce.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';
import { sp } from './support/superproject-sp.ts';

const quick = (): Network => new Network({ pauseMs: 5, tries: 1 });

const make = (farm: Farm, options: Partial<NightlyOptions> = {}) =>
  nightly(quick(), { url: farm.url, branch: 'main', ...options });

/** All refs of all repositories of the farm. */
const refsOf = async ({ super: all, components }: Farm): Promise<string> =>
  (await Promise.all([all, ...components].map((each) => each.git('for-each-ref')))).join('\n');

test('the same --tag again is that nightly, until something moved', async () => {
  await using farm = await makeFarm({ components: 2 });
  farm.enter();
  const moved = await farm.component(0).commit({ a: '1' });
  const first = await make(farm, { tag: 'beta-1' });
  expect(first).toMatchObject({ status: 'published', tagged: ['c001'] });
  const before = await refsOf(farm);
  const again = { status: 'existing', tag: 'beta-1', commit: first.commit, moves: [], tagged: [] };
  expect(await make(farm, { tag: 'beta-1' })).toMatchObject(again);
  expect(await make(farm, { tag: 'beta-1', dryRun: true })).toMatchObject({
    ...again,
    commands: [],
  });
  const said = await sp(farm.dir, 'nightly', '--url', farm.url, '-b', 'main', '--tag', 'beta-1');
  expect(said).toMatchObject({
    code: 0,
    stdout: `beta-1  ${first.commit.slice(0, 12)}  made before, and nothing moved since\n`,
  });
  expect(await refsOf(farm)).toBe(before);
  // What a killed run left of it is done.
  await farm.component(0).git('tag', '-d', 'beta-1');
  expect(await make(farm, { tag: 'beta-1' })).toMatchObject({ ...again, tagged: ['c001'] });
  expect(await farm.component(0).git('rev-parse', 'beta-1^{}')).toBe(moved);
  await farm.component(1).commit({ a: '1' });
  await expect(make(farm, { tag: 'beta-1' })).rejects.toMatchObject({ code: 'SP_TAG_EXISTS' });
  await make(farm);
  await expect(make(farm, { tag: 'beta-1' })).rejects.toMatchObject({ code: 'SP_TAG_EXISTS' });
});

test('a nightly that tags a commit made by hand is told from one that is not what it says', async () => {
  await using farm = await makeFarm({ components: 1 });
  farm.enter();
  const [root, byHand] = ['main-nightly-1', 'main-nightly-2'];
  expect(await make(farm)).toMatchObject({ tag: root });
  await farm.super.commit({ README: 'x' });
  expect(await make(farm)).toMatchObject({ tag: byHand });
  for (const tag of [root, byHand])
    await expect(reproduceNightly(quick(), { url: farm.url, tag })).rejects.toMatchObject({
      code: 'SP_NOT_MADE',
      exitCode: 3,
      message: expect.stringMatching(`^'${tag}' is on [0-9a-f]{40}, which no nightly made`),
    });
});
