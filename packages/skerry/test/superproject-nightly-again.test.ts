// What a second run of `nightly` makes of what the first one made.
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Network } from '../src/superproject/network.ts';
import { nightly, type NightlyOptions } from '../src/superproject/nightly.ts';
import { reproduceNightly } from '../src/superproject/reproduce.ts';
import { updateRemote } from '../src/superproject/update-remote.ts';
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

test('a tag on the commit of an update, or of another nightly, is reproduced; its components are not tagged later', async () => {
  await using farm = await makeFarm({ components: 1 });
  farm.enter();
  const { url } = farm;
  const component = farm.component(0);
  await component.commit({ a: '1' });
  await updateRemote(quick(), { url, branch: 'main' });
  expect(await make(farm)).toMatchObject({ tag: 'main-nightly-1', tagged: [], moves: [] });
  expect(await make(farm)).toMatchObject({ status: 'unchanged', tagged: [] });
  await component.commit({ a: '2' });
  expect(await make(farm)).toMatchObject({ tag: 'main-nightly-2', tagged: ['c001'] });
  expect(await make(farm, { tag: 'beta' })).toMatchObject({ status: 'published', tagged: [] });
  expect(await make(farm, { tag: 'beta' })).toMatchObject({ status: 'existing', tagged: [] });
  for (const tag of ['main-nightly-1', 'main-nightly-2', 'beta'])
    expect(await reproduceNightly(quick(), { url, tag })).toMatchObject({ tag });
  // A title that nothing of ours writes is more than pins.
  const other = (await farm.super.git('cat-file', 'commit', 'main')).replace('Nightly ', 'Newly ');
  await writeFile(join(farm.dir, 'other'), `${other}\n`);
  const id = await farm.super.git('hash-object', '-t', 'commit', '-w', join(farm.dir, 'other'));
  await farm.super.git('tag', 'odd', id);
  await expect(reproduceNightly(quick(), { url, tag: 'odd' })).rejects.toMatchObject({
    code: 'SP_NOT_REPRODUCED',
  });
});

test('a nightly under a name of its own that was killed is finished by the next one', async () => {
  await using farm = await makeFarm({ components: 1 });
  farm.enter();
  await farm.component(0).commit({ a: '1' });
  // As a kill after the commit point leaves it.
  await make(farm, { tag: 'beta-1', tagComponents: 'none' });
  expect(await make(farm)).toMatchObject({ tagged: ['c001'] });
  expect(await farm.component(0).git('tag')).toBe('beta-1');
});

test.each(['', ' ', 'one\ntwo', 'pipeline-7 '])('the run key %j is refused', async (runKey) => {
  const told = nightly(quick(), { url: '/nowhere', branch: 'main', runKey });
  await expect(told).rejects.toMatchObject({ code: 'USAGE', exitCode: 2 });
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
