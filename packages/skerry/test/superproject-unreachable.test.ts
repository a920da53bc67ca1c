// Hosts that give out any object they have (protocol v2): a pin that no ref leads to can be had until the next garbage
// collection, and is not taken for one that stays.
import { beforeEach, afterEach, describe, expect, test } from 'vitest';
import { checkPushed } from '../src/superproject/checkout/hooks.ts';
import { danglingPins } from '../src/superproject/checkout/verify-pins.ts';
import { diagnose } from '../src/superproject/doctor/doctor.ts';
import { Network } from '../src/superproject/network.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';

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
