// Hosts that speak only protocol v0: they give out what a ref names and nothing below it, so a pin one commit below the tip
// is found by way of the refs.
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { bisect } from '../src/superproject/bisect/bisect.ts';
import { branch } from '../src/superproject/branch.ts';
import { readChangelog } from '../src/superproject/changelog/changelog.ts';
import { readLog } from '../src/superproject/changelog/superproject-log.ts';
import { remoteOnlyStatus } from '../src/superproject/checkout/status.ts';
import { danglingPins } from '../src/superproject/checkout/verify-pins.ts';
import { verifyEscrow } from '../src/superproject/escrow/verify.ts';
import { Network } from '../src/superproject/network.ts';
import { nightly, resumeNightly } from '../src/superproject/nightly.ts';
import { readBranch } from '../src/superproject/read-branch.ts';
import { Scratch } from '../src/superproject/scratch.ts';
import { verifyTag } from '../src/superproject/tag.ts';
import { pinOnRemote } from './support/superproject-checkout.ts';
import { deposit } from './support/superproject-escrow.ts';
import { type Farm, type FarmRepository, makeFarm } from './support/superproject-farm.ts';

const quick = (): Network => new Network({ pauseMs: 5, tries: 1 });
const ABSENT = '1234567890123456789012345678901234567890';

let farm: Farm;

/** Both components went on by one commit since they were pinned. */
beforeEach(async () => {
  farm = await makeFarm({ components: 2, isOldProtocol: true });
  farm.enter();
  for (const each of farm.components) await each.commit({ more: '1' });
});

afterEach(() => farm[Symbol.asyncDispose]());

const below = (of: FarmRepository): Promise<string> => of.git('rev-parse', 'main~1');

describe('a pin below the tip, over protocol v0', () => {
  test('is on its remote; one that is nowhere is not', async () => {
    const [one, two] = farm.components as [FarmRepository, FarmRepository];
    const pins = [
      { name: 'c001', path: 'c001', remote: one.url, pin: await below(one) },
      { name: 'c002', path: 'c002', remote: two.url, pin: ABSENT },
    ];
    expect(await danglingPins(quick(), pins)).toEqual([
      { ...pins[1], reason: 'its remote has no such commit' },
    ]);
  });

  test('is not missing to status, and there to tag --verify', async () => {
    await farm.super.git('tag', '-a', '-m', '1.0', '1.0', 'main');
    await using scratch = await Scratch.create();
    const found = await readBranch(quick(), scratch, { url: farm.url, branch: 'main' });
    const status = await remoteOnlyStatus(quick(), found.superproject.components, {
      branch: 'main',
    });
    expect(status.components.map(({ remote }) => remote)).toMatchObject([
      { relation: 'differs', isPinMissing: false },
      { relation: 'differs', isPinMissing: false },
    ]);
    const { components } = await verifyTag(quick(), { url: farm.url, name: '1.0' });
    expect(components).toMatchObject([{ isThere: true }, { isThere: true }]);
    expect(components.some(({ error }) => error)).toBe(false);
  });

  test('goes into a deposit, also where the release is no tip any more', async () => {
    await farm.super.git('tag', '-a', '-m', '1.0', '1.0', 'main');
    const release = await farm.super.tip();
    await farm.super.commit({ README: 'later' });
    for (const ref of ['1.0', release]) {
      const { dir } = await deposit(farm, ref, `deposit-${ref}`);
      expect((await verifyEscrow(dir)).damaged).toEqual([]);
    }
  });

  test('is found by bisect, log and changelog', async () => {
    await farm.super.git('tag', 'v0', 'main');
    const bad = await farm.component(0).commit({ state: 'broken\n' });
    await farm.component(0).commit({ n: '1' });
    const moved = await pinOnRemote(farm, { c001: await below(farm.component(0)) });
    await farm.super.commit({ README: 'later' });
    await farm.super.git('tag', 'v1', 'main');
    await farm.super.commit({ README: 'latest' });
    const cache = process.env['SKERRY_CACHE_DIR'];
    process.env['SKERRY_CACHE_DIR'] = join(farm.dir, 'cache');
    const origin = { url: farm.url, root: undefined };
    const command = ['sh', '-c', '! grep -qs broken c001/state'];
    const found = await bisect(quick(), origin, { good: 'v0', bad: moved, command }).finally(() => {
      if (cache === undefined) delete process.env['SKERRY_CACHE_DIR'];
      else process.env['SKERRY_CACHE_DIR'] = cache;
    });
    expect(found).toMatchObject({ bad: { id: moved }, commit: { id: bad } });
    const entries = await readLog(quick(), origin, { from: 'v0', to: moved });
    expect(entries.map(({ id }) => id)).toEqual([moved]);
    const changes = await readChangelog(quick(), origin, { from: 'v0', to: moved });
    expect(JSON.stringify(changes)).toContain(bad);
  });

  test('an older nightly is finished, and a release branch begins at it', async () => {
    await nightly(quick(), { url: farm.url, branch: 'main' });
    const first = await farm.super.tip();
    await farm.component(0).commit({ more: '2' });
    await nightly(quick(), { url: farm.url, branch: 'main' });
    await farm.component(0).commit({ more: '3' });
    const options = { url: farm.url, branch: 'main', tag: 'main-nightly-1' };
    expect(await resumeNightly(quick(), options)).toMatchObject({ created: [] });
    const made = await branch(quick(), { url: farm.url, name: '3.11', from: 'main-nightly-1' });
    expect(made).toMatchObject({ status: 'published', from: first });
    await mkdir(join(farm.dir, 'x'));
    await farm.git(farm.dir, 'clone', '-q', '--recursive', '-b', '3.11', farm.url, 'x/clone');
  });

  test('a branch that goes on, or back, while a nightly reads it is judged all the same', async () => {
    const [one] = farm.components as [FarmRepository];
    const tip = await one.tip();
    const options = { url: farm.url, branch: 'main', only: ['c001'] };
    const atThird = (shell: string): Promise<void> =>
      farm.onConnect(
        `case "$command $repository" in "upload-pack ./c001.git") if [ $(grep -c "$command $repository" connections.log) -eq 3 ]; then ${shell}; fi;; esac`,
      );
    const next = await one.commit({ late: '1' }, { branch: 'late', from: tip });
    await farm.forget();
    await atThird(`git -C c001.git update-ref refs/heads/main ${next}`);
    expect(await nightly(quick(), options)).toMatchObject({
      status: 'published',
      moves: [{ to: tip, isRewound: false }],
    });
  });
});
