import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readCheckout } from '../src/superproject/checkout/checkout.ts';
import { exportManifest } from '../src/superproject/manifest/export-manifest.ts';
import {
  importManifest,
  type ImportOptions,
} from '../src/superproject/manifest/import-manifest.ts';
import { Network } from '../src/superproject/network.ts';
import {
  cloneSuper,
  gitmodulesOf,
  pinOnRemote,
  syncWords,
} from './support/superproject-checkout.ts';
import { type Farm, type FarmOptions, makeFarm } from './support/superproject-farm.ts';

/** A farm whose superproject has only the first component; the others are there to be imported. */
async function farmWith(options: FarmOptions): Promise<{ farm: Farm; root: string }> {
  const farm = await makeFarm(options);
  farm.enter();
  const [first, ...rest] = farm.components;
  const gone = rest.map(({ path }) => [path, undefined]);
  if (first) await pinOnRemote(farm, Object.fromEntries(gone), gitmodulesOf([first]));
  return { farm, root: await cloneSuper(farm) };
}

const load = (root: string, text: string, more: Partial<ImportOptions> = {}) =>
  importManifest(new Network({ cwd: root, pauseMs: 5, tries: 1 }), root, {
    ...{ text, file: 'all.repos' },
    ...more,
  });

/** All that an import may touch. */
async function everything(farm: Farm, root: string): Promise<unknown> {
  return [
    await farm.git(root, 'status', '--porcelain', '--ignored'),
    await farm.git(root, 'ls-files', '--stage'),
    await readFile(join(root, '.gitmodules'), 'utf8'),
  ];
}

const DIRECTORY = 'repositories:\n';
const entry = (path: string, url: string, version?: string): string =>
  `  ${path}: {type: git, url: '${url}'${version === undefined ? '' : `, version: '${version}'`}}\n`;

test('what is imported follows its branch, stays at its tag or commit, and stock git clones it', async () => {
  const { farm, root } = await farmWith({
    components: 5,
    branch: (i) => (i === 1 ? 'dev' : 'main'),
  });
  await using _ = farm;
  const [, two, three, four, five] = farm.components.map(({ url }) => url);
  const old = await farm.component(3).git('rev-parse', 'main~1');
  await farm.component(2).git('tag', '-a', '-m', 'one', 'v1', 'main~2');
  const text =
    DIRECTORY +
    entry('libs/two', `${two}`, 'dev') +
    entry('three', `${three}`, 'v1') +
    entry('four', `${four}`, old) +
    entry('five', `${five}`);
  const { added, known, losses } = await load(root, text);
  expect(known).toEqual([]);
  expect(added).toEqual([
    { name: 'libs/two', path: 'libs/two', pin: await farm.component(1).tip(), branch: 'dev' },
    {
      name: 'three',
      path: 'three',
      pin: await farm.component(2).git('rev-parse', 'main~2'),
      branch: undefined,
    },
    { name: 'four', path: 'four', pin: old, branch: undefined },
    { name: 'five', path: 'five', pin: await farm.component(4).tip(), branch: 'main' },
  ]);
  expect(losses).toEqual([
    {
      what: 'a tag and no branch: pinned there, and frozen (superproject-policy)',
      names: ['three'],
    },
    { what: 'a commit and no branch: frozen there (superproject-policy)', names: ['four'] },
  ]);
  expect(await farm.git(root, 'status', '--porcelain')).toBe(
    'M  .gitmodules\nA  five\nA  four\nA  libs/two\nA  three',
  );
  expect(
    await farm.git(root, 'config', '-f', '.gitmodules', 'submodule.four.superproject-policy'),
  ).toBe('frozen');
  await farm.git(root, 'commit', '--quiet', '-m', 'imported');
  await farm.git(root, 'push', '--quiet');
  expect((await syncWords(root)).words).toMatchObject({ 'libs/two': 'cloned', five: 'cloned' });
  await farm.git(farm.dir, 'clone', '--quiet', '--recursive', farm.url, 'fresh');
  expect(await farm.git(join(farm.dir, 'fresh'), 'submodule', 'status')).toMatch(
    /^( \w+ \S+ .*\n?){5}$/,
  );
  // Once more: all is known.
  expect(await load(root, text)).toMatchObject({
    added: [],
    known: ['libs/two', 'three', 'four', 'five'],
    commands: [],
  });
});

test('a dry run changes nothing and prints the commands that do the same', async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  const before = await everything(farm, root);
  const text = DIRECTORY + entry('two', farm.component(1).url, 'main');
  const { commands } = await load(root, text, { dryRun: true });
  expect(await everything(farm, root)).toEqual(before);
  const other = await cloneSuper(farm, 'other');
  execFileSync('sh', ['-ec', commands.join('\n').replaceAll(root, other)]);
  await load(root, text);
  expect(await everything(farm, other)).toEqual(await everything(farm, root));
});

test('one that cannot be had, and nothing is changed; all that is wrong is said at once', async () => {
  const { farm, root } = await farmWith({ components: 4 });
  await using _ = farm;
  await writeFile(join(root, 'taken'), 'a file\n');
  await farm.git(root, 'add', 'taken');
  const before = await everything(farm, root);
  const url = (at: number): string => farm.component(at).url;
  const missing =
    DIRECTORY +
    entry('two', url(1), 'nowhere') +
    entry('three', url(2), 'f'.repeat(40)) +
    entry('four', url(3));
  await expect(load(root, missing)).rejects.toThrow(
    /no branch or tag 'nowhere'[^]*ffff cannot be used: its remote has no such commit/,
  );
  const taken = DIRECTORY + entry('taken/x', url(1)) + entry('c001', url(2));
  await expect(load(root, taken)).rejects.toThrow(
    /taken\/x is taken: git tracks files[^]*c001 is taken: the component there has another url/,
  );
  await expect(load(root, DIRECTORY + entry('c001/inside', url(1)))).rejects.toThrow('inside');
  await expect(load(root, DIRECTORY + entry('../out', url(1)))).rejects.toThrow('leads elsewhere');
  await expect(load(root, DIRECTORY + entry('local', '/etc'))).rejects.toThrow(
    'is on this computer',
  );
  expect(await everything(farm, root)).toEqual(before);
  // What git does not track is in the way too; the second is found after folders for the first.
  await writeFile(join(root, 'mine'), 'a file\n');
  const inTheWay = await everything(farm, root);
  const ways = DIRECTORY + entry('new/two', url(1)) + entry('mine/x', url(2));
  await expect(load(root, ways)).rejects.toThrow('files in the way, such as mine');
  const above = DIRECTORY + entry('two', '../../../../../../../../x');
  await expect(load(root, above)).rejects.toThrow("leads above the superproject's");
  expect(await everything(farm, root)).toEqual(inTheWay);
});

test("relative urls of repo begin at the manifest's repository", async () => {
  const { farm, root } = await farmWith({ components: 2 });
  await using _ = farm;
  const text =
    '<manifest><remote name="o" fetch="."/><default remote="o" revision="main"/><project name="c002.git" path="two" groups="a,b"/></manifest>';
  const about = { file: 'default.xml', manifestUrl: farm.url };
  expect((await load(root, text, about)).added).toMatchObject([{ path: 'two', branch: 'main' }]);
  const modules = await readFile(join(root, '.gitmodules'), 'utf8');
  expect(modules).toContain(`url = ${farm.component(1).url}\n`);
  expect(modules).toContain('superproject-group = a,b\n');
});

test.each(['repo', 'west', 'json'] as const)(
  'pins out as %s and in again give the same superproject',
  async (format) => {
    await using farm = await makeFarm({
      names: ['a', 'lib/b'],
      branch: (i) => (i ? 'dev' : 'main'),
    });
    farm.enter();
    const root = await cloneSuper(farm);
    const { components } = await readCheckout(root);
    const { text } = exportManifest(components, { format, superBranch: 'main', isFrozen: true });
    const empty = join(farm.dir, 'empty');
    await farm.git(farm.dir, 'init', '--quiet', 'empty');
    const { losses } = await load(empty, text, { file: 'x', format });
    expect(losses).toEqual([]);
    expect(await farm.git(empty, 'ls-files', '--stage', 'a', 'lib')).toBe(
      await farm.git(root, 'ls-files', '--stage', 'a', 'lib'),
    );
    const again = (await readCheckout(empty)).components;
    expect(again.map(({ name, branch, remote }) => ({ name, branch, remote }))).toEqual(
      components.map(({ name, branch, remote }) => ({ name, branch, remote })),
    );
  },
);

test('branches are written, and a pin where no branch is followed by name; no password gets out', () => {
  const one = {
    name: 'a',
    path: 'a',
    url: '../a',
    line: 1,
    pin: 'a'.repeat(40),
    remote: 'https://me:secret@h/a',
  };
  const components = [
    { ...one, branch: '.', extra: {} },
    { ...one, name: 'b', path: 'b', branch: 'x', extra: { 'superproject-policy': 'frozen' } },
    { ...one, name: 'c', path: 'c', extra: {} },
  ];
  const { text, losses } = exportManifest(components, {
    format: 'repos',
    superBranch: '3.11',
    isFrozen: false,
  });
  expect(text).not.toContain('secret');
  expect(text.match(/version: .*/g)).toEqual([
    'version: "3.11"',
    `version: "${one.pin}"`,
    `version: "${one.pin}"`,
  ]);
  expect(losses).toMatchObject([{ names: ['c'] }]);
});
