import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { branch } from '../src/superproject/branch.ts';
import { Network } from '../src/superproject/network.ts';
import { nightly, resumeNightly } from '../src/superproject/nightly.ts';
import { reproduceNightly } from '../src/superproject/reproduce.ts';
import { tag, verifyTag } from '../src/superproject/tag.ts';
import { updateRemote } from '../src/superproject/update-remote.ts';
import { nest, pinOnRemote } from './support/superproject-checkout.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';

const quick = (): Network => new Network({ pauseMs: 5 });
const STAMP = { identity: 'Release <release@example.org>', seconds: 1_700_009_999 };

/** What a fresh stock clone has in each component. */
async function stockClone(farm: Farm, ref: string): Promise<string[]> {
  const dir = `${farm.dir}/clone-${Math.random().toString(36).slice(2)}`;
  await farm.git(farm.dir, 'clone', '--quiet', '--recursive', '-b', ref, farm.url, dir);
  const out = await farm.git(dir, 'submodule', 'foreach', '--quiet', 'git rev-parse HEAD');
  return out.split('\n');
}

const AUTHOR = ['-c', 'user.name=t', '-c', 'user.email=t@example.org'];

/** Commits another `.gitmodules`, and keeps the pins. */
async function editModules(farm: Farm, text: string): Promise<void> {
  const dir = join(farm.dir, 'edit');
  await farm.git(farm.dir, 'clone', '-q', farm.url, dir);
  await writeFile(join(dir, '.gitmodules'), text);
  await farm.git(dir, 'commit', '-qam', 'edit');
  await farm.git(dir, 'push', '-q', 'origin', 'HEAD:main');
}

describe('nightly', () => {
  test('pins the tips in one commit and tags it, and stock git clones it', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const changed = await farm.component(1).commit({ 'new.txt': 'x' });
    await farm.forget();
    const network = quick();
    const result = await nightly(network, { url: farm.url, branch: 'main' });
    expect(result).toMatchObject({
      status: 'published',
      tag: 'main-nightly-1',
      moves: [{ path: 'c002', to: changed, isRewound: false }],
      tagged: ['c002'],
      rounds: 2,
    });
    expect((await stockClone(farm, 'main-nightly-1'))[1]).toBe(changed);
    expect((await stockClone(farm, 'main'))[1]).toBe(changed);
    expect(await farm.component(1).git('rev-parse', 'main-nightly-1^{}')).toBe(changed);
  });

  test('opens at most 2 N + 3 changed + 5 connections, and counts them rightly', async () => {
    await using farm = await makeFarm({ components: 12 });
    farm.enter();
    await nightly(quick(), { url: farm.url, branch: 'main' });
    await farm.component(3).commit({ a: '1' });
    await farm.component(7).commit({ a: '1' });
    await farm.forget();
    const network = quick();
    await nightly(network, { url: farm.url, branch: 'main' });
    const opened = (await farm.connections()).length;
    expect(opened).toBeLessThanOrEqual(2 * 12 + 3 * 2 + 5);
    expect(network.connections).toBe(opened);
  });

  test('with nothing new makes no commit and no tag; a commit by hand is in a nightly', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const options = { url: farm.url, branch: 'main' };
    const before = await farm.super.tip();
    const first = await nightly(quick(), options);
    expect(first).toMatchObject({ status: 'published', tag: 'main-nightly-1', commit: before });
    const second = await nightly(quick(), options);
    expect(second).toMatchObject({ status: 'unchanged', tag: 'main-nightly-1' });
    expect(await farm.super.tip()).toBe(before);
    const byHand = await farm.super.commit({ README: 'x' });
    expect(await nightly(quick(), options)).toMatchObject({
      tag: 'main-nightly-2',
      commit: byHand,
    });
    expect((await farm.super.git('tag')).split('\n')).toHaveLength(2);
  });

  test('a component of a component whose pin nobody has is refused; one that is there is kept', async () => {
    await using farm = await makeFarm({ components: 3 });
    farm.enter();
    const [outer, inner] = [farm.component(0), farm.component(1)];
    const pinned = (pin: string): Promise<string> => nest(outer, inner, pin);
    await pinned('1234567890123456789012345678901234567890');
    const options = { url: farm.url, branch: 'main' };
    await expect(nightly(quick(), options)).rejects.toMatchObject({
      code: 'SP_NESTED_PIN',
      exitCode: 3,
    });
    expect(await farm.super.git('tag')).toBe('');
    const tip = await inner.tip();
    const topic = await inner.commit({ deep: '1' }, { branch: 'topic', from: tip });
    const moved = await pinned(topic);
    expect(await nightly(quick(), options)).toMatchObject({
      status: 'published',
      moves: [{ to: moved }],
    });
    expect(await inner.git('rev-parse', `refs/superproject/pins/${topic}`)).toBe(topic);
    await inner.git('branch', '-D', 'topic');
    expect(await stockClone(farm, 'main-nightly-1')).toContain(moved);
  });

  test('a pin that does not move is verified and kept as well, or it is said', async () => {
    await using farm = await makeFarm({ components: 3 });
    farm.enter();
    const [frozen, other, silent] = [farm.component(0), farm.component(1), farm.component(2)];
    const pin = await frozen.tip();
    await farm.onConnect('case $repository in ./c003.git) exit 1;; esac');
    const modules = await farm.super.git('show', 'main:.gitmodules');
    const policy = (path: string, is: string) => (text: string) =>
      text.replace(`path = ${path}`, `path = ${path}\n\tsuperproject-policy = ${is}`);
    const policies = [policy('c001', 'frozen'), policy('c003', 'keep-previous')];
    await editModules(
      farm,
      policies.reduce((text, edit) => edit(text), modules),
    );
    await other.commit({ a: '1' });
    const options = { url: farm.url, branch: 'main' };
    const hurried = new Network({ pauseMs: 5, tries: 1 });
    const result = await nightly(hurried, options);
    expect(result).toMatchObject({ status: 'published', moves: [{ name: 'c002' }] });
    expect(result.warnings).toEqual([expect.stringMatching(/^c003: .*neither verified nor kept/)]);
    expect(await frozen.git('rev-parse', `refs/superproject/pins/${pin}`)).toBe(pin);
    // Once it is kept it costs the one question whether it is.
    await other.commit({ a: '2' });
    await farm.forget();
    await nightly(new Network({ pauseMs: 5, tries: 1 }), { ...options, only: ['c002'] });
    const asked = (await farm.connections()).filter((line) => line.includes('c001'));
    expect(asked).toHaveLength(1);
    // One that is gone is refused, and nothing is published.
    await farm.onConnect('');
    await silent.commit({ a: '1' }, { from: '' });
    await silent.git('-c', 'gc.pruneExpire=now', 'gc', '--quiet', '--prune=now');
    const before = await farm.super.tip();
    await other.commit({ a: '3' });
    await expect(nightly(quick(), { ...options, only: ['c002'] })).rejects.toMatchObject({
      code: 'SP_NESTED_PIN',
    });
    expect(await farm.super.tip()).toBe(before);
  });

  test('a frozen pin that is on a branch is found on a host of protocol v0', async () => {
    await using farm = await makeFarm({ components: 2, isOldProtocol: true });
    farm.enter();
    const pin = await farm.component(0).tip();
    await farm.component(0).commit({ a: '1' });
    await farm.component(1).commit({ a: '1' });
    await nightly(quick(), { url: farm.url, branch: 'main', only: ['c002'] });
    expect(await farm.component(0).git('rev-parse', `refs/superproject/pins/${pin}`)).toBe(pin);
  });

  test('so are pins with components of their own, and the pins of these', async () => {
    await using farm = await makeFarm({ components: 3, isOldProtocol: true });
    farm.enter();
    const [outer, inner, other] = [farm.component(0), farm.component(1), farm.component(2)];
    const below = await inner.git('rev-parse', 'main~1');
    const pin = await nest(outer, inner, below);
    await pinOnRemote(farm, { c001: pin });
    await outer.commit({ a: '1' });
    await other.commit({ a: '1' });
    const options = { url: farm.url, branch: 'main', only: ['c003'] };
    expect(await nightly(quick(), options)).toMatchObject({ status: 'published', warnings: [] });
    expect(await outer.git('rev-parse', `refs/superproject/pins/${pin}`)).toBe(pin);
    expect(await inner.git('rev-parse', `refs/superproject/pins/${below}`)).toBe(below);
    expect(await stockClone(farm, 'main-nightly-1')).toContain(pin);
  });

  test('a tag and a release branch verify and keep the pins of components of components', async () => {
    await using farm = await makeFarm({ components: 3 });
    farm.enter();
    const [outer, inner] = [farm.component(0), farm.component(1)];
    const options = { url: farm.url, branch: 'main' };
    await nightly(quick(), options);
    const topic = await inner.commit({ deep: '1' }, { branch: 'topic', from: await inner.tip() });
    const moved = await nest(outer, inner, topic);
    await nightly(quick(), options);
    // As if somebody who did not look into it had kept the outer one.
    const keep = `refs/superproject/pins/${topic}`;
    await inner.git('update-ref', '-d', keep);
    const { url } = farm;
    await tag(quick(), { url, name: '1.0', from: 'main', stamp: STAMP });
    expect(await inner.git('rev-parse', keep)).toBe(topic);
    await inner.git('update-ref', '-d', keep);
    await branch(quick(), { url, name: '1.x', from: 'main' });
    expect(await inner.git('rev-parse', keep)).toBe(topic);
    await inner.git('update-ref', '-d', keep);
    await inner.git('branch', '-D', 'topic');
    await inner.git('-c', 'gc.pruneExpire=now', 'gc', '--quiet', '--prune=now');
    const refused = { code: 'SP_NESTED_PIN' };
    const tagging = tag(quick(), { url, name: '1.1', from: 'main', stamp: STAMP });
    await expect(tagging).rejects.toMatchObject(refused);
    await expect(branch(quick(), { url, name: '2.x', from: 'main' })).rejects.toMatchObject(
      refused,
    );
    expect(await outer.git('for-each-ref', 'refs/heads/2.x')).toBe('');
    expect(await outer.git('rev-parse', `refs/superproject/pins/${moved}`)).toBe(moved);
  });

  test('a tag that is a branch is refused: git could not tell them apart', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await farm.component(0).commit({ a: '1' });
    const options = { url: farm.url, branch: 'main', tag: 'main' };
    await expect(nightly(quick(), options)).rejects.toMatchObject({ code: 'SP_TAG_IS_BRANCH' });
  });

  test('so is a branch that is a tag, and a counted nightly that is a branch', async () => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const { url } = farm;
    await farm.super.git('tag', '3.11.0', 'main');
    const made = branch(quick(), { url, name: '3.11.0', from: 'main' });
    await expect(made).rejects.toMatchObject({ code: 'SP_BRANCH_IS_TAG', exitCode: 3 });
    await farm.super.git('branch', 'main-nightly-1', 'main');
    await farm.component(0).commit({ a: '1' });
    await expect(nightly(quick(), { url, branch: 'main' })).rejects.toMatchObject({
      code: 'SP_TAG_IS_BRANCH',
    });
  });

  test('two superprojects share a component: a taken tag is left alone and said, or has a prefix', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const component = farm.component(0);
    await component.git('tag', 'main-nightly-1', 'main~1');
    await component.commit({ a: '1' });
    const options = { url: farm.url, branch: 'main' };
    const result = await nightly(quick(), options);
    expect(result).toMatchObject({ status: 'published', tagged: [] });
    expect(result.warnings).toEqual([
      expect.stringMatching(/c001 has a tag main-nightly-1 for something else/),
    ]);
    await expect(nightly(quick(), { ...options, tag: 'main-nightly-1b' })).resolves.toMatchObject({
      tag: 'main-nightly-1b',
    });
    const modules = await farm.super.git('show', 'main:.gitmodules');
    const prefixed = modules.replace(
      'path = c001',
      'path = c001\n\tsuperproject-tag-prefix = phone/',
    );
    await editModules(farm, prefixed);
    const to = await component.commit({ a: '2' });
    const next = await nightly(quick(), options);
    expect(next).toMatchObject({ tagged: ['c001'], warnings: [] });
    expect(await component.git('rev-parse', `phone/${next.tag}^{}`)).toBe(to);
  });

  test('a merge of a branch that began before the old pin comes after it', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const component = farm.component(0);
    const old = await component.tip();
    const options = { url: farm.url, branch: 'main' };
    await component.commit({ a: '1' });
    await nightly(quick(), options);
    const pin = await component.tip();
    const side = await component.commit({ side: '1' }, { branch: 'side', from: `${old}~1` });
    const tree = await component.git('rev-parse', 'main^{tree}');
    for (const parents of [
      [pin, side],
      [side, pin],
    ]) {
      const args = parents.flatMap((id) => ['-p', id]);
      const merge = await component.git(...AUTHOR, 'commit-tree', ...args, '-m', 'merge', tree);
      await component.git('update-ref', 'refs/heads/main', merge);
      const planned = await nightly(quick(), { ...options, dryRun: true });
      expect(planned.moves).toMatchObject([{ to: merge, isRewound: false }]);
    }
  });

  test('refuses a branch that was rewound, and takes it when told', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const component = farm.component(0);
    const good = await component.commit({ a: '1' });
    await nightly(quick(), { url: farm.url, branch: 'main' });
    const other = await component.commit({ a: '2' }, { from: `${good}~1` });
    const options = { url: farm.url, branch: 'main' };
    await expect(nightly(quick(), options)).rejects.toThrow(/c001: its branch 'main' went from/);
    const result = await nightly(quick(), { ...options, allowRewind: true });
    expect(result.moves).toMatchObject([{ to: other, isRewound: true }]);
    // The pin of the nightly before is on no branch any more, and is there all the same.
    expect((await stockClone(farm, 'main-nightly-1'))[0]).toBe(good);
  });

  test('names all components that cannot be read, and writes nothing', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await farm.component(2).commit({ a: '1' });
    await farm.component(0).git('branch', '-m', 'main', 'gone');
    await farm.component(1).git('branch', '-m', 'main', 'gone');
    const before = await farm.super.tip();
    await expect(nightly(quick(), { url: farm.url, branch: 'main' })).rejects.toThrow(
      /c001\.git has no branch 'main', which c001 should follow\n.*c002/,
    );
    expect(await farm.super.tip()).toBe(before);
    expect(await farm.component(2).git('for-each-ref', 'refs/superproject')).toBe('');
  });

  test('is made again from its pins, and a commit with more in it is found out', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await farm.component(1).commit({ a: '1' });
    await nightly(quick(), { url: farm.url, branch: 'main' });
    const about = { url: farm.url, tag: 'main-nightly-1' };
    expect((await reproduceNightly(quick(), about)).commit).toBe(await farm.super.tip());
    const message = 'Nightly main-nightly-2\n\nCollected: stable, two equal reads\n';
    await farm.super.commit({ smuggled: 'x' }, { message });
    await farm.super.git('tag', 'main-nightly-2', 'main');
    await expect(
      reproduceNightly(quick(), { ...about, tag: 'main-nightly-2' }),
    ).rejects.toMatchObject({ code: 'SP_NOT_REPRODUCED' });
  });

  test('a tag that a component lacks is brought by --resume and by the next nightly', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await farm.component(1).commit({ a: '1' });
    await nightly(quick(), { url: farm.url, branch: 'main', tagComponents: 'none' });
    const resumed = await resumeNightly(quick(), { url: farm.url, branch: 'main' });
    expect(resumed).toMatchObject({ tag: 'main-nightly-1', created: ['c002'] });
    await farm.component(1).git('tag', '-d', 'main-nightly-1');
    const next = await nightly(quick(), { url: farm.url, branch: 'main' });
    expect(next).toMatchObject({ status: 'unchanged', tagged: ['c002'] });
  });

  test('the same run key gives the same nightly', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await farm.component(1).commit({ a: '1' });
    const options = { url: farm.url, branch: 'main', runKey: 'pipeline-7' };
    const first = await nightly(quick(), options);
    await farm.component(1).commit({ a: '2' });
    const again = await nightly(quick(), options);
    expect(again).toMatchObject({ status: 'existing', tag: first.tag, commit: first.commit });
  });
});

describe('branch and tag', () => {
  test('the recipe: nightly 345, branch 3.11 of both, nightly 5 on 3.11', async () => {
    await using farm = await makeFarm({
      names: ['a', 'b'],
      branch: (i) => (i === 0 ? 'master' : 'dev'),
    });
    farm.enter();
    await farm.super.git('tag', 'main-nightly-344', 'main');
    const a = await farm.component(0).commit({ x: '1' });
    const { url } = farm;
    const made = await nightly(quick(), { url, branch: 'main' });
    expect(made.tag).toBe('main-nightly-345');
    await farm.component(0).commit({ x: '2' });
    const result = await branch(quick(), { url, name: '3.11', from: 'main-nightly-345' });
    expect(result).toMatchObject({
      status: 'published',
      components: [{ state: 'create' }, { state: 'create' }],
    });
    expect(await farm.component(0).tip('3.11')).toBe(a);
    const text = await farm.super.git('show', '3.11:.gitmodules');
    expect(text.match(/branch = 3\.11/g)).toHaveLength(2);
    await farm.super.git('tag', '3.11-nightly-4', 'main-nightly-344^{}');
    const fix = await farm.component(1).commit({ fix: '1' }, { branch: '3.11' });
    expect((await nightly(quick(), { url, branch: '3.11' })).tag).toBe('3.11-nightly-5');
    expect(await stockClone(farm, '3.11-nightly-5')).toEqual([a, fix]);
    expect((await stockClone(farm, 'main-nightly-345'))[0]).toBe(a);
    expect(
      await branch(quick(), { url, name: '3.11', from: 'main-nightly-345' }).catch(
        (e: Error) => e.message,
      ),
    ).toMatch(/has a branch '3\.11' already/);
  });

  test('an exception follows its own branch, and what is missing is refused before anything is written', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const { url } = farm;
    await farm.component(2).git('branch', 'dev');
    const options = { url, name: '3.11', from: 'main' };
    const except = new Map([
      ['c003', 'dev'],
      ['c001', 'nowhere'],
    ]);
    await expect(branch(quick(), { ...options, except })).rejects.toThrow(/no branch 'nowhere'/);
    expect(await farm.component(1).git('branch', '--list', '3.11')).toBe('');
    await branch(quick(), { ...options, except: new Map([['c003', 'dev']]) });
    expect(await farm.component(2).git('branch', '--list', '3.11')).toBe('');
    expect(await farm.super.git('show', '3.11:.gitmodules')).toContain('branch = dev');
    expect(await branch(quick(), { ...options, except: new Map([['c003', 'dev']]) })).toMatchObject(
      { status: 'existing' },
    );
  });

  test('a release tag goes into all components, and is verified on their remotes', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const { url } = farm;
    const result = await tag(quick(), {
      url,
      name: '3.11.2',
      from: 'main',
      stamp: STAMP,
      components: true,
    });
    expect(result).toMatchObject({
      status: 'published',
      tagged: expect.arrayContaining(['c001', 'c002', 'c003']),
    });
    const verified = await verifyTag(quick(), { url, name: '3.11.2' });
    expect(verified.components).toMatchObject(
      farm.components.map(() => ({ tagged: 'same', isKept: true, isThere: true })),
    );
    await farm.component(0).git('tag', '-f', '3.11.3', 'main~1');
    await expect(
      tag(quick(), { url, name: '3.11.3', from: 'main', stamp: STAMP, components: true }),
    ).rejects.toMatchObject({ errors: [{ code: 'SP_TAG_TAKEN' }] });
    expect(await farm.super.git('tag')).toBe('3.11.2');
  });

  test('update moves some pins without a tag', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const moved = await farm.component(0).commit({ a: '1' });
    await farm.component(1).commit({ a: '1' });
    const result = await updateRemote(quick(), { url: farm.url, branch: 'main', only: ['c001'] });
    expect(result).toMatchObject({ status: 'published', moves: [{ path: 'c001', to: moved }] });
    expect(await farm.super.git('tag')).toBe('');
  });
});
