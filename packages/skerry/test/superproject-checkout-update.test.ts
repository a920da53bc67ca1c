import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import {
  updateCheckout,
  type UpdateOptions,
} from '../src/superproject/checkout/update-checkout.ts';
import { Network } from '../src/superproject/network.ts';
import { cloneSuper, pinOnRemote, syncWords } from './support/superproject-checkout.ts';
import { type Farm, type FarmOptions, makeFarm } from './support/superproject-farm.ts';
import { sp } from './support/superproject-sp.ts';

async function farmWith(options: FarmOptions): Promise<{ farm: Farm; root: string }> {
  const farm = await makeFarm(options);
  farm.enter();
  const root = await cloneSuper(farm);
  await syncWords(root, { attach: true });
  return { farm, root };
}

function update(root: string, options: UpdateOptions = {}) {
  return updateCheckout(new Network({ cwd: root, pauseMs: 5, tries: 1 }), root, options);
}

/** Where everything is: pins in the index and HEADs. */
async function places(farm: Farm, root: string): Promise<string> {
  const heads = await farm.git(
    root,
    'submodule',
    '--quiet',
    'foreach',
    'git rev-parse HEAD; git symbolic-ref -q HEAD || echo detached',
  );
  return `${await farm.git(root, 'ls-files', '--stage')}\n${heads}`;
}

test('pins, index and work trees move to the tips together; who is on the branch stays on it', async () => {
  const { farm, root } = await farmWith({ components: 3 });
  await using _ = farm;
  const tip = await farm.component(1).commit({ README: 'new\n' });
  const { moves, connections } = await update(root);
  expect(moves).toMatchObject([{ path: 'c002', branch: 'main', to: tip, isRewound: false }]);
  // Two reads that agree, and one fetch.
  expect(connections).toBe(7);
  expect(await farm.git(root, 'status', '--porcelain')).toBe('M  c002');
  expect(await farm.git(join(root, 'c002'), 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('main');
  expect(await readFile(join(root, 'c002', 'README'), 'utf8')).toBe('new\n');
  expect((await update(root)).moves).toEqual([]);
});

test('a component that left its branch is told of, as sync does', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  await farm.git(join(root, 'c001'), 'checkout', '--quiet', '-b', 'mine');
  await farm.git(join(root, 'c001'), 'commit', '--quiet', '--allow-empty', '-m', 'mine');
  for (const component of farm.components) await component.commit({ README: 'new\n' });
  const said = await sp(root, 'update');
  const note = 'c001: was on mine, is detached now; 1 commit that the pin has not is on mine';
  expect(said.stdout.split('\n').filter((line) => line.startsWith('! '))).toEqual([`! ${note}`]);
  await farm.git(root, 'reset', '--quiet');
  await farm.git(join(root, 'c001'), 'checkout', '--quiet', 'mine');
  expect((await update(root)).moves).toMatchObject([
    { path: 'c001', notes: [note.replace('c001: ', '')] },
    { path: 'c002', notes: [] },
  ]);
});

test('a component that is not checked out moves by its pin alone', async () => {
  await using farm = await makeFarm({ components: 2 });
  farm.enter();
  const root = await cloneSuper(farm);
  const tip = await farm.component(0).commit({ README: 'new\n' });
  expect((await update(root)).moves).toMatchObject([{ path: 'c001', to: tip }]);
  expect(await farm.git(root, 'ls-files', '--stage', 'c001')).toContain(tip);
  expect((await syncWords(root)).words).toEqual({ c001: 'cloned', c002: 'cloned' });
});

test('nothing moves when one component cannot: a rewound or missing branch, work in it', async () => {
  const { farm, root } = await farmWith({ components: 3 });
  await using _ = farm;
  await farm.component(0).commit({ README: 'new\n' });
  const before = await places(farm, root);
  const old = await farm.component(2).tip();
  await farm.component(2).commit({ README: 'rewritten\n' }, { from: 'refs/heads/main~1' });
  await expect(update(root)).rejects.toThrow(/c003: its branch 'main' went from/);
  expect(await places(farm, root)).toBe(before);
  expect((await update(root, { words: ['c003'], allowRewind: true })).moves).toMatchObject([
    { path: 'c003', from: old, isRewound: true },
  ]);
  await farm.component(1).git('branch', '-m', 'main', 'trunk');
  await expect(update(root)).rejects.toMatchObject({ code: 'SP_REF_MISSING' });
  await farm.component(1).git('branch', '-m', 'trunk', 'main');
  await writeFile(join(root, 'c001', 'README'), 'mine\n');
  const after = await places(farm, root);
  await expect(update(root)).rejects.toThrow('c001 has work of yours in it');
  expect(await places(farm, root)).toBe(after);
});

test('when one work tree cannot be moved the others go back', async () => {
  const { farm, root } = await farmWith({ components: 4 });
  await using _ = farm;
  for (const component of farm.components) await component.commit({ 'in-the-way': 'theirs\n' });
  const before = await places(farm, root);
  // Not tracked, so not dirty; only the checkout itself finds it.
  await writeFile(join(root, 'c003', 'in-the-way'), 'mine\n');
  await expect(update(root)).rejects.toThrow(
    /files that are here already, and not in git: in-the-way/,
  );
  expect(await places(farm, root)).toBe(before);
  expect(await readFile(join(root, 'c003', 'in-the-way'), 'utf8')).toBe('mine\n');
});

test('what somebody commits while an update goes back stays on his branch', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  for (const component of farm.components) await component.commit({ 'in-the-way': 'theirs\n' });
  await writeFile(join(root, 'c002', 'in-the-way'), 'mine\n');
  // Right after the update has moved it, and before the other one fails. A hook would do, but an update runs none.
  const { PATH = '' } = process.env;
  const bin = join(farm.dir, 'bin');
  await mkdir(bin);
  const once = `test -e ${farm.dir}/done || { touch ${farm.dir}/done; git commit -q --allow-empty -m mine; }`;
  const wrapper = `PATH='${PATH}'\ngit "$@" || exit\ncase "$PWD $*" in */c001*" checkout "*|*/c001*" merge "*) ${once};; esac\n`;
  await writeFile(join(bin, 'git'), `#!/bin/sh\n${wrapper}`, { mode: 0o755 });
  process.env.PATH = `${bin}:${PATH}`;
  onTestFinished(() => void (process.env.PATH = PATH));
  await expect(update(root)).rejects.toThrow('files that are here already');
  const dir = join(root, 'c001');
  expect(await farm.git(dir, 'log', '-1', '--format=%s', 'main')).toBe('mine');
  expect(await farm.git(dir, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('main');
});

test.each(['main', 'elsewhere'])(
  'what somebody commits right before HEAD moves, on %s, stays on its branch',
  async (where) => {
    const { farm, root } = await farmWith({ components: 1 });
    await using _ = farm;
    const dir = join(root, 'c001');
    await pinOnRemote(farm, { c001: await farm.component(0).commit({ README: 'new\n' }) });
    await farm.git(root, 'pull', '-q', '--no-recurse-submodules');
    if (where === 'elsewhere') await farm.git(dir, 'checkout', '-q', '-b', where);
    const { PATH = '' } = process.env;
    const bin = join(farm.dir, 'bin');
    await mkdir(bin);
    const commit =
      'git checkout -q main; git -c core.hooksPath=/dev/null commit -q --allow-empty -m mine';
    const once = `test -e ${farm.dir}/done || { touch ${farm.dir}/done; ${commit}; }`;
    const moves = '*/c001*" checkout "*|*/c001*" merge "*';
    const wrapper = `PATH='${PATH}'\ncase "$PWD $*" in ${moves}) ${once};; esac\nexec git "$@"\n`;
    await writeFile(join(bin, 'git'), `#!/bin/sh\n${wrapper}`, { mode: 0o755 });
    process.env.PATH = `${bin}:${PATH}`;
    onTestFinished(() => void (process.env.PATH = PATH));
    await syncWords(root, { attach: true }).catch(() => {});
    expect(await farm.git(dir, 'log', '-1', '--format=%s', 'main')).toBe('mine');
  },
);

test('a dry run moves nothing, and `branch = .` needs a branch', async () => {
  const { farm, root } = await farmWith({ components: 1 });
  await using _ = farm;
  const tip = await farm.component(0).commit({ README: 'new\n' });
  const before = await places(farm, root);
  const { commands } = await update(root, { dryRun: true });
  expect(commands.join('\n')).toMatch(
    new RegExp(`checkout[\\s\\S]*update-index .*160000,${tip},c001`),
  );
  expect(await places(farm, root)).toBe(before);
  await farm.git(root, 'config', '-f', '.gitmodules', 'submodule.c001.branch', '.');
  await farm.git(root, 'checkout', '--quiet', '--detach');
  await expect(update(root)).rejects.toMatchObject({ code: 'SP_NO_BRANCH' });
  expect((await update(root, { branch: 'main' })).moves).toMatchObject([{ to: tip }]);
});

test('in shallow clones what went forward moves, and what was rewound is still found out', async () => {
  await using farm = await makeFarm({ components: 2 });
  farm.enter();
  const root = await cloneSuper(farm);
  await syncWords(root, { depth: 1 });
  const component = farm.component(0);
  await component.commit({ a: '1' });
  await component.commit({ a: '2' });
  const tip = await component.commit({ a: '3' });
  const { moves } = await update(root);
  expect(moves).toMatchObject([{ path: 'c001', to: tip, isRewound: false }]);
  expect(await farm.git(join(root, 'c001'), 'rev-parse', 'HEAD')).toBe(tip);
  await component.commit({ a: 'other' }, { from: `${tip}~1` });
  await expect(update(root)).rejects.toThrow(/c001: its branch 'main' went from/);
});
