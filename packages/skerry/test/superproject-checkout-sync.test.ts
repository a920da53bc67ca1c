import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { lockCheckout } from '../src/superproject/checkout/lock.ts';
import { Network } from '../src/superproject/network.ts';
import {
  cloneSuper,
  gitmodulesOf,
  pinOnRemote,
  syncWords,
} from './support/superproject-checkout.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';

async function farmWith(options: Parameters<typeof makeFarm>[0] = {}): Promise<Farm> {
  const farm = await makeFarm(options);
  farm.enter();
  return farm;
}

test('a fresh sync looks to stock git as if it had cloned itself', async () => {
  await using farm = await farmWith({ names: ['a', 'lib/b'] });
  const ours = await cloneSuper(farm);
  const stock = await cloneSuper(farm, 'stock');
  await farm.git(stock, 'submodule', '--quiet', 'update', '--init');
  await farm.forget();
  const { words, result } = await syncWords(ours);
  expect(words).toEqual({ a: 'cloned', 'lib/b': 'cloned' });
  expect(result.connections).toBe(2);
  expect(await farm.connections()).toHaveLength(2);
  for (const args of [
    ['status', '--porcelain'],
    ['submodule', 'foreach', '--quiet', 'git rev-parse HEAD; git status --porcelain'],
    ['diff', 'HEAD'],
  ])
    expect(await farm.git(ours, ...args)).toBe(await farm.git(stock, ...args));
  for (const file of ['a/.git', 'lib/b/.git', 'a/README', 'lib/b/src/1.txt'])
    expect(await readFile(join(ours, file), 'utf8')).toBe(
      await readFile(join(stock, file), 'utf8'),
    );
  const config = async (root: string, ...at: string[]): Promise<string[]> =>
    (await farm.git(root, ...at, 'config', '--local', '--list')).split('\n').toSorted();
  expect(await config(ours)).toEqual(await config(stock));
  expect(await config(ours, '-C', 'lib/b')).toEqual(await config(stock, '-C', 'lib/b'));
  await farm.git(ours, 'submodule', 'update', '--init', '--recursive');
  await farm.forget();
  expect((await syncWords(ours)).words).toEqual({ a: 'unchanged', 'lib/b': 'unchanged' });
  expect(await farm.connections()).toEqual([]);
});

test('a sync moves to new pins, and says who has work of his own there', async () => {
  await using farm = await farmWith({ components: 3 });
  const root = await cloneSuper(farm);
  await syncWords(root);
  const pins: Record<string, string> = {};
  for (const each of farm.components) pins[each.path] = await each.commit({ README: 'new\n' });
  await pinOnRemote(farm, pins);
  await writeFile(join(root, 'c001', 'README'), 'mine\n');
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  await farm.forget();
  const { words, result } = await syncWords(root);
  expect(words).toEqual({ c001: 'left', c002: 'moved', c003: 'moved' });
  expect(result.components[0]?.notes).toEqual(['has changes that are not committed']);
  expect(await farm.connections()).toHaveLength(2);
  expect(await readFile(join(root, 'c001', 'README'), 'utf8')).toBe('mine\n');
  expect(await farm.git(join(root, 'c002'), 'rev-parse', 'HEAD', 'origin/main')).toBe(
    `${pins['c002']}\n${pins['c002']}`,
  );
});

test('a sync never writes over files that git ignores or does not know', async () => {
  await using farm = await farmWith({ components: 3 });
  const root = await cloneSuper(farm);
  await syncWords(root);
  const pins: Record<string, string> = {};
  for (const [at, files] of [
    { cfg: 'theirs\n' },
    { 'out/a': 'theirs\n' },
    { new: 'x\n' },
  ].entries())
    pins[`c00${at + 1}`] = await farm.component(at).commit(files);
  await pinOnRemote(farm, pins);
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  for (const path of ['c001', 'c002']) {
    await mkdir(join(root, '.git/modules', path, 'info'));
    await writeFile(join(root, '.git/modules', path, 'info/exclude'), 'cfg\nout\n');
  }
  await writeFile(join(root, 'c001/cfg'), 'precious\n');
  await mkdir(join(root, 'c002/out'));
  await writeFile(join(root, 'c002/out/a'), 'precious\n');
  await writeFile(join(root, 'c003/new'), 'precious\n');
  const { words, result } = await syncWords(root);
  expect(words).toEqual({ c001: 'left', c002: 'left', c003: 'left' });
  expect(result.components[0]?.notes[0]).toContain('cfg');
  for (const file of ['c001/cfg', 'c002/out/a', 'c003/new'])
    expect(await readFile(join(root, file), 'utf8')).toBe('precious\n');
  for (const [path, pin] of Object.entries(pins))
    expect(await farm.git(join(root, path), 'rev-parse', 'HEAD')).not.toBe(pin);
});

test('two syncs at once wait for each other; one that waits too long says for whom', async () => {
  await using farm = await farmWith({ components: 3 });
  const root = await cloneSuper(farm);
  const both = await Promise.all([syncWords(root), syncWords(root)]);
  expect(new Set(both.map(({ words }) => words['c001']))).toEqual(new Set(['cloned', 'unchanged']));
  expect(await farm.connections()).toHaveLength(4);
  const network = new Network({ cwd: root });
  {
    await using _held = await lockCheckout(network, root, { command: 'update' });
    const late = lockCheckout(network, root, { command: 'sync', waitMs: 10 });
    await expect(late).rejects.toMatchObject({
      code: 'SP_CHECKOUT_BUSY',
      message: expect.stringContaining(`skerry superproject update, process ${process.pid}`),
    });
    // Plans, and what only reads, need not wait.
    expect((await syncWords(root, { dryRun: true })).words).toMatchObject({ c001: 'unchanged' });
  }
  expect((await syncWords(root)).words).toMatchObject({ c001: 'unchanged' });
});

test('commits on no branch get a ref before HEAD moves away from them', async () => {
  await using farm = await farmWith({ components: 1 });
  const root = await cloneSuper(farm);
  const dir = join(root, 'c001');
  await syncWords(root);
  await farm.git(dir, 'commit', '--quiet', '--allow-empty', '-m', 'mine');
  const mine = await farm.git(dir, 'rev-parse', 'HEAD');
  const { result } = await syncWords(root);
  const ref = result.components[0]?.rescued ?? '';
  expect(ref).toMatch(/^refs\/superproject\/rescue\/\d{8}T\d{6}Z$/);
  expect(await farm.git(dir, 'rev-parse', ref)).toBe(mine);
  expect(await farm.git(dir, 'rev-parse', 'HEAD')).toBe(await farm.component(0).tip());
  await farm.git(dir, 'checkout', '--quiet', mine);
  expect((await syncWords(root)).result.components[0]?.rescued).toBeUndefined();
});

test('a commit that is made while a sync fetches keeps a name', async () => {
  await using farm = await farmWith({ components: 1 });
  const root = await cloneSuper(farm);
  await syncWords(root);
  await pinOnRemote(farm, { c001: await farm.component(0).commit({ README: 'new\n' }) });
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  await farm.onConnect(
    'case "$repository" in ./c001.git) git -C w/c001 commit -q --allow-empty -m mine;; esac',
  );
  const { result } = await syncWords(root);
  expect(result.components).toMatchObject([{ status: 'moved' }]);
  const ref = result.components[0]?.rescued ?? 'none';
  expect(await farm.git(join(root, 'c001'), 'log', '-1', '--format=%s', ref)).toBe('mine');
});

test('--attach takes the branch only forward, and who is on it stays on it', async () => {
  await using farm = await farmWith({ components: 3 });
  const root = await cloneSuper(farm);
  const on = (path: string): Promise<string> =>
    farm.git(join(root, path), 'rev-parse', '--abbrev-ref', 'HEAD');
  await syncWords(root, { attach: true });
  expect(await on('c001')).toBe('main');
  expect(await farm.git(join(root, 'c001'), 'rev-parse', '--abbrev-ref', '@{upstream}')).toBe(
    'origin/main',
  );
  await farm.git(join(root, 'c002'), 'commit', '--quiet', '--allow-empty', '-m', 'mine');
  await farm.git(join(root, 'c003'), 'checkout', '--quiet', '--detach');
  const pins: Record<string, string> = {};
  for (const each of farm.components) pins[each.path] = await each.commit({ README: 'new\n' });
  await pinOnRemote(farm, pins);
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  const { result } = await syncWords(root);
  expect(result.components.map(({ branch, notes }) => [branch, ...notes])).toEqual([
    ['main'],
    [undefined, 'was on main, is detached now; 1 commit that the pin has not is on main'],
    [undefined],
  ]);
  expect(await farm.git(join(root, 'c001'), 'rev-parse', 'main')).toBe(pins['c001']);
  expect(await farm.git(join(root, 'c002'), 'log', '-1', '--format=%s', 'main')).toBe('mine');
  expect((await syncWords(root, { attach: true })).words).toMatchObject({ c003: 'attached' });
  expect(await on('c003')).toBe('main');
});

test('a pin on no branch is fetched by its id; a server of protocol v0 gets another try, then there is advice', async () => {
  await using farm = await farmWith({ components: 1, isOldProtocol: true });
  const component = farm.component(0);
  const root = await cloneSuper(farm);
  await syncWords(root);
  const lost = await component.commit({ README: 'amended\n' }, { branch: 'gone' });
  await component.git('update-ref', `refs/superproject/pins/${lost}`, lost);
  await component.git('update-ref', '-d', 'refs/heads/gone');
  await pinOnRemote(farm, { c001: lost });
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  expect((await syncWords(root)).words).toEqual({ c001: 'moved' });
  const never = await component.commit({ README: 'again\n' }, { branch: 'gone' });
  await component.git('update-ref', '-d', 'refs/heads/gone');
  await pinOnRemote(farm, { c001: never });
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  const { result } = await syncWords(root);
  expect(result.components[0]).toMatchObject({
    status: 'failed',
    error: { code: 'SP_PIN_MISSING' },
  });
  expect(result.components[0]?.error?.message).toContain('unadvertised object');
  expect(result.components[0]?.error?.hint).toContain('old protocol');
});

test('a pin that nobody pushed is an error that names it; the other components come all the same', async () => {
  await using farm = await farmWith({ components: 2 });
  const root = await cloneSuper(farm);
  await pinOnRemote(farm, { c001: '1234567890123456789012345678901234567890' });
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  const { words, result } = await syncWords(root);
  expect(words).toEqual({ c001: 'failed', c002: 'cloned' });
  expect(result.components[0]?.error?.hint).toContain('skerry superproject push');
  expect(existsSync(join(root, 'c001', '.git'))).toBe(false);
  expect(await farm.git(root, 'submodule', 'status', 'c002')).toMatch(/^ /);
});

test('a url that only was never updated is updated; one that somebody chose stays', async () => {
  await using farm = await farmWith({ components: 2 });
  const root = await cloneSuper(farm);
  await syncWords(root);
  await farm.git(root, 'config', 'submodule.c002.url', 'ssh://farm.example/fork.git');
  await rename(farm.component(0).gitDir, join(farm.dir, 'new-place.git'));
  const moved = gitmodulesOf(
    farm.components.map((each) => ({
      ...each,
      url: `../new-${each.name === 'c001' ? 'place' : 'c002'}.git`,
    })),
  );
  await pinOnRemote(farm, {}, moved);
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  const { result } = await syncWords(root);
  expect(await farm.git(root, 'config', 'submodule.c001.url')).toBe(
    'ssh://farm.example/new-place.git',
  );
  expect(await farm.git(join(root, 'c001'), 'config', 'remote.origin.url')).toBe(
    'ssh://farm.example/new-place.git',
  );
  expect(await farm.git(root, 'config', 'submodule.c002.url')).toBe('ssh://farm.example/fork.git');
  expect(result.components[1]?.notes).toEqual([
    'is fetched from another url than .gitmodules says',
  ]);
});

test('a component that the new commit does not have goes when nothing of it is lost, else it is named', async () => {
  await using farm = await farmWith({ names: ['a', 'b', 'deep/er/c'] });
  const root = await cloneSuper(farm);
  await syncWords(root);
  await writeFile(join(root, 'b', 'note'), 'mine\n');
  await pinOnRemote(farm, { a: undefined, b: undefined, 'deep/er/c': undefined }, '');
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  const { result } = await syncWords(root);
  expect(result.leftOvers.map(({ path, reason }) => [path, reason])).toEqual([
    ['a', undefined],
    ['b', 'it has changes, or files that git does not know'],
    ['deep/er/c', undefined],
  ]);
  expect(existsSync(join(root, 'a'))).toBe(false);
  expect(existsSync(join(root, 'deep'))).toBe(false);
  expect(existsSync(join(root, 'b', 'note'))).toBe(true);
  await farm.git(root, 'checkout', '--quiet', 'HEAD^');
  await farm.forget();
  expect((await syncWords(root)).words).toEqual({
    a: 'restored',
    b: 'unchanged',
    'deep/er/c': 'restored',
  });
  expect(await farm.connections()).toEqual([]);
  expect(await farm.git(root, 'status', '--porcelain', '--ignore-submodules=untracked')).toBe('');
});

test('a component that moved to another path moves with its git directory', async () => {
  await using farm = await farmWith({ names: ['a'] });
  const root = await cloneSuper(farm);
  await syncWords(root);
  const tip = await farm.component(0).tip();
  const moved = gitmodulesOf([{ name: 'a', path: 'lib/a', branch: 'main' }]);
  await pinOnRemote(farm, { a: undefined, 'lib/a': tip }, moved);
  await farm.git(root, 'pull', '--quiet', '--no-recurse-submodules');
  await farm.forget();
  const { words, result } = await syncWords(root);
  expect(result.components.map(({ error }) => error?.message)).toEqual([undefined]);
  expect(words).toEqual({ 'lib/a': 'restored' });
  expect(existsSync(join(root, 'a'))).toBe(false);
  expect(await farm.git(root, 'status', '--porcelain')).toBe('');
  expect(await farm.connections()).toEqual([]);
});

test('components of components come too', async () => {
  await using farm = await farmWith({ names: ['a', 'b'] });
  const inner = await farm.component(1).tip();
  const outer = await farm
    .component(0)
    .git('fast-import', '--quiet')
    .then(() =>
      farm
        .component(0)
        .commit({ '.gitmodules': gitmodulesOf([{ name: 'b', path: 'in/b', branch: 'main' }]) }),
    );
  const work = join(farm.dir, 'nest');
  await farm.git(farm.dir, 'clone', '--quiet', farm.component(0).url, work);
  await farm.git(work, 'update-index', '--add', '--cacheinfo', `160000,${inner},in/b`);
  await farm.git(work, 'commit', '--quiet', '-m', 'nest');
  await farm.git(work, 'push', '--quiet', 'origin', 'HEAD:main');
  expect(await farm.git(work, 'rev-parse', 'HEAD^')).toBe(outer);
  await pinOnRemote(farm, { a: await farm.git(work, 'rev-parse', 'HEAD') });
  const root = await cloneSuper(farm);
  expect((await syncWords(root)).words).toEqual({ a: 'cloned', b: 'cloned', 'a/in/b': 'cloned' });
  expect(existsSync(join(root, '.git/modules/a/modules/b/HEAD'))).toBe(true);
  expect(await farm.git(root, 'submodule', 'status', '--recursive')).not.toMatch(/^[^ ]/m);
});

test('nothing is written through a link of the superproject', async () => {
  await using farm = await farmWith({ names: ['lib/b'] });
  const root = await cloneSuper(farm);
  const elsewhere = join(farm.dir, 'elsewhere');
  await mkdir(elsewhere);
  await rm(join(root, 'lib'), { recursive: true, force: true });
  await symlink(elsewhere, join(root, 'lib'));
  const { result } = await syncWords(root);
  expect(result.components[0]?.error?.code).toBe('SP_PATH_LINK');
  expect(existsSync(join(elsewhere, 'b'))).toBe(false);
});

test('a repository that a link of the superproject leads to is not moved', async () => {
  await using farm = await farmWith({ names: ['lib/b'] });
  const root = await cloneSuper(farm);
  const own = join(farm.dir, 'own');
  await farm.git(farm.dir, 'clone', '--quiet', farm.component(0).url, 'own/b');
  await farm.git(join(own, 'b'), 'checkout', '--quiet', 'HEAD~1');
  const before = await farm.git(join(own, 'b'), 'rev-parse', 'HEAD');
  await rm(join(root, 'lib'), { recursive: true, force: true });
  await symlink(own, join(root, 'lib'));
  expect((await syncWords(root)).result.components[0]?.error?.code).toBe('SP_PATH_LINK');
  expect(await farm.git(join(own, 'b'), 'rev-parse', 'HEAD')).toBe(before);
});

test('a dry run changes nothing and prints what would be run', async () => {
  await using farm = await farmWith({ components: 1 });
  const root = await cloneSuper(farm);
  const before = await readFile(join(root, '.git', 'config'), 'utf8');
  const { result } = await syncWords(root, { dryRun: true });
  expect(result.commands.join('\n')).toMatch(/clone.*--no-checkout.*c001\.git/);
  expect(await readFile(join(root, '.git', 'config'), 'utf8')).toBe(before);
  expect(existsSync(join(root, '.git', 'modules'))).toBe(false);
});

test('a linked worktree has components of its own', async () => {
  await using farm = await farmWith({ components: 1 });
  const root = await cloneSuper(farm);
  await syncWords(root);
  await farm.git(root, 'worktree', 'add', '--quiet', '../linked');
  const linked = join(farm.dir, 'linked');
  expect((await syncWords(linked)).words).toEqual({ c001: 'cloned' });
  expect(await farm.git(linked, 'submodule', 'status')).toMatch(/^ /);
  expect((await syncWords(root)).words).toEqual({ c001: 'unchanged' });
});

test('what a killed clone left goes away with the next sync, and neither with its plan nor with other names', async () => {
  await using farm = await makeFarm({ components: 1 });
  farm.enter();
  const root = await cloneSuper(farm);
  const modules = join(root, '.git', 'modules');
  const dead = '.skerry-9999999-1';
  for (const name of [dead, '.skerry-9999999-x'])
    await mkdir(join(modules, name), { recursive: true });
  await syncWords(root, { dryRun: true });
  expect((await readdir(modules)).toSorted()).toEqual([dead, '.skerry-9999999-x']);
  await syncWords(root);
  expect((await readdir(modules)).toSorted()).toEqual(['.skerry-9999999-x', 'c001']);
});

test('the command that is printed for a left-over work tree does what sync does', async () => {
  await using farm = await makeFarm({ components: 2 });
  farm.enter();
  const [one, two] = [farm.component(0), farm.component(1)];
  const modules = gitmodulesOf([{ ...one, path: "it's" }, two]);
  await pinOnRemote(farm, { c001: undefined, "it's": await one.tip() }, modules);
  const root = await cloneSuper(farm);
  await syncWords(root);
  await pinOnRemote(farm, { "it's": undefined }, gitmodulesOf([two]));
  await farm.git(root, 'pull', '--quiet');
  const { result } = await syncWords(root, { dryRun: true });
  const [command = ''] = result.commands;
  expect(command).toMatch(/^rm -rf -- '/);
  expect(existsSync(join(root, "it's", 'README'))).toBe(true);
  await promisify(execFile)('sh', ['-c', command]);
  expect(existsSync(join(root, "it's"))).toBe(false);
  expect((await syncWords(root)).result.leftOvers).toEqual([]);
});
