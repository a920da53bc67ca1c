import { execFileSync } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { branch } from '../src/superproject/branch.ts';
import { fetchPin } from '../src/superproject/fetch-pin.ts';
import { Network } from '../src/superproject/network.ts';
import { nightly, type NightlyOptions, resumeNightly } from '../src/superproject/nightly.ts';
import { readComponents } from '../src/superproject/read-superproject.ts';
import { Scratch } from '../src/superproject/scratch.ts';
import { tag } from '../src/superproject/tag.ts';
import { updateRemote } from '../src/superproject/update-remote.ts';
import { gitmodulesOf, pinOnRemote } from './support/superproject-checkout.ts';
import { type Farm, type FarmOptions, makeFarm } from './support/superproject-farm.ts';

const quick = (): Network => new Network({ pauseMs: 5, tries: 1 });

async function farmWith(options: FarmOptions = { components: 2 }): Promise<Farm> {
  const farm = await makeFarm(options);
  farm.enter();
  return farm;
}

const make = (farm: Farm, options: Partial<NightlyOptions> = {}) =>
  nightly(quick(), { url: farm.url, branch: 'main', ...options });

const refusing = (component: string): string =>
  `case "$command $repository" in receive-pack*${component}*) echo 'fatal: disk full' >&2; exit 1;; esac`;

/** All refs of all repositories of the farm. */
const refsOf = async ({ super: all, components }: Farm): Promise<string> =>
  (await Promise.all([all, ...components].map((each) => each.git('for-each-ref')))).join('\n');

/** A push to this component works but for tags. */
async function refuseTags(farm: Farm, index: number): Promise<void> {
  const hook = join(farm.component(index).gitDir, 'hooks');
  execFileSync('mkdir', ['-p', hook]);
  const script =
    '#!/bin/sh\ncase $1 in refs/tags/*) [ -e ../tags-ok ] || { echo no >&2; exit 1; };; esac\n';
  await writeFile(join(hook, 'update'), script, { mode: 0o755 });
}

const allowTags = (farm: Farm): Promise<void> => writeFile(join(farm.dir, 'tags-ok'), '');

describe('a nightly that is repeated or gone on with', () => {
  test('the printed command has the options of the first one, quoted', async () => {
    await using farm = await farmWith();
    await farm.component(0).commit({ a: '1' });
    await refuseTags(farm, 0);
    const failed = await make(farm, { tagComponents: 'all' }).catch((error: unknown) => error);
    expect(failed).toMatchObject({
      code: 'SP_PARTIAL',
      hint: expect.stringContaining(
        `nightly --resume --url ${farm.url} --branch main --tag-components all --tag main-nightly-1`,
      ),
    });
    await farm.onConnect(refusing('c002'));
    const identity = "O'Hara <o@example.org>";
    const options = { url: farm.url, name: '3.11', from: 'main', identity, inherit: true };
    await expect(branch(quick(), options)).rejects.toMatchObject({
      code: 'SP_BRANCH_PARTIAL',
      hint: expect.stringContaining(String.raw`--inherit --identity 'O'\''Hara <o@example.org>'`),
    });
  });

  test('a tag that a component has for something else is left out by all three ways', async () => {
    await using farm = await farmWith();
    await farm.component(0).git('tag', 'main-nightly-1', 'main~1');
    await farm.component(0).commit({ a: '1' });
    const taken = [expect.stringMatching(/c001.*main-nightly-1/)];
    expect(await make(farm, { runKey: 'k' })).toMatchObject({ tagged: [], warnings: taken });
    expect(await make(farm, { runKey: 'k' })).toMatchObject({
      status: 'existing',
      warnings: taken,
    });
    const resumed = await resumeNightly(quick(), { url: farm.url, branch: 'main' });
    expect(resumed).toMatchObject({ created: [], leftOut: [{ name: 'c001' }] });
  });

  test('two components that are one repository at different pins: one has the tag, or it is refused before', async () => {
    await using farm = await farmWith();
    const one = farm.component(0);
    await one.git('branch', 'other', 'main~1');
    const modules = gitmodulesOf([
      one,
      { ...one, name: 'twin', path: 'twin', branch: 'other', url: '../c001.git' },
    ]);
    const old = await one.git('rev-parse', 'main~2');
    await pinOnRemote(farm, { c001: old, twin: old, c002: undefined }, modules);
    const before = await refsOf(farm);
    await expect(make(farm, { tag: 'x' })).rejects.toMatchObject({
      errors: [{ code: 'SP_TAG_SHARED', exitCode: 3 }],
    });
    expect(await refsOf(farm)).toBe(before);
    const made = await make(farm);
    expect(made).toMatchObject({ tagged: ['c001'], warnings: [expect.stringContaining('twin')] });
    const resumed = await resumeNightly(quick(), { url: farm.url, branch: 'main' });
    expect(resumed).toMatchObject({ already: ['c001'], leftOut: [{ name: 'twin' }] });
    const stamp = { identity: 'R <r@example.org>', seconds: 1_700_009_999 };
    const release = { url: farm.url, name: '1.0', from: 'main', stamp, components: true };
    await expect(tag(quick(), release)).rejects.toMatchObject({
      errors: [{ code: 'SP_TAG_SHARED' }],
    });
  });

  test('an unfinished nightly is finished by the next one, also when somebody committed between', async () => {
    await using farm = await farmWith();
    await farm.component(0).commit({ a: '1' });
    await refuseTags(farm, 0);
    await expect(make(farm)).rejects.toMatchObject({ code: 'SP_PARTIAL' });
    await allowTags(farm);
    await farm.super.commit({ README: 'by hand' });
    expect(await make(farm)).toMatchObject({ tag: 'main-nightly-2', tagged: ['c001'] });
    expect(await farm.component(0).git('tag')).toBe('main-nightly-1');
  });

  test('an old tag that cannot be brought does not keep the new one from other components', async () => {
    await using farm = await farmWith();
    await farm.component(0).commit({ a: '1' });
    await refuseTags(farm, 0);
    await expect(make(farm)).rejects.toMatchObject({ code: 'SP_PARTIAL' });
    await farm.component(1).commit({ a: '1' });
    await expect(make(farm)).rejects.toMatchObject({
      code: 'SP_PARTIAL',
      message: expect.stringMatching(/^'main-nightly-1' is published, but 1 /),
    });
    expect(await farm.component(1).git('tag')).toBe('main-nightly-2');
  });

  test('one that keeps its pin while its remote is down is not asked for the tag of before', async () => {
    await using farm = await farmWith();
    const [changed, silent] = [farm.component(0), farm.component(1)];
    const modules = gitmodulesOf(farm.components);
    const keep = 'path = c002\n\tsuperproject-policy = keep-previous\n';
    await pinOnRemote(farm, {}, modules.replace('path = c002\n', keep));
    await silent.commit({ a: '1' });
    expect(await make(farm)).toMatchObject({ tagged: ['c002'] });
    await farm.onConnect('case $repository in ./c002.git) exit 1;; esac');
    expect(await make(farm)).toMatchObject({ status: 'unchanged' });
    await changed.commit({ a: '1' });
    expect((await make(farm, { dryRun: true })).status).toBe('planned');
    expect(await make(farm)).toMatchObject({
      status: 'published',
      tagged: ['c001'],
      warnings: [
        expect.stringMatching(
          /^c002: its pin was neither verified nor kept.* could not be asked: git ls-remote failed/,
        ),
      ],
    });
  });

  test('a run key gives its own nightly, also when it is not the last, or was put on a commit by hand', async () => {
    await using farm = await farmWith();
    const byHand = await make(farm, { runKey: 'K0' });
    await farm.component(0).commit({ a: '1' });
    const first = await make(farm, { runKey: 'K1' });
    await farm.component(0).commit({ a: '2' });
    await make(farm, { runKey: 'K2' });
    await farm.component(0).commit({ a: '3' });
    for (const [runKey, { tag: name, commit }] of [
      ['K0', byHand],
      ['K1', first],
    ] as const)
      expect(await make(farm, { runKey })).toMatchObject({ status: 'existing', tag: name, commit });
    expect((await farm.super.git('tag')).split('\n')).toHaveLength(3);
  });
});

describe('a component that is not to move', () => {
  test.each([
    ['frozen', { isFrozen: true, more: {} }],
    ['not among those asked for', { isFrozen: false, more: { only: ['c001'] } }],
  ])(
    '%s: it is passed over while its remote is down, and refused if it is gone',
    async (_, how) => {
      await using farm = await farmWith();
      const still = farm.component(1);
      const modules = gitmodulesOf(farm.components);
      const freeze = 'path = c002\n\tsuperproject-policy = frozen\n';
      if (how.isFrozen) await pinOnRemote(farm, {}, modules.replace('path = c002\n', freeze));
      const keep = `refs/superproject/pins/${await still.tip()}`;
      const update = () =>
        updateRemote(quick(), { url: farm.url, branch: 'main', only: [], ...how.more });
      await farm.onConnect('case $repository in ./c002.git) exit 1;; esac');
      await farm.component(0).commit({ a: '1' });
      expect(await update()).toMatchObject({ status: 'published', unread: [{ name: 'c002' }] });
      await farm.component(0).commit({ a: '2' });
      expect(await make(farm, how.more)).toMatchObject({
        status: 'published',
        tagged: ['c001'],
        warnings: [
          expect.stringMatching(
            /^c002: its pin was neither verified nor kept.* could not be asked: git ls-remote failed/,
          ),
        ],
      });
      await farm.onConnect('');
      expect(await still.git('for-each-ref', keep)).toBe('');
      expect(await make(farm, how.more)).toMatchObject({ status: 'unchanged', warnings: [] });
      expect(await still.git('for-each-ref', keep)).not.toBe('');
      await farm.component(0).commit({ a: '3' });
      await rm(still.gitDir, { recursive: true });
      await expect(make(farm, how.more)).rejects.toThrow(/no repository at/);
    },
  );
});

describe('a dry run', () => {
  test('has every push of a nightly, those of component tags too, and does none', async () => {
    await using farm = await farmWith();
    await farm.component(0).commit({ a: '1' });
    const before = await refsOf(farm);
    const { commands } = await make(farm, { dryRun: true, tagComponents: 'all' });
    expect(commands.filter((each) => each.includes(':refs/tags/'))).toEqual([
      expect.stringMatching(/push .*super\.git .*:refs\/tags\/main-nightly-1/),
      expect.stringMatching(/push .*c001\.git .*:refs\/tags\/main-nightly-1/),
      expect.stringMatching(/push .*c002\.git .*:refs\/tags\/main-nightly-1/),
    ]);
    expect(await refsOf(farm)).toBe(before);
  });

  test('with only keep refs or an unfinished tag to be pushed says so, and no nightly', async () => {
    await using farm = await farmWith();
    await farm.component(0).commit({ a: '1' });
    await make(farm, { tagComponents: 'none', runKey: 'K' });
    const pin = await farm.component(1).tip();
    await farm.component(1).git('update-ref', '-d', `refs/superproject/pins/${pin}`);
    const before = await refsOf(farm);
    const plan = await make(farm, { dryRun: true });
    expect(plan).toMatchObject({
      status: 'unchanged',
      tag: 'main-nightly-1',
      commands: [
        expect.stringMatching(/c002\.git .*:refs\/superproject\/pins\//),
        expect.stringMatching(/c001\.git .*:refs\/tags\/main-nightly-1/),
      ],
    });
    expect(await make(farm, { dryRun: true, runKey: 'K' })).toMatchObject({
      status: 'existing',
      commands: [expect.stringMatching(/c001\.git .*:refs\/tags\/main-nightly-1/)],
    });
    expect(await refsOf(farm)).toBe(before);
  });

  test('of a branch has the keep refs', async () => {
    await using farm = await farmWith();
    const options = { url: farm.url, name: '3.11', from: 'main', dryRun: true };
    const { commands } = await branch(quick(), options);
    const kinds = commands.map((each) => /:refs\/(\w+)\//.exec(each)?.[1]);
    expect(kinds).toEqual(['superproject', 'heads', 'superproject', 'heads', 'heads']);
  });
});

test('update on the remote moves only the groups asked for', async () => {
  await using farm = await farmWith();
  const text = gitmodulesOf(farm.components);
  await pinOnRemote(
    farm,
    {},
    text.replace('path = c002\n', 'path = c002\n\tsuperproject-group = server\n'),
  );
  await farm.component(0).commit({ a: '1' });
  await farm.component(1).commit({ a: '1' });
  const options = { url: farm.url, branch: 'main' };
  const update = (more: object) => updateRemote(quick(), { ...options, ...more });
  await expect(update({ groups: ['no'] })).rejects.toMatchObject({ code: 'SP_GROUP_UNKNOWN' });
  expect(await update({ groups: ['server'], only: ['c001'] })).toMatchObject({
    status: 'unchanged',
  });
  expect((await update({ groups: ['server'] })).moves).toMatchObject([{ path: 'c002' }]);
});

test.each([false, true])(
  'of a component with components only .gitmodules is fetched; protocol v0: %s',
  async (isOldProtocol) => {
    await using farm = await farmWith({ components: 1, isOldProtocol });
    const component = farm.component(0);
    await component.commit({ big: 'x'.repeat(100_000), '.gitmodules': '' });
    const tip = await component.tip();
    await using scratch = await Scratch.create();
    const [url, about] = [component.url, 'c001'];
    const question = { url, about, to: tip, from: undefined, refs: new Map() };
    const { gitDir } = await fetchPin(quick(), scratch, question);
    const network = quick();
    expect(await readComponents(network, scratch, { url, about, commit: tip, gitDir })).toEqual([]);
    expect(network.connections).toBe(isOldProtocol ? 2 : 1);
    const blobs = await farm.git(
      join(scratch.dir, '2.git'),
      'cat-file',
      '--batch-all-objects',
      '--batch-check',
    );
    expect(blobs.match(/ blob /g) ?? []).toHaveLength(isOldProtocol ? 0 : 1);
  },
);
