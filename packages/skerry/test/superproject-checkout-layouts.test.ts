// What users, and other tools, make of a checkout before we see it.
import { existsSync } from 'node:fs';
import { appendFile, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCheckout } from '../src/superproject/checkout/checkout.ts';
import { cloneSuperproject } from '../src/superproject/checkout/clone.ts';
import { checkoutStatus } from '../src/superproject/checkout/status.ts';
import { updateCheckout } from '../src/superproject/checkout/update-checkout.ts';
import { Network } from '../src/superproject/network.ts';
import { cloneSuper, pinOnRemote, syncWords } from './support/superproject-checkout.ts';
import { type Farm, type FarmOptions, makeFarm } from './support/superproject-farm.ts';

async function farmWith(options: FarmOptions): Promise<Farm> {
  const farm = await makeFarm(options);
  farm.enter();
  return farm;
}

/** What is read from files, beside what git says. */
async function expectAsGit(farm: Farm, root: string): Promise<void> {
  for (const { dir, head, pin, path } of (await readCheckout(root)).components) {
    const branch = await farm
      .git(dir, 'symbolic-ref', '--quiet', '--short', 'HEAD')
      .catch(() => undefined);
    expect(head).toEqual({ commit: await farm.git(dir, 'rev-parse', 'HEAD'), branch });
    expect(pin).toBe(await farm.git(root, 'rev-parse', `:${path}`));
  }
}

test('heads are read right from loose and packed refs, absorbed or not, at any path', async () => {
  await using farm = await farmWith({ names: ['a', 'lib/b', 'c', 'with space/d'] });
  const root = await cloneSuper(farm);
  await farm.git(root, 'clone', '--quiet', farm.component(2).url, 'c');
  await syncWords(root, { attach: true });
  expect(existsSync(join(root, 'c', '.git', 'HEAD'))).toBe(true);
  await farm.git(join(root, 'a'), 'checkout', '--quiet', '--detach');
  await farm.git(join(root, 'lib/b'), 'checkout', '--quiet', '-b', 'deep/topic');
  await farm.git(join(root, 'lib/b'), 'pack-refs', '--all');
  await farm.git(join(root, 'with space/d'), 'pack-refs', '--all');
  await farm.git(
    join(root, 'with space/d'),
    'commit',
    '--quiet',
    '--allow-empty',
    '-m',
    'newer than the packed one',
  );
  await expectAsGit(farm, root);
  const { components } = await checkoutStatus(new Network({ cwd: root }), root);
  expect(components.map(({ drift }) => drift)).toEqual([[], [], [], ['unpushed', 'head']]);
  expect((await syncWords(root)).words).toMatchObject({ c: 'unchanged', 'with space/d': 'moved' });
});

test('a checkout may be moved as a whole, and a component whose folder was deleted comes back without a fetch', async () => {
  await using farm = await farmWith({ names: ['lib/b'] });
  const root = await cloneSuper(farm);
  await syncWords(root);
  const moved = join(farm.dir, 'moved');
  await rename(root, moved);
  expect((await syncWords(moved)).words).toEqual({ 'lib/b': 'unchanged' });
  await rm(join(moved, 'lib'), { recursive: true });
  await farm.forget();
  expect((await syncWords(moved)).words).toEqual({ 'lib/b': 'restored' });
  expect(await farm.connections()).toEqual([]);
  expect(await farm.git(moved, 'status', '--porcelain')).toBe('');
});

test('a clone that ended before its files came is gone on with, though the pin moved meanwhile', async () => {
  await using farm = await farmWith({ names: ['a'] });
  const root = await cloneSuper(farm);
  await syncWords(root);
  await rm(join(root, '.git/modules/a/index'));
  for (const file of ['README', 'src']) await rm(join(root, 'a', file), { recursive: true });
  await pinOnRemote(farm, { a: await farm.component(0).commit({ README: 'new\n' }) });
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  expect((await syncWords(root)).words).toEqual({ a: 'restored' });
  expect(await farm.git(root, 'status', '--porcelain')).toBe('');
});

test('a user with submodule.recurse = true loses nothing, and no file of a nested component is touched', async () => {
  await using farm = await farmWith({ names: ['a'] });
  await appendFile(join(farm.dir, 'home', '.gitconfig'), '[submodule]\n\trecurse = true\n');
  const root = await cloneSuper(farm);
  await syncWords(root);
  await writeFile(join(root, 'a', 'untracked'), 'mine\n');
  await pinOnRemote(farm, { a: await farm.component(0).commit({ README: 'new\n' }) });
  await farm.git(root, 'fetch', '--quiet', '--no-recurse-submodules');
  await farm.git(
    root,
    '-c',
    'submodule.recurse=false',
    'merge',
    '--quiet',
    '--ff-only',
    'origin/main',
  );
  expect((await syncWords(root)).words).toEqual({ a: 'moved' });
  expect(await readFile(join(root, 'a', 'untracked'), 'utf8')).toBe('mine\n');
  expect(await farm.git(root, 'config', '--local', '--list')).not.toContain('recurse');
});

test('a superproject at a local path has its components beside it, with no setting of git changed', async () => {
  await using farm = await farmWith({ names: ['a', 'b'] });
  const network = new Network({ tries: 1 });
  const url = farm.super.gitDir;
  const { dir, components } = await cloneSuperproject(network, { url, dir: join(farm.dir, 'w') });
  expect(components.map(({ status }) => status)).toEqual(['cloned', 'cloned']);
  expect(await farm.connections()).toEqual([]);
  expect(await farm.git(dir, 'config', '--list')).not.toContain('protocol.file');
  expect(await farm.git(dir, 'config', 'submodule.a.url')).toBe(farm.component(0).gitDir);
});

test('what is switched off stays off: update = none, and active = false', async () => {
  await using farm = await farmWith({ components: 3 });
  const root = await cloneSuper(farm);
  await farm.git(root, 'config', 'submodule.c001.update', 'none');
  await farm.git(root, 'config', 'submodule.c002.active', 'false');
  expect((await syncWords(root)).words).toEqual({ c003: 'cloned' });
});

test('submodule.active of a stock clone says which are wanted, and submodule.NAME.active goes before it', async () => {
  await using farm = await farmWith({ components: 3 });
  const root = await cloneSuper(
    farm,
    'w',
    '--recurse-submodules=c001',
    '--recurse-submodules=c00[2]',
  );
  await farm.git(root, 'submodule', '--quiet', 'deinit', '--force', '--all');
  expect((await syncWords(root)).words).toEqual({ c001: 'restored', c002: 'restored' });
  await farm.git(root, 'config', 'submodule.c003.active', 'true');
  await farm.git(root, 'config', 'submodule.c001.active', 'no');
  expect((await syncWords(root)).words).toEqual({ c002: 'unchanged', c003: 'cloned' });
});

test('a merge conflict of pins is left to its owner; all others come', async () => {
  await using farm = await farmWith({ components: 2 });
  const root = await cloneSuper(farm);
  await syncWords(root);
  const [old, other] = [
    await farm.component(0).git('rev-parse', 'main~1'),
    await farm.component(0).git('rev-parse', 'main~2'),
  ];
  const stages = [1, 2, 3]
    .map((stage) => `160000 ${stage === 3 ? other : old} ${stage}\tc001\n`)
    .join('');
  await writeFile(join(farm.dir, 'stages'), `0 ${'0'.repeat(40)}\tc001\n${stages}`);
  await farm.git(
    root,
    '-c',
    `alias.put=!git update-index --index-info < '${join(farm.dir, 'stages')}'`,
    'put',
  );
  const { result } = await syncWords(root);
  expect(result.components[0]).toMatchObject({
    status: 'left',
    notes: ['a merge left more than one pin: resolve it first'],
  });
  expect(result.components[1]?.status).toBe('unchanged');
});

test('a hook that a component brings along is not run, whatever the user’s core.hooksPath says', async () => {
  await using farm = await farmWith({ names: ['a'] });
  const hook = '#!/bin/sh\necho "$0" >> "$HOME/hooked"\n';
  const all = ['post-checkout', 'post-merge', 'reference-transaction', 'post-index-change'];
  const files = Object.fromEntries(all.map((name) => [`.githooks/${name}`, hook]));
  await farm.component(0).commit(files, { isExecutable: true });
  await farm.super.commit(files, { isExecutable: true });
  await farm.git(farm.dir, 'config', '--global', 'core.hooksPath', '.githooks');
  const hooked = join(farm.env['HOME'] ?? '', 'hooked');
  const { url } = farm;
  const pin = await farm.component(0).tip();
  await farm.super.commit({}, { pins: { a: pin } });
  const root = join(farm.dir, 'w');
  const network = (): Network => new Network({ cwd: farm.dir, pauseMs: 5, tries: 2 });
  await cloneSuperproject(network(), { url, dir: root });
  expect(existsSync(join(root, 'a', '.githooks', 'post-checkout'))).toBe(true);
  expect(existsSync(hooked)).toBe(false);
  await farm.component(0).commit({ README: 'new\n' });
  const updated = await updateCheckout(network(), root, {});
  expect(updated.moves).toHaveLength(1);
  await farm.git(root, '-c', 'core.hooksPath=/dev/null', 'checkout', '--quiet', '.');
  await farm.git(root, '-c', 'core.hooksPath=/dev/null', 'reset', '--quiet');
  expect((await syncWords(root, { attach: true })).words).toEqual({ a: 'moved' });
  expect(existsSync(hooked)).toBe(false);
});
