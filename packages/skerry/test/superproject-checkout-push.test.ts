import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { pinsOfCommit } from '../src/superproject/checkout/commit-pins.ts';
import { foreachComponent } from '../src/superproject/checkout/foreach.ts';
import { installHook, removeHook } from '../src/superproject/checkout/hooks.ts';
import { pushCheckout, type PushOptions } from '../src/superproject/checkout/push-checkout.ts';
import { startTopic } from '../src/superproject/checkout/start.ts';
import { Network } from '../src/superproject/network.ts';
import { cloneSuper, syncWords } from './support/superproject-checkout.ts';
import { type Farm, type FarmOptions, makeFarm } from './support/superproject-farm.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const PROGRAM = [process.execPath, '--conditions=@skerry/source', MAIN];

async function farmWith(options: FarmOptions): Promise<{ farm: Farm; root: string }> {
  const farm = await makeFarm(options);
  farm.enter();
  const root = await cloneSuper(farm);
  await syncWords(root, { attach: true });
  return { farm, root };
}

function network(root: string): Network {
  return new Network({ cwd: root, pauseMs: 5, tries: 1 });
}
const push = (root: string, options: PushOptions = {}) =>
  pushCheckout(network(root), root, options);

async function commitIn(farm: Farm, root: string, path: string): Promise<string> {
  const dir = join(root, path);
  await writeFile(join(dir, 'README'), `mine ${path}\n`);
  await farm.git(dir, 'commit', '--quiet', '-am', 'mine');
  return farm.git(dir, 'rev-parse', 'HEAD');
}

test('a topic goes from start to push, components first, and every pin is verified', async () => {
  const { farm, root } = await farmWith({ components: 3 });
  await using _ = farm;
  await writeFile(join(root, 'c002', 'README'), 'mine\n');
  const started = await startTopic(network(root), root, { topic: 'fix' });
  expect(started.components).toEqual(['c002']);
  const mine = await commitIn(farm, root, 'c002');
  await farm.git(root, 'commit', '--quiet', '-am', 'fix');
  await farm.forget();
  const result = await push(root, { topic: 'fix' });
  expect(result).toMatchObject({
    branch: 'fix',
    verified: 3,
    components: [{ path: 'c002', commit: mine }],
    unpinned: [],
  });
  const order = (await farm.connections()).map((line) => line.replace(/c00\d/, 'c'));
  expect(order[0]).toBe('receive-pack ./c.git');
  expect(order.at(-1)).toBe('receive-pack ./super.git');
  expect(order.filter((line) => line === 'upload-pack ./c.git')).toHaveLength(3);
  await farm.git(farm.dir, 'clone', '--quiet', '--recursive', '-b', 'fix', farm.url, 'fresh');
  expect(await farm.git(join(farm.dir, 'fresh/c002'), 'rev-parse', 'HEAD')).toBe(mine);
});

test('a pin that is on no branch anywhere is refused, and the superproject stays as it is', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  await farm.git(join(root, 'c001'), 'checkout', '--quiet', '--detach');
  await commitIn(farm, root, 'c001');
  await farm.git(root, 'commit', '--quiet', '-am', 'dangling');
  const before = await farm.super.tip();
  await expect(push(root)).rejects.toThrow(
    /c001: the pin \w+ is not to be published: its remote has no such commit/,
  );
  expect(await farm.super.tip()).toBe(before);
  // What one unchecked push did is found by the next one too, though the pin does not change any more.
  await farm.git(root, 'push', '--quiet', '--no-recurse-submodules', 'origin', 'main');
  await farm.git(root, 'commit', '--quiet', '--allow-empty', '-m', 'more');
  await expect(push(root)).rejects.toThrow('c001: the pin');
  await farm.git(join(root, 'c001'), 'checkout', '--quiet', '-B', 'main');
  expect((await push(root)).components).toMatchObject([{ path: 'c001', branch: 'main' }]);
});

test('a pin that the branch went on from is fine; one that only garbage collection has not found yet is not', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  await farm.component(0).commit({ README: 'new\n' });
  await farm.git(root, 'commit', '--quiet', '--allow-empty', '-m', 'more');
  // Unknown here: the newer commits are not fetched.
  expect((await push(root)).verified).toBe(2);
  await farm.git(join(root, 'c001'), 'fetch', '--quiet');
  await farm.git(root, 'commit', '--quiet', '--allow-empty', '-m', 'more still');
  expect((await push(root)).verified).toBe(2);
  await farm.component(1).commit({ README: 'rewritten\n' }, { from: 'refs/heads/main~1' });
  await farm.git(join(root, 'c002'), 'fetch', '--quiet');
  await farm.git(join(root, 'c002'), 'checkout', '--quiet', '--detach');
  await farm.git(root, 'commit', '--quiet', '--allow-empty', '-m', 'and more');
  await expect(push(root)).rejects.toThrow('it is on no branch or tag of its remote');
});

test('a pin of a component that its own component does not have is refused, too', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  const outer = join(root, 'c001');
  await farm.git(outer, 'checkout', '--quiet', '-B', 'main', 'origin/main');
  await farm.git(outer, 'submodule', '--quiet', 'add', '../c002.git', 'inner');
  await farm.git(outer, 'commit', '--quiet', '-m', 'inner');
  await commitIn(farm, outer, 'inner');
  await farm.git(outer, 'commit', '--quiet', '-am', 'a commit that nobody has');
  await farm.git(root, 'commit', '--quiet', '-am', 'outer');
  await expect(push(root)).rejects.toThrow('c001/inner: the pin');
  await farm.git(join(outer, 'inner'), 'push', '--quiet', 'origin', 'HEAD:refs/heads/main');
  expect((await push(root)).verified).toBeGreaterThan(1);
});

test('work that the superproject does not pin is not published, and named', async () => {
  const { farm, root } = await farmWith({ components: 1 });
  await using _ = farm;
  await commitIn(farm, root, 'c001');
  await farm.git(root, 'commit', '--quiet', '--allow-empty', '-m', 'other');
  const unpinned = { path: 'c001', branch: 'main', commits: 1, isPushed: false };
  expect(await push(root)).toMatchObject({ components: [], unpinned: [unpinned] });
  await farm.git(root, 'mv', 'c001', 'elsewhere');
  expect((await push(root)).verified).toBe(1);
});

test('a component that is not taken stops the superproject; the next push goes on', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  await commitIn(farm, root, 'c001');
  await commitIn(farm, root, 'c002');
  await farm.git(root, 'commit', '--quiet', '-am', 'both');
  const before = await farm.super.tip();
  await farm.onConnect(
    'case "$command$repository" in receive-pack./c002.git) echo "closed today" >&2; exit 1;; esac',
  );
  const error = await push(root).catch((e: unknown) => e);
  expect(error).toMatchObject({ code: 'SP_PUSH_PARTIAL', exitCode: 5 });
  expect(String(error)).toContain('closed today');
  expect(await farm.super.tip()).toBe(before);
  await farm.onConnect('');
  expect((await push(root)).components).toMatchObject([{ path: 'c002' }]);
  expect(await farm.super.tip()).not.toBe(before);
});

test('a superproject that somebody was faster with is named as what is left; pulled, the next push goes on', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  await commitIn(farm, root, 'c001');
  await farm.git(root, 'commit', '--quiet', '-am', 'mine');
  await farm.super.commit({ OTHER: '1' });
  const hint = 'git pull (or: skerry superproject sync), then: skerry superproject push';
  await expect(push(root)).rejects.toMatchObject({
    ...{ code: 'SP_PUSH_SUPER', exitCode: 5, hint },
    message: expect.stringMatching(
      /^1 component is pushed, .* was not:\n.*(fetch first|rejected)/s,
    ),
  });
  // Now there is nothing left of the components.
  await expect(push(root)).rejects.toMatchObject({ code: 'SP_PUSH_BEHIND', exitCode: 3, hint });
  await farm.git(root, 'pull', '--quiet', '--no-rebase', '--no-edit');
  expect(await push(root)).toMatchObject({ commit: await farm.super.tip() });
});

test('what stops the superproject alone is told with what to do about it, not to pull', async () => {
  const { farm, root } = await farmWith({ components: 1 });
  await using _ = farm;
  await commitIn(farm, root, 'c001');
  await farm.git(root, 'commit', '--quiet', '-am', 'mine');
  await farm.onConnect(
    'case "$command$repository" in receive-pack./super.git) echo "closed today" >&2; exit 1;; esac',
  );
  await expect(push(root)).rejects.toMatchObject({
    ...{ code: 'SP_PUSH_SUPER', exitCode: 5 },
    hint: 'mend that, then: skerry superproject push',
    message: expect.stringContaining('closed today'),
  });
});

test('a commit that is made while a push verifies the one before is not published', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  const mine = await commitIn(farm, root, 'c001');
  await farm.git(root, 'commit', '--quiet', '-am', 'one');
  const verified = await farm.git(root, 'rev-parse', 'HEAD');
  const later = (path: string) => `git -C w/${path} commit -q --allow-empty -m later`;
  await farm.onConnect(
    `case "$command$repository" in receive-pack./c001.git) ${later('c001')};; upload-pack./c002.git) ${later('.')};; esac`,
  );
  expect(await push(root)).toMatchObject({ commit: verified });
  expect(await farm.git(root, 'rev-parse', 'HEAD')).not.toBe(verified);
  expect(await farm.super.tip()).toBe(verified);
  expect(await farm.component(0).tip()).toBe(mine);
});

test('start refuses a branch that is elsewhere in one component, and then makes none', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  await farm.git(join(root, 'c002'), 'branch', 'fix', 'HEAD~1');
  const start = startTopic(network(root), root, { topic: 'fix', words: ['c001', 'c002'] });
  await expect(start).rejects.toThrow("c002 has a branch 'fix' already");
  expect(await farm.git(join(root, 'c001'), 'branch', '--list', 'fix')).toBe('');
  expect(await farm.git(root, 'branch', '--list', 'fix')).toBe('');
  const named = startTopic(network(root), root, {
    topic: '1234567890123456789012345678901234567890',
    words: ['c001'],
  });
  await expect(named).rejects.toMatchObject({ code: 'SP_TOPIC_NAME' });
});

test('foreach gives the environment of git, line by line, and stops at a failure unless told', async () => {
  const { farm, root } = await farmWith({ components: 3 });
  await using _ = farm;
  const lines: string[] = [];
  const onLine = (path: string, line: string): number => lines.push(`${path}: ${line}`);
  const script = 'echo $name $sm_path $displaypath $sha1 $toplevel; pwd';
  await foreachComponent(root, { command: [script], words: ['c002'], onLine });
  const stock = await farm.git(root, 'submodule', '--quiet', 'foreach', script);
  const own = stock.split('\n').filter((_, at) => at === 2 || at === 3);
  expect(lines).toEqual(own.map((line) => `c002: ${line}`));
  const words = { command: ['sh', '-c', 'test $name != c002'], onLine };
  expect(await foreachComponent(root, words)).toEqual({
    components: [
      { path: 'c001', exitCode: 0 },
      { path: 'c002', exitCode: 1 },
    ],
    skipped: ['c003'],
  });
  const { components } = await foreachComponent(root, { ...words, keepGoing: true, jobs: 3 });
  expect(components.map(({ exitCode }) => exitCode)).toEqual([0, 1, 0]);
});

test('the hooks stop stock git from publishing a dangling pin: here, and on a server', async () => {
  const { farm, root } = await farmWith({ components: 1 });
  await using _ = farm;
  const { file } = await installHook(root, PROGRAM);
  await farm.git(join(root, 'c001'), 'checkout', '--quiet', '--detach');
  await commitIn(farm, root, 'c001');
  await farm.git(root, 'commit', '--quiet', '-am', 'dangling');
  const stock = () => farm.git(root, 'push', '--quiet', 'origin', 'main');
  await expect(stock()).rejects.toThrow('c001: the pin');
  await removeHook(root);
  await installHook(farm.super.gitDir, PROGRAM);
  await expect(stock()).rejects.toThrow('remote: error: c001: the pin');
  await farm.git(join(root, 'c001'), 'push', '--quiet', 'origin', 'HEAD:main');
  await stock();
  await writeFile(file, '#!/bin/sh\n');
  await expect(installHook(root, PROGRAM)).rejects.toMatchObject({ code: 'SP_HOOK_TAKEN' });
});

test('from shallow clones a pin that is on a branch is pushed, though it is no tip', async () => {
  await using farm = await makeFarm({ components: 2 });
  farm.enter();
  const root = await cloneSuper(farm);
  await farm.component(0).commit({ a: '1' });
  await farm.component(0).commit({ a: '2' });
  await syncWords(root, { depth: 1, attach: true });
  // It knows the newer tip as well, with nothing between.
  await farm.git(join(root, 'c001'), 'fetch', '--quiet', '--depth=1', 'origin', 'main');
  await writeFile(join(root, 'README'), 'mine\n');
  await farm.git(root, 'add', 'README');
  await farm.git(root, 'commit', '--quiet', '-m', 'mine');
  expect(await push(root)).toMatchObject({ branch: 'main', verified: 2 });
});

test('the hook of a server checks also where git finds no bare repositories by itself', async () => {
  const { farm, root } = await farmWith({ components: 1 });
  await using _ = farm;
  await installHook(farm.super.gitDir, PROGRAM);
  await farm.git(root, 'config', '--global', 'safe.bareRepository', 'explicit');
  await farm.git(join(root, 'c001'), 'checkout', '--quiet', '--detach');
  await commitIn(farm, root, 'c001');
  await farm.git(root, 'commit', '--quiet', '-am', 'dangling');
  const stock = (what: string) => farm.git(root, 'push', '--quiet', 'origin', what);
  await expect(stock('main')).rejects.toThrow('remote: error: c001: the pin');
  const blob = await farm.git(root, 'rev-parse', 'HEAD:.gitmodules');
  await farm.git(root, 'tag', '-m', 'a file', 'file', blob);
  await stock('file');
  await farm.git(join(root, 'c001'), 'push', '--quiet', 'origin', 'HEAD:main');
  await stock('main');
});

test('the pins of a commit that git cannot read are no empty list', async () => {
  await using farm = await makeFarm({ components: 1 });
  farm.enter();
  const commit = '1234567890123456789012345678901234567890';
  const question = { dir: farm.super.gitDir, commit, url: farm.url };
  await expect(pinsOfCommit(question)).rejects.toMatchObject({ code: 'SP_GIT' });
});
