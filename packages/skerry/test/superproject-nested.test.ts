// Components of components: their pins are part of what is published, verified and kept.
import { describe, expect, test } from 'vitest';
import { branch } from '../src/superproject/branch.ts';
import { mend } from '../src/superproject/doctor/doctor.ts';
import { Network } from '../src/superproject/network.ts';
import { nightly } from '../src/superproject/nightly.ts';
import { tag, verifyTag } from '../src/superproject/tag.ts';
import { cloneSuper, nest, pinOnRemote } from './support/superproject-checkout.ts';
import { type Farm, type FarmRepository, makeFarm } from './support/superproject-farm.ts';

const quick = (): Network => new Network({ pauseMs: 5, tries: 2 });
const STAMP = { identity: 'Release <release@example.org>', seconds: 1_700_009_999 };
const keepOf = (pin: string): string => `refs/superproject/pins/${pin}`;

/** A farm whose first component has the second one in it, at a commit of a topic branch. */
async function nestedFarm(): Promise<{
  farm: Farm;
  outer: FarmRepository;
  inner: FarmRepository;
  pin: string;
}> {
  const farm = await makeFarm({ components: 3 });
  farm.enter();
  const [outer, inner] = [farm.component(0), farm.component(1)];
  const pin = await inner.commit({ deep: '1' }, { branch: 'topic', from: await inner.tip() });
  await nest(outer, inner, pin);
  return { farm, outer, inner, pin };
}

/** What was on a branch and nowhere else is gone. */
async function lose(repository: FarmRepository, name: string): Promise<void> {
  await repository.git('branch', '-D', name);
  await repository.git('-c', 'gc.pruneExpire=now', 'gc', '--quiet', '--prune=now');
}

describe('the pin of a component of a component', () => {
  test('that its remote refuses to keep is looked at by each nightly; the outer one is kept', async () => {
    const { farm, outer, inner, pin } = await nestedFarm();
    await using _ = farm;
    const options = { url: farm.url, branch: 'main' };
    await farm.onConnect(
      'case "$command $repository" in receive-pack*c002*) echo "ERROR: Permission to c002 denied to me." >&2; exit 1;; esac',
    );
    const first = await nightly(quick(), options);
    expect(first.warnings).toContainEqual(expect.stringMatching(/^c001\/inner: .*denied/));
    expect(await outer.git('rev-parse', keepOf(await outer.tip()))).toBe(await outer.tip());
    await farm.onConnect('');
    await farm.component(2).commit({ a: '1' });
    expect((await nightly(quick(), options)).warnings).toEqual([]);
    expect(await inner.git('rev-parse', keepOf(pin))).toBe(pin);
  });

  test('is fetched and kept once, however many components have it', async () => {
    const { farm, inner, pin } = await nestedFarm();
    await using _ = farm;
    await nest(farm.component(2), inner, pin);
    await farm.forget();
    await nightly(quick(), { url: farm.url, branch: 'main' });
    const asked = (await farm.connections()).filter((line) => line.includes('c002'));
    // Its own pin and the one in the others: fetched and kept, after two reads.
    expect(asked.filter((line) => line.startsWith('receive-pack'))).toHaveLength(2);
    expect(asked.filter((line) => line.startsWith('upload-pack'))).toHaveLength(4);
    expect(await inner.git('rev-parse', keepOf(pin))).toBe(pin);
  });

  test('is in the plans of a tag and a branch; one that is gone is refused by them as by the run', async () => {
    const { farm, inner, pin } = await nestedFarm();
    await using _ = farm;
    const { url } = farm;
    await farm.super.commit({ note: '1' }, { pins: { c001: await farm.component(0).tip() } });
    const plans = [
      (dryRun: boolean) => tag(quick(), { url, name: '1.0', from: 'main', stamp: STAMP, dryRun }),
      (dryRun: boolean) => branch(quick(), { url, name: '1.x', from: 'main', dryRun }),
    ];
    for (const plan of plans)
      expect((await plan(true)).commands.filter((each) => each.includes(pin))).toEqual([
        `git push --quiet --no-thin -- ${inner.url} ${pin}:${keepOf(pin)}`,
      ]);
    await lose(inner, 'topic');
    for (const plan of plans)
      for (const dryRun of [true, false])
        await expect(plan(dryRun)).rejects.toMatchObject({ code: 'SP_NESTED_PIN', exitCode: 3 });
  });

  test('that is lost, or kept by nothing, is found by tag --verify', async () => {
    const { farm, inner } = await nestedFarm();
    await using _ = farm;
    const { url } = farm;
    await farm.super.commit({ note: '1' }, { pins: { c001: await farm.component(0).tip() } });
    await farm.super.git('tag', '-a', '-m', '1.0', '1.0', 'main');
    const verified = async (): Promise<unknown> =>
      (await verifyTag(quick(), { url, name: '1.0' })).components[0];
    expect(await verified()).toMatchObject({ isReachable: true });
    await inner.git('branch', '-D', 'topic');
    const error = { code: 'SP_PIN_DANGLING', data: { path: 'c001/inner' } };
    expect(await verified()).toMatchObject({ isThere: true, isReachable: false, error });
    await inner.git('-c', 'gc.pruneExpire=now', 'gc', '--quiet', '--prune=now');
    const lost = { code: 'SP_NESTED_PIN', data: { about: 'c001/inner' } };
    expect(await verified()).toMatchObject({ isThere: true, isReachable: false, error: lost });
  });

  test('is not proven by the ref that doctor gives the outer one: the next nightly keeps it', async () => {
    const { farm, outer, inner, pin } = await nestedFarm();
    await using _ = farm;
    await pinOnRemote(farm, { c001: await outer.tip() });
    const root = await cloneSuper(farm);
    await outer.commit({ other: '1' }, { from: await outer.git('rev-parse', 'main~1') });
    const { fixed } = await mend(quick(), { at: { root } });
    expect(fixed).toMatchObject([{ pain: 'pain-2', path: 'c001' }]);
    await nightly(quick(), { url: farm.url, branch: 'main', only: ['c002'] });
    expect(await inner.git('rev-parse', keepOf(pin))).toBe(pin);
  });

  test('with update = none is nothing that stock git fetches', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    const [outer, inner] = [farm.component(0), farm.component(1)];
    await nest(outer, inner, '1234567890123456789012345678901234567890', '\tupdate = none\n');
    const options = { url: farm.url, branch: 'main' };
    expect(await nightly(quick(), options)).toMatchObject({ status: 'published', warnings: [] });
    await farm.git(farm.dir, 'clone', '-q', '--recursive', farm.url, 'fresh');
  });
});

test('a pin that another runner kept a moment before is kept', async () => {
  await using farm = await makeFarm({ components: 1 });
  farm.enter();
  const pin = await farm.component(0).commit({ a: '1' });
  // What git says since 2.48; ours says that it cannot lock the ref, and is asked again.
  await farm.onConnect(
    `case "$command $repository" in receive-pack*c001*) git -C c001.git update-ref ${keepOf(pin)} ${pin}; echo "error: reference already exists" >&2; exit 1;; esac`,
  );
  const options = { url: farm.url, branch: 'main', tagComponents: 'none' } as const;
  expect(await nightly(quick(), options)).toMatchObject({ status: 'published', warnings: [] });
});

describe('two components that are one repository', () => {
  async function shared(pins: (farm: Farm) => Promise<string[]>): Promise<Farm> {
    const farm = await makeFarm({ components: 2 });
    farm.enter();
    const [one = '', two = ''] = await pins(farm);
    const section = (name: string): string =>
      `[submodule "${name}"]\n\tpath = ${name}\n\turl = ../c001.git\n\tbranch = main\n`;
    await farm.super.commit(
      { '.gitmodules': section('c001') + section('c002') },
      { pins: { c001: one, c002: two } },
    );
    return farm;
  }

  test('at other pins: a branch of both is refused before anything is made, and made with --except', async () => {
    await using farm = await shared(async ({ components: [one] }) => [
      (await one?.tip()) ?? '',
      (await one?.git('rev-parse', 'main~1')) ?? '',
    ]);
    const options = { url: farm.url, name: '3.11', from: 'main' };
    await expect(branch(quick(), options)).rejects.toMatchObject({
      errors: [{ code: 'SP_BRANCH_SHARED', exitCode: 3 }],
    });
    expect(await farm.component(0).git('branch', '--list', '3.11')).toBe('');
    const except = new Map([['c002', 'main']]);
    expect(await branch(quick(), { ...options, except })).toMatchObject({ status: 'published' });
  });

  test('at one pin: the branch is made once', async () => {
    await using farm = await shared(async ({ components: [one] }) => {
      const tip = (await one?.tip()) ?? '';
      return [tip, tip];
    });
    const options = { url: farm.url, name: '3.11', from: 'main' };
    expect(await branch(quick(), options)).toMatchObject({ status: 'published' });
  });
});
