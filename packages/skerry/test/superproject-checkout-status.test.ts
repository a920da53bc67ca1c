import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { checkoutStatus, type StatusOptions } from '../src/superproject/checkout/status.ts';
import { Network } from '../src/superproject/network.ts';
import {
  cloneSuper,
  gitmodulesOf,
  pinOnRemote,
  syncWords,
} from './support/superproject-checkout.ts';
import { type Farm, type FarmOptions, makeFarm } from './support/superproject-farm.ts';

async function farmWith(options: FarmOptions): Promise<Farm> {
  const farm = await makeFarm(options);
  farm.enter();
  return farm;
}

async function statusOf(root: string, options: StatusOptions = {}) {
  const network = new Network({ cwd: root, pauseMs: 10, tries: 2 });
  const { components, ...rest } = await checkoutStatus(network, root, options);
  const drift = Object.fromEntries(components.map((one) => [one.path, one.drift]));
  return { ...rest, components, drift };
}

test('what somebody did in a component is drift; what is as it should be is not', async () => {
  await using farm = await farmWith({ components: 6 });
  const root = await cloneSuper(farm);
  await syncWords(root);
  const inside = (path: string, ...args: string[]): Promise<string> =>
    farm.git(join(root, path), ...args);
  await writeFile(join(root, 'c001', 'README'), 'mine\n');
  await inside('c002', 'commit', '--quiet', '--allow-empty', '-m', 'mine');
  await inside('c003', 'checkout', '--quiet', 'HEAD~2');
  await inside('c004', 'checkout', '--quiet', '-b', 'topic');
  await inside('c004', 'commit', '--quiet', '--allow-empty', '-m', 'mine');
  await inside('c004', 'checkout', '--quiet', '--detach', 'origin/main');
  await farm.git(root, 'config', 'submodule.c005.url', 'ssh://farm.example/fork.git');
  await farm.git(root, 'config', 'submodule.c005.branch', 'dev');
  const { drift, components } = await statusOf(root);
  expect(drift).toEqual({
    c001: ['dirty'],
    c002: ['unpushed', 'head'],
    c003: ['head'],
    c004: ['unpushed'],
    c005: ['url-override', 'branch-override'],
    c006: [],
  });
  expect(components.map(({ local }) => [local?.ahead, local?.behind, local?.unpushed])).toEqual([
    [0, 0, 0],
    [1, 0, 1],
    [0, 2, 0],
    [0, 0, 1],
    [0, 0, 0],
    [0, 0, 0],
  ]);
});

test('a component that a sync would bring is drift; one that nobody wants here is not', async () => {
  await using farm = await farmWith({ components: 4 });
  const root = await cloneSuper(farm);
  expect((await statusOf(root)).drift).toMatchObject({ c001: ['not-here'], c004: ['not-here'] });
  await syncWords(root, { words: ['c001', 'c003'] });
  await rm(join(root, 'c001', '.git'));
  await farm.git(root, 'config', 'submodule.c004.update', 'none');
  const { drift, components } = await statusOf(root, { isRemote: true });
  expect(drift).toEqual({ c001: ['not-here'], c002: ['not-here'], c003: [], c004: [] });
  expect(components.map(({ local }) => local?.hasFiles)).toEqual([true, false, false, false]);
});

test('remotes are asked over one connection each, without clones', async () => {
  await using farm = await farmWith({ components: 4 });
  const root = await cloneSuper(farm);
  const [one, two, three] = farm.components;
  await one?.commit({ README: 'new\n' });
  await two?.git('branch', '-m', 'main', 'trunk');
  const kept = await three?.commit({ README: 'kept\n' }, { branch: 'side' });
  await three?.git('update-ref', `refs/superproject/pins/${kept}`, kept ?? '');
  await pinOnRemote(farm, { c003: kept });
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  await farm.forget();
  const { drift, components, connections } = await statusOf(root, { isRemote: true });
  expect(drift).toEqual({ c001: ['tip'], c002: ['branch-missing'], c003: ['tip'], c004: [] });
  expect(components.map(({ remote }) => [remote?.relation, remote?.isPinMissing])).toEqual([
    ['differs', false],
    ['branch-missing', false],
    ['differs', false],
    ['same', false],
  ]);
  // Whether the pins of the first two can still be had, only a fetch of one object tells.
  expect(connections).toBe(6);
  expect(await farm.connections()).toHaveLength(6);
});

test('with objects here it says how far the branch went on; a pin that nobody can fetch is named', async () => {
  await using farm = await farmWith({ components: 3 });
  const root = await cloneSuper(farm);
  await syncWords(root);
  await farm.component(0).commit({ README: '1\n' });
  await farm.component(0).commit({ README: '2\n' });
  await farm.git(join(root, 'c001'), 'fetch', '--quiet');
  await farm.component(1).commit({ README: 'rewritten\n' }, { from: 'refs/heads/main~2' });
  await farm.git(join(root, 'c002'), 'fetch', '--quiet');
  await pinOnRemote(farm, { c003: '1234567890123456789012345678901234567890' });
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  const { drift, components } = await statusOf(root, { isRemote: true });
  expect(
    components.map(({ remote }) => [remote?.relation, remote?.behind, remote?.isPinMissing]),
  ).toEqual([
    ['behind', 2, false],
    ['diverged', undefined, false],
    ['differs', undefined, true],
  ]);
  expect(drift).toEqual({ c001: ['tip'], c002: ['tip'], c003: ['head', 'tip', 'pin-missing'] });
});

test('counted without clones: two connections more for each that differs, and none for others', async () => {
  await using farm = await farmWith({ components: 5 });
  const root = await cloneSuper(farm);
  const [one, two, three] = farm.components;
  await one?.commit({ README: '1\n' });
  const side = await one?.commit({ side: '1\n' }, { branch: 'side', from: 'refs/heads/main~2' });
  const merge = ['commit-tree', '-p', 'main', '-p', side ?? '', '-m', 'merge', 'main^{tree}'];
  await one?.git('update-ref', 'refs/heads/main', await one.git(...merge));
  await two?.commit({ README: 'rewritten\n' }, { from: 'refs/heads/main~2' });
  await three?.git('update-ref', 'refs/heads/main', 'main~1');
  await pinOnRemote(farm, { c004: '1234567890123456789012345678901234567890' });
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  await farm.forget();
  const { components, connections } = await statusOf(root, { isRemote: true, isCounting: true });
  const found = components.map(({ remote }) => [
    ...[remote?.relation, remote?.behind, remote?.isPinMissing],
  ]);
  expect(found).toEqual([
    ['behind', 3, false],
    ['diverged', undefined, false],
    ['ahead', undefined, false],
    ['differs', undefined, true],
    ['same', 0, false],
  ]);
  expect(await farm.connections()).toHaveLength(connections);
  // Of a branch that went back the remote has nothing to send: the whole graph of commits tells.
  const of = (name: string): Promise<number> =>
    farm.connections().then((all) => all.filter((each) => each.includes(name)).length);
  expect(await Promise.all(['c001', 'c002', 'c003', 'c005'].map(of))).toEqual([3, 3, 5, 1]);
});

test('a remote that cannot be read is drift with its words, and hides no other', async () => {
  await using farm = await farmWith({ components: 2 });
  const root = await cloneSuper(farm);
  await farm.onConnect(
    'case $repository in ./c001.git) echo "no entry for you" >&2; exit 1;; esac',
  );
  const { drift, components } = await statusOf(root, { isRemote: true });
  expect(drift).toEqual({ c001: ['unreadable'], c002: [] });
  expect(components[0]?.remote?.error?.message).toContain('no entry for you');
});

test('a pin without a section in .gitmodules is named, and `branch = .` is the branch of the superproject', async () => {
  await using farm = await farmWith({ components: 2 });
  const [one] = farm.components;
  if (!one) throw new Error('no component');
  await pinOnRemote(farm, {}, gitmodulesOf([{ ...one, branch: '.' }]));
  const root = await cloneSuper(farm);
  const { strays, components } = await statusOf(root, { isRemote: true });
  expect(Object.keys(strays)).toEqual(['c002']);
  expect(components.map(({ branch, drift }) => [branch, drift])).toEqual([['main', []]]);
  await one.git('branch', '3.11');
  expect((await statusOf(root, { isRemote: true, branch: '3.11' })).components[0]?.branch).toBe(
    '3.11',
  );
});
