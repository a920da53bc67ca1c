import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { keyOf, type MirrorResult, updateMirrors } from '../src/superproject/mirror/mirror.ts';
import { Network } from '../src/superproject/network.ts';
import { gitmodulesOf, nest, pinOnRemote } from './support/superproject-checkout.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';

const run = promisify(execFile);

async function mirror(farm: Farm, more: { isPruning?: boolean; signal?: AbortSignal } = {}) {
  const { signal, ...options } = more;
  const network = new Network({ pauseMs: 10, tries: 2, signal });
  return updateMirrors(network, { url: farm.url, dir: join(farm.dir, 'mirror'), ...options });
}

function words({ repositories }: MirrorResult): string[] {
  return repositories.map(({ path, status, refs }) => `${path} ${status} ${refs}`);
}

const FILE = ['-c', 'protocol.file.allow=always'];

describe('mirror', () => {
  test('stock git clones from it with the remotes gone, old releases too', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await farm.super.git('tag', 'v1', 'main');
    await pinOnRemote(farm, { c002: await farm.component(1).commit({ a: '1' }) });
    const { dir, main } = await mirror(farm);
    for (const { gitDir } of [farm.super, ...farm.components])
      await rm(gitDir, { recursive: true });
    for (const ref of ['main', 'v1']) {
      const clone = join(farm.dir, `clone-${ref}`);
      await farm.git(
        farm.dir,
        ...FILE,
        'clone',
        '--quiet',
        '--recursive',
        '-b',
        ref,
        join(dir, main),
        clone,
      );
      expect(await farm.git(clone, 'submodule', 'status')).not.toMatch(/^[-+]/m);
    }
  });

  test('only what moved is fetched: one connection each where nothing did', async () => {
    await using farm = await makeFarm();
    farm.enter();
    expect(words(await mirror(farm))).toEqual([
      'c001.git new 1',
      'c002.git new 1',
      'c003.git new 1',
      'super.git new 1',
    ]);
    await farm.component(1).commit({ a: '1' });
    await farm.forget();
    const second = await mirror(farm);
    expect(words(second)).toEqual([
      'c001.git unchanged 0',
      'c002.git updated 1',
      'c003.git unchanged 0',
      'super.git unchanged 0',
    ]);
    expect(await farm.connections()).toHaveLength(4);
    expect(second.connections).toBe(4);
    expect((await readdir(second.dir)).sort()).toEqual([
      'c001.git',
      'c002.git',
      'c003.git',
      'gitconfig',
      'mirror.json',
      'mirror.lock',
      'super.git',
    ]);
  });

  test('loses no commit: not of a rewound branch, not of a deleted one, not by git gc', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const component = farm.component(0);
    const rewound = await component.commit({ a: '1' });
    const deleted = await component.commit({ b: '1' }, { branch: 'topic' });
    const { dir } = await mirror(farm);
    const borrower = join(farm.dir, 'borrower');
    await farm.git(
      farm.dir,
      'clone',
      '--quiet',
      '--reference',
      join(dir, 'c001.git'),
      component.url,
      borrower,
    );
    await component.git('update-ref', 'refs/heads/main', `${rewound}~1`);
    await component.git('update-ref', '-d', 'refs/heads/topic');
    await mirror(farm);
    const here = (...args: string[]) => farm.git(join(dir, 'c001.git'), ...args);
    expect(await here('rev-parse', 'main')).toBe(await component.tip());
    expect(await here('rev-parse', 'topic')).toBe(deleted);
    await mirror(farm, { isPruning: true });
    await expect(here('rev-parse', '--verify', 'refs/heads/topic')).rejects.toThrow();
    await here('gc', '--quiet', '--prune=now');
    for (const id of [rewound, deleted]) expect(await here('cat-file', '-t', id)).toBe('commit');
    expect(await farm.git(borrower, 'fsck', '--connectivity-only')).toBe('');
  });

  test('nested components, absolute urls, and pins that only their keep ref holds', async () => {
    await using farm = await makeFarm({ urls: 'absolute', components: 3 });
    farm.enter();
    const [outer, lib] = [farm.component(0), farm.component(1)];
    const work = join(farm.dir, 'work');
    await farm.git(farm.dir, 'clone', '--quiet', outer.url, work);
    await writeFile(
      join(work, '.gitmodules'),
      gitmodulesOf([{ ...lib, name: 'x', path: 'x', url: '../nested.git' }]),
    );
    await farm.git(farm.dir, 'clone', '--quiet', '--bare', lib.gitDir, 'nested.git');
    await farm.git(work, 'add', '-A');
    await farm.git(work, 'update-index', '--add', '--cacheinfo', `160000,${await lib.tip()},x`);
    await farm.git(work, 'commit', '--quiet', '-m', 'nest');
    await farm.git(work, 'push', '--quiet', 'origin', 'HEAD:main');
    const lost = await farm.component(2).commit({ a: '1' });
    await pinOnRemote(farm, { c001: await outer.tip(), c003: lost });
    await farm.component(2).git('update-ref', 'refs/heads/main', `${lost}~1`);
    await farm.component(2).git('update-ref', `refs/superproject/pins/${lost}`, lost);
    const { dir, main, repositories } = await mirror(farm);
    expect(repositories.map(({ path }) => path)).toContain('nested.git');
    await farm.onConnect('exit 1');
    const clone = join(farm.dir, 'clone');
    const config = ['-c', `include.path=${join(dir, 'gitconfig')}`, ...FILE];
    await farm.git(farm.dir, ...config, 'clone', '--quiet', '--recursive', join(dir, main), clone);
    expect(existsSync(join(clone, 'c001/x/README'))).toBe(true);
    expect(await farm.git(join(clone, 'c003'), 'rev-parse', 'HEAD')).toBe(lost);
  });

  test('a component that only a tag has in it is mirrored as well', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    const [outer, inner] = [farm.component(0), farm.component(1)];
    await farm.git(farm.dir, 'clone', '--quiet', '--bare', inner.gitDir, 'nested.git');
    const before = await outer.tip();
    const nested = await nest(outer, { ...inner, name: 'nested' }, await inner.tip());
    await farm.super.commit({}, { pins: { c001: nested } });
    await farm.super.git('tag', '-a', '-m', '1.0', '1.0', 'main');
    await farm.super.commit({}, { pins: { c001: before } });
    const { repositories } = await mirror(farm);
    expect(repositories.map(({ path }) => path)).toContain('nested.git');
  });

  test('a component that fails does not stop the others; the next run goes on', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await farm.onConnect('case $repository in *c002*) repository=./none.git;; esac');
    const first = await mirror(farm);
    expect(words(first)).toEqual([
      'c001.git new 1',
      'undefined failed 0',
      'c003.git new 1',
      'super.git new 1',
    ]);
    expect(first.repositories[1]?.reason).toMatch(/there is no repository at/);
    await farm.onConnect('');
    expect(words(await mirror(farm))).toContain('c002.git new 1');
  });

  test('a commit with a hostile .gitmodules is named, and does not stop the rest', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const evil = '[submodule "../../x"]\n\tpath = x\n\turl = ext::touch evil\n';
    const bad = await farm.super.commit({ '.gitmodules': evil }, { branch: 'evil' });
    const { repositories, refused } = await mirror(farm);
    expect(repositories).toHaveLength(4);
    const blob = await farm.super.git('rev-parse', `${bad}:.gitmodules`);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toContain(`@${blob.slice(0, 12)}:.gitmodules: ../../x: its name`);
    expect((await mirror(farm)).repositories).toHaveLength(4);
  });

  test('names pins that are nowhere any more', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await pinOnRemote(farm, { c001: 'dead'.repeat(10) });
    const { repositories } = await mirror(farm);
    expect(repositories[0]).toMatchObject({ path: 'c001.git', gone: ['dead'.repeat(10)] });
  });

  test('interrupted it has nothing half in its place, and goes on', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const stop = new AbortController();
    await farm.onConnect('case $repository in *c003*) touch reached; sleep 20;; esac');
    const ended = mirror(farm, { signal: stop.signal }).catch((error: Error) => error.name);
    await expect.poll(() => existsSync(join(farm.dir, 'reached')), { timeout: 30_000 }).toBe(true);
    stop.abort();
    expect(await ended).toBe('AbortError');
    const there = (await readdir(join(farm.dir, 'mirror'))).filter((name) => name.endsWith('.git'));
    expect(there).toEqual([]);
    await farm.onConnect('');
    expect(words(await mirror(farm))).toHaveLength(4);
  });

  test('killed after it wrote down where one belongs, the next run puts it there', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const { dir } = await mirror(farm);
    await mkdir(join(dir, 'incoming'));
    const key = keyOf(farm.component(1).url);
    await rename(join(dir, 'c002.git'), join(dir, 'incoming', key));
    expect(words(await mirror(farm)).filter((each) => !each.includes('unchanged'))).toEqual([]);
    expect(existsSync(join(dir, 'c002.git/HEAD'))).toBe(true);
  });

  test('many pins that no branch leads to are fetched at once; one that is gone is named alone', async () => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const component = farm.component(0);
    const from = await component.tip();
    const pins: Record<string, string> = { gone: 'dead'.repeat(10) };
    for (let i = 1; i <= 12; i++)
      pins[`p${i}`] = await component.commit({ [`f${i}`]: '1' }, { branch: 'topic', from });
    await component.git('branch', '-D', 'topic');
    const sections = Object.keys(pins).map((path) => ({ ...component, name: path, path }));
    const modules = gitmodulesOf(sections.map((one) => ({ ...one, url: '../c001.git' })));
    await farm.super.commit({ '.gitmodules': modules }, { pins });
    await farm.forget();
    const { repositories } = await mirror(farm);
    expect(repositories[0]).toMatchObject({ path: 'c001.git', gone: ['dead'.repeat(10)] });
    expect((await farm.connections()).length).toBeLessThan(10);
    // A host that is down says nothing of what it has.
    const late = await component.commit({ late: '1' }, { branch: 'topic', from });
    await component.git('branch', '-D', 'topic');
    await farm.super.commit({}, { pins: { p1: late } });
    await farm.onConnect(
      'case "$repository" in *c001*) n=$(grep -c c001 connections.log); [ $n -gt 1 ] && { echo "Connection reset by peer" >&2; exit 1; };; esac',
    );
    await farm.forget();
    const [silent] = (await mirror(farm)).repositories;
    expect(silent).toMatchObject({ gone: [], reason: expect.stringContaining('reset by peer') });
  });

  test('two at once wait for each other; another superproject is refused', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const both = await Promise.all([mirror(farm), mirror(farm)]);
    expect(both.flatMap((each) => words(each)).filter((each) => each.includes('failed'))).toEqual(
      [],
    );
    const dir = join(farm.dir, 'mirror');
    const other = { url: farm.component(0).url, dir };
    await expect(updateMirrors(new Network(), other)).rejects.toMatchObject({
      code: 'SP_MIRROR_OTHER',
    });
  });

  test('a folder with other things in it is refused, and stays as it is', async () => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const dir = join(farm.dir, 'home');
    const before = await readdir(dir);
    const into = updateMirrors(new Network(), { url: farm.url, dir });
    await expect(into).rejects.toMatchObject({ code: 'SP_TARGET_TAKEN' });
    expect(await readdir(dir)).toEqual(before);
  });

  test('no password of a url gets into it', async () => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const dir = join(farm.dir, 'mirror');
    const url = farm.url.replace('ssh://', 'ssh://me:secret@');
    const found = await updateMirrors(new Network(), { url, dir });
    expect(words(found)).toEqual(['c001.git new 1', 'super.git new 1']);
    const grep = run('grep', ['-r', 'secret', dir]);
    // Code 1: it is nowhere.
    await expect(grep).rejects.toMatchObject({ code: 1 });
  });
});
