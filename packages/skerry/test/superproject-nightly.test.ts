import { describe, expect, test } from 'vitest';
import { branch } from '../src/superproject/branch.ts';
import { Network } from '../src/superproject/network.ts';
import { nightly, resumeNightly } from '../src/superproject/nightly.ts';
import { reproduceNightly } from '../src/superproject/reproduce.ts';
import { tag, verifyTag } from '../src/superproject/tag.ts';
import { updateRemote } from '../src/superproject/update-remote.ts';
import { makeFarm, type Farm } from './support/superproject-farm.ts';

const quick = (): Network => new Network({ pauseMs: 5 });
const STAMP = { identity: 'Release <release@example.org>', seconds: 1_700_009_999 };

/** What a fresh stock clone has in each component. */
async function stockClone(farm: Farm, ref: string): Promise<string[]> {
  const dir = `${farm.dir}/clone-${Math.random().toString(36).slice(2)}`;
  await farm.git(farm.dir, 'clone', '--quiet', '--recursive', '-b', ref, farm.url, dir);
  const out = await farm.git(dir, 'submodule', 'foreach', '--quiet', 'git rev-parse HEAD');
  return out.split('\n');
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

  test('with nothing new makes no commit and no tag', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const before = await farm.super.tip();
    const result = await nightly(quick(), { url: farm.url, branch: 'main' });
    expect(result.status).toBe('unchanged');
    expect(await farm.super.tip()).toBe(before);
    expect(await farm.super.git('tag')).toBe('');
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

  test('two machines with other homes, locales and clocks make the same commit, also signed', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await farm.component(1).commit({ a: '1' });
    await farm.git(farm.dir, 'init', '-q', 'empty');
    const { execFileSync } = await import('node:child_process');
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', `${farm.dir}/key`]);
    const options = { url: farm.url, branch: 'main', dryRun: true };
    for (const signKey of [undefined, `${farm.dir}/key`]) {
      const first = await nightly(quick(), { ...options, signKey });
      process.env.LANG = 'de_DE.UTF-8';
      process.env.TZ = 'Asia/Tokyo';
      process.env.HOME = farm.dir;
      const second = await nightly(quick(), { ...options, signKey });
      expect(second.commit).toBe(first.commit);
      expect(second.commands).toEqual(first.commands);
    }
  });

  test('is made again from its pins, and a commit with more in it is found out', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await farm.component(1).commit({ a: '1' });
    await nightly(quick(), { url: farm.url, branch: 'main' });
    const about = { url: farm.url, tag: 'main-nightly-1' };
    expect((await reproduceNightly(quick(), about)).commit).toBe(await farm.super.tip());
    await farm.super.commit({ smuggled: 'x' }, { message: 'Nightly main-nightly-2' });
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
