// Hosts that give out any object they have (protocol v2): a pin that no ref leads to can be had until the next garbage
// collection, and is not taken for one that stays.
import { beforeEach, afterEach, describe, expect, test } from 'vitest';
import { checkPushed } from '../src/superproject/checkout/hooks.ts';
import { danglingPins } from '../src/superproject/checkout/verify-pins.ts';
import { diagnose, mend } from '../src/superproject/doctor/doctor.ts';
import { Network } from '../src/superproject/network.ts';
import { verifyTag } from '../src/superproject/tag.ts';
import { type Farm, type FarmRepository, makeFarm } from './support/superproject-farm.ts';
import { sp } from './support/superproject-sp.ts';

const quick = (): Network => new Network({ pauseMs: 5, tries: 1 });
const LOOSE = 'it is on no branch or tag of its remote';

let farm: Farm;
let pin: string;

/** The first component was force-pushed since it was pinned; nobody has a clone. */
beforeEach(async () => {
  farm = await makeFarm({ components: 2 });
  farm.enter();
  const one = farm.component(0);
  pin = await one.tip();
  await one.commit({ other: 'x' }, { from: await one.git('rev-parse', 'main~1') });
  await farm.component(1).commit({ more: '1' });
});

afterEach(() => farm[Symbol.asyncDispose]());

const asked = (): { name: string; path: string; remote: string; pin: string } => ({
  ...{ name: 'c001', path: 'c001', pin },
  remote: farm.component(0).url,
});

describe('a pin that was force-pushed away, without a clone', () => {
  test('is refused by the hook, and a problem to doctor', async () => {
    const commits = [await farm.super.tip()];
    const question = { dir: farm.super.gitDir, commits, url: farm.url };
    await expect(checkPushed(quick(), question)).rejects.toMatchObject({
      errors: [{ code: 'SP_PIN_DANGLING', data: { path: 'c001', reason: LOOSE } }],
    });
    const { findings } = await diagnose(quick(), { at: { url: farm.url }, branch: 'main' });
    expect(findings).toMatchObject([{ pain: 'pain-2', level: 'problem', path: 'c001' }]);
    // doctor --fix brings it to stay, from nothing but what the remote still gives.
    const mended = await mend(quick(), { at: { url: farm.url }, branch: 'main' });
    expect(mended).toMatchObject({ fixed: [{ path: 'c001' }], findings: [], errors: [] });
    const one = farm.component(0);
    await one.git('gc', '--quiet', '--prune=now');
    await farm.git(farm.dir, 'clone', '-q', '--recursive', farm.url, 'fresh');
    expect(await checkPushed(quick(), question)).toBe(2);
  });

  test('is kept by nothing to tag --verify', async () => {
    await farm.super.git('tag', '-a', '-m', '1.0', '1.0', 'main');
    const { components } = await verifyTag(quick(), { url: farm.url, name: '1.0' });
    expect(components).toMatchObject([
      { name: 'c001', isThere: true, isReachable: false },
      { name: 'c002', isThere: true, isReachable: true },
    ]);
    const said = await sp(farm.dir, 'tag', '1.0', '--verify', '--url', farm.url);
    expect(said).toMatchObject({ code: 1, stdout: expect.stringMatching(/c001 .* by nothing/) });
  });

  test('one on the branch it was pinned from costs three connections, and no other history', async () => {
    const [, two] = farm.components as [FarmRepository, FarmRepository];
    await two.git('branch', 'dev', 'main');
    await two.commit(
      { other: '1' },
      { branch: 'main', from: await two.git('rev-parse', 'main~2') },
    );
    const network = quick();
    const question = { name: 'c002', path: 'c002', remote: two.url, branch: 'dev' };
    const below = await two.git('rev-parse', 'dev~1');
    expect(await danglingPins(network, [{ ...question, pin: below }])).toEqual([]);
    expect(network.connections).toBe(3);
    // On another branch than that: all are looked at.
    const pins = [{ ...question, pin: below, branch: 'main' }];
    expect(await danglingPins(quick(), pins)).toEqual([]);
  });

  test('is none while another branch, a tag or a keep ref leads to it', async () => {
    const one = farm.component(0);
    const ask = () => danglingPins(quick(), [asked()]);
    expect(await ask()).toMatchObject([{ reason: LOOSE }]);
    const later = await one.git('commit-tree', '-p', pin, '-m', 'later', `${pin}^{tree}`);
    for (const ref of ['refs/heads/3.11', 'refs/tags/3.11.2']) {
      await one.git('update-ref', ref, later);
      expect(await ask()).toEqual([]);
      await one.git('update-ref', '-d', ref);
    }
    await one.git('update-ref', `refs/superproject/pins/${pin}`, pin);
    expect(await ask()).toEqual([]);
  });
});
