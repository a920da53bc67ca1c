import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { addComponent, type AddOptions } from '../src/superproject/checkout/add-component.ts';
import { initSuperproject } from '../src/superproject/checkout/init.ts';
import { moveComponent } from '../src/superproject/checkout/move-component.ts';
import {
  removeComponents,
  type RemoveOptions,
} from '../src/superproject/checkout/remove-component.ts';
import { Network } from '../src/superproject/network.ts';
import { SkerryErrors } from '../src/util/errors.ts';
import {
  cloneSuper,
  gitmodulesOf,
  pinOnRemote,
  syncWords,
} from './support/superproject-checkout.ts';
import { type Farm, type FarmOptions, makeFarm } from './support/superproject-farm.ts';

/** A farm whose superproject has only the first component; the others are there to be added. */
async function farmWith(options: FarmOptions): Promise<{ farm: Farm; root: string }> {
  const farm = await makeFarm(options);
  farm.enter();
  const [first, ...rest] = farm.components;
  const gone = rest.map(({ path }) => [path, undefined]);
  if (first) await pinOnRemote(farm, Object.fromEntries(gone), gitmodulesOf([first]));
  const root = await cloneSuper(farm);
  await syncWords(root, { attach: true });
  return { farm, root };
}

function network(root: string): Network {
  return new Network({ cwd: root, pauseMs: 5, tries: 1 });
}
const add = (root: string, options: AddOptions) => addComponent(network(root), root, options);
const remove = (root: string, options: RemoveOptions) =>
  removeComponents(network(root), root, options);

/** All that an edit may touch, to see that nothing of it is half done. */
async function everything(farm: Farm, root: string): Promise<unknown> {
  return {
    status: await farm.git(root, 'status', '--porcelain', '--ignored'),
    index: await farm.git(root, 'ls-files', '--stage'),
    config: (await readFile(join(root, '.git', 'config'), 'utf8')).trim(),
    gitmodules: await readFile(join(root, '.gitmodules'), 'utf8').catch(() => undefined),
    modules: (await readdir(join(root, '.git', 'modules'), { recursive: true })).length,
    files: (await readdir(root)).toSorted(),
  };
}

test('a folder becomes a superproject, and a component follows the default branch by name', async () => {
  await using farm = await makeFarm({ components: 1, branch: () => 'trunk' });
  farm.enter();
  const root = join(farm.dir, 'new');
  await initSuperproject(network(farm.dir), { dir: root });
  expect((await initSuperproject(network(farm.dir), { dir: root })).isNew).toBe(false);
  const added = await add(root, { url: farm.component(0).url, path: 'libs/one' });
  expect(added).toMatchObject({
    name: 'libs/one',
    branch: 'trunk',
    pin: await farm.component(0).tip(),
  });
  expect(await farm.git(root, 'config', '-f', '.gitmodules', 'submodule.libs/one.branch')).toBe(
    'trunk',
  );
  expect(await farm.git(root, 'status', '--porcelain')).toBe('A  .gitmodules\nA  libs/one');
  await farm.git(root, 'commit', '--quiet', '-m', 'one');
  expect(await farm.git(root, 'submodule', 'status')).toMatch(/^ \w+ libs\/one /);
  expect(
    await farm.git(join(root, 'libs/one'), 'rev-parse', '--abbrev-ref', 'HEAD', '@{upstream}'),
  ).toBe('trunk\norigin/trunk');
});

test("the plan of init does what init does, in a folder with blanks and a ' in its name", async () => {
  await using farm = await makeFarm({ components: 1 });
  farm.enter();
  const [planned, made] = [join(farm.dir, "it's a plan"), join(farm.dir, "it's made")];
  const { commands } = await initSuperproject(network(farm.dir), { dir: planned, dryRun: true });
  await promisify(execFile)('sh', ['-ec', commands.join('\n')], { cwd: farm.dir });
  await initSuperproject(network(farm.dir), { dir: made });
  const text = await readFile(join(made, '.gitmodules'), 'utf8');
  expect(await readFile(join(planned, '.gitmodules'), 'utf8')).toBe(text);
  expect(await farm.git(planned, 'status', '--porcelain')).toBe('A  .gitmodules');
});

test('what somebody else cloned meanwhile is not taken back with what could not be added', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  const theirs = join(root, '.git/modules/two');
  // The first connection reads the tip, the second one clones.
  await farm.onConnect(
    `case "$command$repository" in upload-pack./c002.git) echo >> n; [ $(wc -l < n) != 2 ] || git clone -q --bare c002.git '${theirs}' < /dev/null > /dev/null;; esac`,
  );
  const adding = add(root, { url: '../c002.git', path: 'two', branch: 'main' });
  await expect(adding).rejects.toMatchObject({ code: 'SP_GIT_DIR_CAME' });
  expect(existsSync(join(theirs, 'HEAD'))).toBe(true);
  expect(await farm.git(root, 'status', '--porcelain')).toBe('');
});

test('a relative url stays as it was given, and groups are written down', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  await add(root, {
    url: '../c002.git',
    path: 'two',
    name: 'second',
    branch: 'main',
    groups: ['server'],
  });
  const [, mine = ''] = (await readFile(join(root, '.gitmodules'), 'utf8')).split(
    '[submodule "second"]\n',
  );
  expect(mine).toBe(
    '\tpath = two\n\turl = ../c002.git\n\tbranch = main\n\tsuperproject-group = server\n',
  );
  expect(existsSync(join(root, '.git/modules/second/HEAD'))).toBe(true);
  expect((await syncWords(root, { groups: ['server'] })).words).toEqual({ two: 'unchanged' });
});

test.for<[string, Partial<AddOptions>, string, string?]>([
  ['a branch that is not there', { branch: 'nope' }, 'SP_REF_MISSING'],
  ['a url without a repository', { url: '../nothing.git' }, 'SP_REPOSITORY_MISSING'],
  ['a path that is taken', { path: 'c001' }, 'SP_COMPONENT_EXISTS'],
  ['a path with files in it', { path: 'full' }, 'SP_PATH_FULL'],
  ['a path that is a file', { path: 'full/file' }, 'SP_PATH_FULL'],
  ['a path below a file', { path: 'full/file/two' }, 'SP_PATH_FULL'],
  ['a url that runs a program', { url: 'ext::sh -c true' }, 'SP_GITMODULES_INVALID'],
  ['a url above its host', { url: '../../../../../../../../x' }, 'SP_GITMODULES_INVALID'],
  ['a path that leads out', { path: '../out' }, 'SP_PATH_OUTSIDE'],
  ['the path of .gitmodules', { path: '.gitmodules' }, 'SP_GITMODULES_INVALID'],
  [
    'a clone that breaks off',
    {},
    'SP_',
    'case $GIT_PROTOCOL in *) n=$(cat n 2>/dev/null); echo x$n > n; [ -n "$n" ] && exit 1;; esac',
  ],
])('refused, and nothing is half done: %s', async ([, wrong, code, fault]) => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  await mkdir(join(root, 'full'));
  await writeFile(join(root, 'full', 'file'), 'mine\n');
  const before = await everything(farm, root);
  if (fault !== undefined) await farm.onConnect(fault);
  const error = await add(root, { url: '../c002.git', path: 'libs/two', ...wrong }).catch(
    (e: unknown) => e,
  );
  expect(JSON.stringify(error instanceof SkerryErrors ? error.errors : error)).toContain(code);
  expect(await everything(farm, root)).toEqual(before);
});

test('a dry run of each edit changes nothing and names git commands', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  const before = await everything(farm, root);
  const plans = [
    await add(root, { url: '../c002.git', path: 'two', dryRun: true }),
    await remove(root, { words: ['c001'], dryRun: true }),
    await moveComponent(network(root), root, { from: 'c001', to: 'libs/one', dryRun: true }),
  ];
  expect(await everything(farm, root)).toEqual(before);
  const text = plans.map(({ commands }) => commands.join('\n'));
  expect(text[0]).toMatch(
    /clone .*c002\.git[\s\S]*config -f \.gitmodules submodule\.two\.branch main[\s\S]*--cacheinfo 160000,/,
  );
  expect(text[1]).toMatch(
    /deinit[\s\S]*--remove-section submodule\.c001[\s\S]*--force-remove -- c001/,
  );
  expect(text[2]).toMatch(/mv -- c001 libs\/one/);
});

test('remove takes a component out of all four places; under its name another repository can be added', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  expect((await remove(root, { words: ['c001'] })).removed).toEqual([
    { name: 'c001', path: 'c001' },
  ]);
  expect(await farm.git(root, 'status', '--porcelain')).toBe('M  .gitmodules\nD  c001');
  expect(existsSync(join(root, 'c001'))).toBe(false);
  expect(await readdir(join(root, '.git', 'modules'))).toEqual([]);
  expect(await farm.git(root, 'config', '--list')).not.toContain('submodule.');
  await farm.git(root, 'commit', '--quiet', '-m', 'without');
  await add(root, { url: '../c002.git', path: 'c001' });
  expect(await readFile(join(root, 'c001', 'README'), 'utf8')).toBe('c002\n');
});

test('under the name of a component that stock git removed another repository can be added, unless commits would be lost', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  await farm.git(join(root, 'c001'), 'commit', '--quiet', '--allow-empty', '-m', 'mine');
  await farm.git(root, 'rm', '--quiet', '-f', 'c001');
  await farm.git(root, 'commit', '--quiet', '-m', 'without');
  await expect(add(root, { url: '../c002.git', path: 'c001' })).rejects.toMatchObject({
    code: 'SP_GIT_DIR_KEPT',
  });
  const gitDir = join(root, '.git/modules/c001');
  await farm.git(
    root,
    '--git-dir',
    gitDir,
    '--work-tree',
    root,
    'update-ref',
    'refs/remotes/origin/mine',
    'main',
  );
  await add(root, { url: '../c002.git', path: 'c001' });
  expect(await readFile(join(root, 'c001', 'README'), 'utf8')).toBe('c002\n');
});

test('remove refuses what would be lost', async () => {
  const { farm, root } = await farmWith({ components: 1 });
  await using _ = farm;
  const dir = join(root, 'c001');
  await writeFile(join(dir, 'new'), 'mine\n');
  await expect(remove(root, { words: ['c001'] })).rejects.toThrow('files that git does not know');
  await farm.git(dir, 'add', 'new');
  await farm.git(dir, 'commit', '--quiet', '-m', 'mine');
  const before = await everything(farm, root);
  await expect(remove(root, { words: ['c001'] })).rejects.toThrow(
    /its commit \w+ is on no branch of its remote/,
  );
  expect(await everything(farm, root)).toEqual(before);
  const mine = await farm.git(dir, 'rev-parse', 'HEAD');
  await remove(root, { words: ['c001'], keepGitDir: true });
  const kept = join(root, '.git/modules/c001');
  expect(await readFile(join(kept, 'refs/heads/main'), 'utf8')).toBe(`${mine}\n`);
});

test('a tag that was never pushed keeps nothing: neither remove nor add take its commit', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  const dir = join(root, 'c001');
  await farm.git(dir, 'checkout', '--quiet', '--detach');
  await farm.git(dir, 'commit', '--quiet', '--allow-empty', '-m', 'mine');
  await farm.git(dir, 'tag', 'mine');
  const lost = /its commit \w+ is on no branch of its remote/;
  await expect(remove(root, { words: ['c001'] })).rejects.toThrow(lost);
  // Now only the tag names it.
  await farm.git(dir, 'checkout', '--quiet', 'main');
  await expect(remove(root, { words: ['c001'] })).rejects.toThrow(lost);
  await farm.git(root, 'rm', '--quiet', '-f', 'c001');
  await farm.git(root, 'commit', '--quiet', '-m', 'without');
  const again = { url: '../c002.git', path: 'c001' };
  await expect(add(root, again)).rejects.toMatchObject({ code: 'SP_GIT_DIR_KEPT' });
  const gitDir = ['--git-dir', join(root, '.git/modules/c001'), '--work-tree', root];
  await farm.git(root, ...gitDir, 'push', '--quiet', 'origin', 'mine');
  await add(root, again);
});

test('remove is refused for a commit that another worktree of the component has checked out', async () => {
  const { farm, root } = await farmWith({ components: 1 });
  await using _ = farm;
  const dir = join(root, 'c001');
  const other = join(farm.dir, 'other');
  await farm.git(dir, 'worktree', 'add', '--quiet', '--detach', other);
  await farm.git(other, 'commit', '--quiet', '--allow-empty', '-m', 'mine');
  const removing = remove(root, { words: ['c001'] });
  await expect(removing).rejects.toThrow(/its commit \w+ is on no branch of its remote/);
  await farm.git(other, 'push', '--quiet', 'origin', 'HEAD:refs/tags/mine');
  await remove(root, { words: ['c001'] });
});

/** `outer` with `inner` in it, which the index of `outer` has. */
async function nestedFarm(): Promise<{ farm: Farm; root: string; inner: string }> {
  const { farm, root } = await farmWith({ names: ['outer', 'inner'] });
  const outer = join(root, 'outer');
  await add(outer, { url: farm.component(1).url, path: 'in/ner', name: 'inner' });
  await farm.git(outer, 'commit', '--quiet', '-m', 'nest');
  await farm.git(outer, 'push', '--quiet', 'origin', 'main');
  return { farm, root, inner: join(outer, 'in/ner') };
}

test('remove looks into components of the component', async () => {
  const { farm, root, inner } = await nestedFarm();
  await using _ = farm;
  const words = ['outer'];
  await writeFile(join(inner, 'new'), 'mine\n');
  await expect(remove(root, { words })).rejects.toThrow(
    'outer/in/ner is not removed: it has changes, or files that git does not know',
  );
  await farm.git(inner, 'add', 'new');
  await farm.git(inner, 'commit', '--quiet', '-m', 'mine');
  const lost = /outer\/in\/ner is not removed: its commit \w+ is on no branch of its remote/;
  await expect(remove(root, { words })).rejects.toThrow(lost);
  // Without its work tree only the git directory has the commit.
  const put = join(farm.dir, 'put');
  await rename(inner, put);
  await expect(remove(root, { words })).rejects.toThrow(/its commit \w+ is on no branch/);
  await rename(put, inner);
  await farm.git(inner, 'push', '--quiet', 'origin', 'main');
  await remove(root, { words });
  expect(existsSync(join(root, 'outer'))).toBe(false);
});

test('add under a name whose old git directory has a component with commits of its own takes none of them', async () => {
  const { farm, root, inner } = await nestedFarm();
  await using _ = farm;
  await farm.git(inner, 'commit', '--quiet', '--allow-empty', '-m', 'mine');
  await farm.git(root, 'rm', '--quiet', '-f', 'outer');
  await farm.git(root, 'commit', '--quiet', '-m', 'without');
  const gitDir = join(root, '.git/modules/outer/modules/inner');
  const again = { url: '../inner.git', path: 'outer' };
  await expect(add(root, again)).rejects.toMatchObject({
    code: 'SP_GIT_DIR_KEPT',
    message: expect.stringMatching(/outer \(inner in it\): its commit \w+ is on no branch/),
  });
  const where = ['--git-dir', gitDir, '--work-tree', root];
  await farm.git(root, ...where, 'push', '--quiet', 'origin', 'main');
  await add(root, again);
});

test('remove takes ignored files only when told', async () => {
  const { farm, root } = await farmWith({ components: 1 });
  await using _ = farm;
  const dir = join(root, 'c001');
  await mkdir(join(root, '.git/modules/c001/info'));
  await writeFile(join(root, '.git/modules/c001/info/exclude'), '*.local\n');
  await writeFile(join(dir, 'my.local'), 'precious\n');
  const refused = remove(root, { words: ['c001'] });
  await expect(refused).rejects.toThrow('c001 is not removed: git ignores files in it');
  expect(await readFile(join(dir, 'my.local'), 'utf8')).toBe('precious\n');
  await remove(root, { words: ['c001'], force: true });
  expect(existsSync(dir)).toBe(false);
});

test('a path outside of the superproject, or in the component itself, is refused', async () => {
  const { farm, root } = await farmWith({ names: ['a', 'b'] });
  await using _ = farm;
  const before = await everything(farm, root);
  const move = (to: string) => moveComponent(network(root), root, { from: 'a', to });
  await expect(move('a/x')).rejects.toMatchObject({ code: 'SP_MOVE_INSIDE' });
  for (const path of ['../x', 'libs/../../x', '']) {
    await expect(move(path)).rejects.toMatchObject({ code: 'SP_PATH_OUTSIDE' });
    const added = add(root, { url: '../b.git', path });
    await expect(added).rejects.toMatchObject({ code: 'SP_PATH_OUTSIDE' });
  }
  expect(await everything(farm, root)).toEqual(before);
});

test('move takes work along, and components of the component', async () => {
  const { farm, root } = await farmWith({ names: ['outer', 'inner'] });
  await using _ = farm;
  const dir = join(root, 'outer');
  const nest = { url: farm.component(1).url, path: 'in/ner', name: 'inner' };
  await add(dir, nest);
  await farm.git(dir, 'commit', '--quiet', '-m', 'nest');
  await writeFile(join(dir, 'README'), 'mine\n');
  await moveComponent(network(root), root, { from: 'outer', to: 'deep/er/outer' });
  expect(existsSync(dir)).toBe(false);
  expect(await farm.git(root, 'diff', '--cached', '--name-status')).toBe(
    'M\t.gitmodules\nR100\touter\tdeep/er/outer',
  );
  const moved = join(root, 'deep/er/outer');
  expect(await readFile(join(moved, 'README'), 'utf8')).toBe('mine\n');
  expect(await farm.git(moved, 'status', '--porcelain')).toBe(' M README');
  expect(await farm.git(moved, 'submodule', 'status')).toMatch(/^ \w+ in\/ner /);
  expect(await farm.git(root, 'config', '-f', '.gitmodules', 'submodule.outer.path')).toBe(
    'deep/er/outer',
  );
  await farm.git(root, 'commit', '--quiet', '-m', 'moved');
  expect(await farm.git(root, 'submodule', 'status')).toMatch(/^\+\w+ deep\/er\/outer /);
});
