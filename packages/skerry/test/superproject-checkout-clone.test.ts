import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { processesOf } from '../../../test/e2e/support/leaks.ts';
import { cloneSuperproject, type CloneOptions } from '../src/superproject/checkout/clone.ts';
import { Network } from '../src/superproject/network.ts';
import {
  cloneSuper,
  gitmodulesOf,
  pinOnRemote,
  syncWords,
} from './support/superproject-checkout.ts';
import { type Farm, type FarmOptions, makeFarm } from './support/superproject-farm.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

async function farmWith(options: FarmOptions): Promise<Farm> {
  const farm = await makeFarm(options);
  farm.enter();
  return farm;
}

function clone(farm: Farm, options: Partial<CloneOptions> = {}) {
  const network = new Network({ pauseMs: 5, tries: 2 });
  return cloneSuperproject(network, { url: farm.url, dir: join(farm.dir, 'w'), ...options });
}

interface Cli {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** `skerry superproject`; given a signal, it gets that when it is time. */
async function cli(
  farm: Farm,
  cwd: string,
  args: readonly string[],
  stop?: { signal: NodeJS.Signals; when: () => Promise<boolean> },
): Promise<Cli> {
  const argv = ['--conditions=@skerry/source', MAIN, 'superproject', ...args];
  const child = spawn(process.execPath, argv, { cwd, env: { ...process.env, ...farm.env } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const closed = once(child, 'close') as Promise<[number | null]>;
  if (stop) {
    while (!(await stop.when()) && child.exitCode === null) await sleep(10);
    child.kill(stop.signal);
  }
  const [code] = await closed;
  return { code, stdout, stderr };
}

test('a clone of a tag, shallow and on branches, has just the pins', async () => {
  await using farm = await farmWith({ names: ['a', 'b'], branch: (i) => (i ? 'dev' : 'main') });
  await farm.super.git('tag', '3.11.0', 'main');
  const newer = await farm.component(0).commit({ README: 'newer\n' });
  await pinOnRemote(farm, { a: newer });
  const { dir, components } = await clone(farm, { ref: '3.11.0', depth: 1, attach: true });
  const [a = '', b = ''] = await Promise.all(
    ['a', 'b'].map((path) => farm.git(join(dir, path), 'log', '--format=%H %D')),
  );
  // The branch of `a` went on since, and a shallow clone does not know whether the pin is on it.
  expect(a).toBe(`${await farm.component(0).git('rev-parse', 'main~1')} grafted, HEAD`);
  expect(components[0]?.notes).toEqual(['stays detached: the pin is not on its branch main']);
  expect(b).toMatch(/^\w+ grafted, HEAD -> dev, origin\/dev/);
  expect(await farm.git(dir, 'submodule', 'status')).not.toMatch(/^[^ ]/m);
});

test('a clone that cannot be moved to its place leaves nothing; sync removes what a killed one left', async () => {
  await using farm = await farmWith({ components: 1 });
  const w = join(farm.dir, 'w');
  const mine = '.skerry-clone-mine';
  await farm.super.commit({ a: '1', [mine]: '1', z: '1' });
  await farm.onConnect(`mkdir -p w/${mine}/work`);
  await expect(clone(farm)).rejects.toMatchObject({ code: 'SP_DIR_EXISTS' });
  expect(await readdir(w)).toEqual([mine]);
  await farm.onConnect('');
  await rm(w, { recursive: true });
  await clone(farm);
  // No process has a number as large.
  const [killed, alive] = ['.skerry-clone-4194305-x', `.skerry-clone-${process.pid}-x`];
  for (const name of [killed, alive]) await mkdir(join(w, name, 'clone'), { recursive: true });
  await syncWords(w);
  const names = await readdir(w);
  expect(names).toContain(alive);
  expect(names).not.toContain(killed);
});

test('a shallow clone comes to its pins though the branch a component follows is gone', async () => {
  await using farm = await farmWith({ components: 1 });
  await farm.component(0).git('branch', '-m', 'main', 'trunk');
  await farm.component(0).git('symbolic-ref', 'HEAD', 'refs/heads/trunk');
  const { components } = await clone(farm, { depth: 1 });
  expect(components.map(({ status, error }) => [status, error?.message])).toEqual([
    ['cloned', undefined],
  ]);
});

test('a clone of a group stays one: later syncs bring no other components, until asked for all', async () => {
  await using farm = await farmWith({ components: 3 });
  const text = gitmodulesOf(farm.components);
  await pinOnRemote(
    farm,
    {},
    text.replace('path = c002\n', 'path = c002\n\tsuperproject-group = server, web\n'),
  );
  const { dir, components } = await clone(farm, { groups: ['server'] });
  expect(components.map(({ path }) => path)).toEqual(['c002']);
  expect((await syncWords(dir)).words).toEqual({ c002: 'unchanged' });
  expect((await syncWords(dir, { words: ['c001'] })).words).toEqual({ c001: 'cloned' });
  expect((await syncWords(dir, { groups: ['all'] })).words).toMatchObject({ c003: 'cloned' });
});

test('a clone with --attach stays on branches: later syncs come back to them from a topic', async () => {
  await using farm = await farmWith({ components: 2 });
  const { dir: root } = await clone(farm, { attach: true });
  const inside = join(root, 'c001');
  await farm.git(root, 'checkout', '--quiet', '-b', 'topic');
  await farm.git(inside, 'checkout', '--quiet', '-b', 'topic');
  await farm.git(inside, 'commit', '--quiet', '--allow-empty', '-m', 'mine');
  await farm.git(root, 'commit', '--quiet', '-am', 'mine');
  await farm.git(root, 'checkout', '--quiet', 'main');
  const { result } = await syncWords(root);
  expect(result.components[0]).toMatchObject({
    branch: 'main',
    notes: ['was on topic, is on main now; 1 commit that the pin has not is on topic'],
  });
  expect(await farm.git(inside, 'rev-parse', '--abbrev-ref', 'HEAD')).toBe('main');
  await farm.git(inside, 'checkout', '--quiet', 'topic');
  const plain = await syncWords(root, { attach: false });
  expect(plain.result.components[0]?.branch).toBeUndefined();
});

test('in a fork, components that were not forked come from beside the other remote', async () => {
  await using farm = await farmWith({ names: ['product/a', 'product/b'] });
  const text = gitmodulesOf(
    farm.components.map((each) => ({ ...each, url: `../${each.name.slice(8)}.git` })),
  );
  await pinOnRemote(farm, {}, text);
  await farm.git(farm.dir, 'clone', '--quiet', '--bare', farm.super.gitDir, 'product/all.git');
  await farm.git(farm.dir, 'clone', '--quiet', '--bare', farm.super.gitDir, 'me/all.git');
  await farm.git(farm.dir, 'clone', '--quiet', '--bare', farm.component(0).gitDir, 'me/a.git');
  await farm.git(farm.dir, 'clone', '--quiet', 'ssh://farm.example/me/all.git', 'w');
  const root = join(farm.dir, 'w');
  const none = await syncWords(root);
  expect(none.result.components[1]?.error?.code).toBe('SP_REPOSITORY_MISSING');
  await farm.git(root, 'remote', 'add', 'upstream', 'ssh://farm.example/product/all.git');
  const { result, words } = await syncWords(root);
  expect(words).toEqual({ 'product/a': 'unchanged', 'product/b': 'cloned' });
  expect(result.components[1]?.notes[0]).toContain('came from ssh://farm.example/product/b.git');
  expect(await farm.git(root, 'status', '--porcelain')).toBe('');
  await farm.git(join(root, 'product/b'), 'fetch', '--quiet');
  await farm.git(root, 'ls-remote', '--quiet', 'ssh://farm.example/me/b.git');
  expect(await farm.git(join(root, 'product/b'), 'config', 'remote.origin.url')).toBe(
    'ssh://farm.example/me/b.git',
  );
});

test('objects are borrowed from another checkout', async () => {
  await using farm = await farmWith({ components: 1 });
  const first = await clone(farm);
  const { dir } = await clone(farm, { dir: join(farm.dir, 'second'), reference: first.dir });
  const alternates = await readFile(join(dir, '.git/modules/c001/objects/info/alternates'), 'utf8');
  expect(alternates.trim()).toBe(join(first.dir, '.git/modules/c001/objects'));
  expect(await farm.git(dir, 'submodule', 'status')).toMatch(/^ /);
});

test('a hostile .gitmodules is refused before anything of it is used', async () => {
  await using farm = await farmWith({ components: 1 });
  const hostile = gitmodulesOf([
    { name: '../../hooks', path: 'c001', branch: 'main', url: '../c001.git' },
  ]);
  await pinOnRemote(farm, {}, hostile);
  await expect(clone(farm)).rejects.toThrow(/leads elsewhere/);
  // Nothing is in the way of another try.
  expect(existsSync(join(farm.dir, 'w'))).toBe(false);
  await pinOnRemote(farm, {}, gitmodulesOf([farm.component(0)]));
  await expect(clone(farm, { groups: ['nope'] })).rejects.toMatchObject({
    code: 'SP_GROUP_UNKNOWN',
  });
  await clone(farm);
});

test('interrupted before there is anything, it says so', async () => {
  await using farm = await farmWith({ components: 1 });
  await farm.onConnect('touch began; sleep 60');
  const began = (): Promise<boolean> => Promise.resolve(existsSync(join(farm.dir, 'began')));
  const { stderr } = await cli(farm, farm.dir, ['clone', farm.url, 'w'], {
    signal: 'SIGINT',
    when: began,
  });
  expect(stderr).toContain('begins anew');
  expect(existsSync(join(farm.dir, 'w'))).toBe(false);
});

test('a folder that is not empty, and a branch that is not there, leave nothing behind', async () => {
  await using farm = await farmWith({ components: 1 });
  await expect(clone(farm, { dir: farm.dir })).rejects.toMatchObject({ code: 'SP_DIR_EXISTS' });
  await expect(clone(farm, { ref: 'nope' })).rejects.toMatchObject({ code: 'SP_REF_MISSING' });
  expect(existsSync(join(farm.dir, 'w'))).toBe(false);
});

test.for<[NodeJS.Signals, number]>([
  ['SIGINT', 3],
  ['SIGINT', 9],
  ['SIGKILL', 3],
  ['SIGKILL', 9],
])('after %s at connection %i the same command goes on', async ([signal, after]) => {
  await using farm = await farmWith({ components: 12, latencyMs: 300 });
  const root = await cloneSuper(farm);
  const stopped = await cli(farm, root, ['sync', '--attach', '--jobs', '4'], {
    signal,
    when: async () => (await farm.connections()).length >= after,
  });
  expect(stopped.code).toBe(signal === 'SIGINT' ? 130 : null);
  // What is left of a killed one ends by itself.
  if (signal === 'SIGKILL')
    await expect.poll(() => processesOf(farm.dir), { timeout: 60_000 }).toEqual([]);
  const again = await cli(farm, root, ['sync', '--attach']);
  expect(again).toMatchObject({ code: 0, stderr: '' });
  expect(await farm.git(root, 'status', '--porcelain')).toBe('');
  expect(await farm.git(root, 'submodule', 'status')).not.toMatch(/^[^ ]/m);
  const modules = await readdir(join(root, '.git', 'modules'));
  expect(modules.toSorted()).toEqual(farm.components.map(({ name }) => name));
  expect(existsSync(join(root, '.git', 'config.lock'))).toBe(false);
});

test('a clone that was killed is in nobody’s way', async () => {
  await using farm = await farmWith({ components: 2 });
  await farm.onConnect('sleep 5');
  const stopped = await cli(farm, farm.dir, ['clone', farm.url, 'w'], {
    signal: 'SIGKILL',
    when: async () => (await farm.connections()).length >= 1,
  });
  expect(stopped.code).toBe(null);
  expect(await readdir(join(farm.dir, 'w'))).toEqual([expect.stringMatching(/^\.skerry-clone-/)]);
  await farm.onConnect('');
  expect(await cli(farm, farm.dir, ['clone', farm.url, 'w'])).toMatchObject({ code: 0 });
  expect(await readdir(join(farm.dir, 'w'))).toEqual(['.git', '.gitmodules', 'c001', 'c002']);
});

test('Ctrl-C while files are written leaves no lock, and the same command goes on', async () => {
  await using farm = await farmWith({ components: 2 });
  await appendFile(
    join(farm.dir, 'home', '.gitconfig'),
    '[filter "slow"]\n\tsmudge = "echo >> $HOME/smudged; sleep 0.3; cat"\n\tclean = cat\n',
  );
  for (const component of farm.components)
    await component.commit({ '.gitattributes': '*.txt filter=slow\n' });
  const pins = await Promise.all(farm.components.map((each) => each.tip()));
  await pinOnRemote(farm, { c001: pins[0], c002: pins[1] });
  const root = await cloneSuper(farm);
  const stopped = await cli(farm, root, ['sync', '--jobs', '1'], {
    signal: 'SIGINT',
    when: () => Promise.resolve(existsSync(join(farm.dir, 'home', 'smudged'))),
  });
  expect(stopped.code).toBe(130);
  const locks = (await readdir(join(root, '.git'), { recursive: true })).filter((file) =>
    file.endsWith('.lock'),
  );
  expect(locks).toEqual([]);
  expect(await cli(farm, root, ['sync'])).toMatchObject({ code: 0, stderr: '' });
  expect(await farm.git(root, 'submodule', 'foreach', '--quiet', 'git status --porcelain')).toBe(
    '',
  );
});

test('exit codes say whether it is worth trying again; git is quoted whole', async () => {
  await using farm = await farmWith({ components: 2 });
  const root = await cloneSuper(farm);
  await farm.onConnect('echo "kex_exchange_identification: Connection reset by peer" >&2; exit 1');
  const none = await cli(farm, root, ['sync', 'c001', '--json']);
  expect(none.code).toBe(4);
  expect(none.stdout).toContain('kex_exchange_identification');
  await farm.onConnect(
    'case $repository in ./c001.git) echo "first line" >&2; echo "second line" >&2; exit 1;; esac',
  );
  const some = await cli(farm, root, ['sync']);
  expect(some.code).toBe(5);
  expect(some.stdout).toMatch(
    /2 components: 1 cloned, 1 failed[\s\S]*✗ c001: [\s\S]*first line[\s\S]*second line/,
  );
  expect((await cli(farm, root, ['sync', 'nowhere'])).code).toBe(2);
  await farm.onConnect('');
  expect((await cli(farm, root, ['sync'])).code).toBe(0);
});

test('an empty folder that was there stays when there is nothing to be cloned into it', async () => {
  await using farm = await farmWith({ components: 1 });
  const dir = join(farm.dir, 'w');
  await mkdir(dir);
  const before = (await stat(dir)).ino;
  await expect(clone(farm, { ref: 'typo' })).rejects.toMatchObject({ code: 'SP_REF_MISSING' });
  await expect(clone(farm, { groups: ['typo'] })).rejects.toMatchObject({
    code: 'SP_GROUP_UNKNOWN',
  });
  expect([(await stat(dir)).ino, await readdir(dir)]).toEqual([before, []]);
  await clone(farm);
  expect((await stat(dir)).ino).toBe(before);
  expect(await farm.git(dir, 'status', '--porcelain')).toBe('');
});

test('of two clones into one folder at once one is made, whole, and the other refused', async () => {
  await using farm = await farmWith({ components: 1 });
  await farm.onConnect('case $repository in *super*) sleep 0.5;; esac');
  for (const isThere of [false, true]) {
    const dir = join(farm.dir, `both-${isThere}`);
    if (isThere) await mkdir(dir);
    const outcomes = await Promise.allSettled([clone(farm, { dir }), clone(farm, { dir })]);
    const lost = outcomes.filter((each) => each.status === 'rejected');
    expect(lost).toMatchObject([{ reason: { code: 'SP_DIR_EXISTS' } }]);
    expect(await farm.git(dir, 'status', '--porcelain')).toBe('');
    expect(await readdir(dir)).toEqual(['.git', '.gitmodules', 'c001']);
  }
});

test('what somebody puts into the folder meanwhile is not taken away with a clone that fails', async () => {
  await using farm = await farmWith({ components: 1 });
  const dir = join(farm.dir, 'w');
  await farm.onConnect(`mkdir -p '${dir}'; echo mine > '${dir}/mine'; exit 1`);
  await expect(clone(farm)).rejects.toMatchObject({ code: expect.stringMatching(/^SP_/) });
  expect(await readdir(dir)).toEqual(['mine']);
  await farm.onConnect(`echo mine > '${dir}/mine'`);
  await rm(dir, { recursive: true });
  await expect(clone(farm)).rejects.toMatchObject({ code: 'SP_DIR_EXISTS' });
  expect(await readdir(dir)).toEqual(['mine']);
});
