// --dry-run of what makes folders: nothing is there after it, and the commands it prints do the same as the command.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createEscrow } from '../src/superproject/escrow/create.ts';
import { Network } from '../src/superproject/network.ts';
import { cloneSuper, syncWords } from './support/superproject-checkout.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';
import { sp } from './support/superproject-sp.ts';

async function farmWith(names: readonly string[] = ['c001', 'with space/b']): Promise<Farm> {
  const farm = await makeFarm({ names });
  farm.enter();
  return farm;
}

/** Runs what was printed, line by line, as somebody would who copies it. */
async function runPrinted(farm: Farm, text: string): Promise<void> {
  await promisify(execFile)('sh', ['-e', '-c', text], { cwd: farm.dir });
}

/** The configuration of a repository, without what git's own clone says of itself. */
async function configOf(farm: Farm, dir: string, ...more: string[]): Promise<string[]> {
  const text = await farm.git(dir, 'config', '--list', '--local', ...more);
  return text
    .split('\n')
    .map((line) => line.replaceAll(/\/(real|plan)\b/g, '/X'))
    .toSorted();
}

test('clone', async () => {
  await using farm = await farmWith();
  const before = await readdir(farm.dir);
  const words = ['--group', 'server', '--attach'];
  await farm.super.commit({
    '.gitmodules': (await farm.super.git('show', 'main:.gitmodules')).replaceAll(
      '\tbranch',
      '\tsuperproject-group = server\n\tbranch',
    ),
  });
  const plan = await sp(farm.dir, 'clone', farm.url, 'plan', ...words, '--dry-run');
  expect(plan).toMatchObject({ code: 0, stderr: '' });
  expect(await readdir(farm.dir)).toEqual(before);
  await runPrinted(farm, plan.stdout);
  expect((await sp(farm.dir, 'clone', farm.url, 'real', ...words)).code).toBe(0);
  const [made, real] = [join(farm.dir, 'plan'), join(farm.dir, 'real')];
  for (const ask of [
    ['submodule', 'status'],
    ['status', '--porcelain', '--branch'],
    ['submodule', '--quiet', 'foreach', 'git status --branch --porcelain'],
  ])
    expect(await farm.git(made, ...ask)).toBe(await farm.git(real, ...ask));
  expect(await configOf(farm, made)).toEqual(await configOf(farm, real));
  const full = await sp(farm.dir, 'clone', farm.url, 'real', '--dry-run');
  expect(full.stderr).toContain('real');
  expect(full.code).not.toBe(0);
});

test('clone of a branch that is not there, or of what is refused, says what the clone says', async () => {
  await using farm = await farmWith();
  await farm.super.commit({ '.gitmodules': '[submodule "x"]\n\tpath = ../x\n\turl = ../x.git\n' });
  for (const words of [['-b', 'nope'], []]) {
    const plan = await sp(farm.dir, 'clone', farm.url, 'w', ...words, '--dry-run');
    expect(plan).toEqual(await sp(farm.dir, 'clone', farm.url, 'w', ...words));
    expect(plan.code).not.toBe(0);
  }
});

test('add', async () => {
  await using farm = await farmWith(['c001', 'c002']);
  const [made, real] = [await cloneSuper(farm, 'plan'), await cloneSuper(farm, 'real')];
  for (const root of [made, real]) await syncWords(root);
  const words = ['add', '../c002.git', 'with space/two', '--branch', 'main'];
  const plan = await sp(made, ...words, '--dry-run');
  expect(plan).toMatchObject({ code: 0, stderr: '' });
  expect(await farm.git(made, 'status', '--porcelain')).toBe('');
  await runPrinted(farm, plan.stdout);
  expect((await sp(real, ...words)).code).toBe(0);
  const inside = 'with space/two';
  expect(await farm.git(made, 'status', '--porcelain')).toBe(
    await farm.git(real, 'status', '--porcelain'),
  );
  expect(await farm.git(made, 'diff', '--cached')).toBe(await farm.git(real, 'diff', '--cached'));
  expect(await configOf(farm, made)).toEqual(await configOf(farm, real));
  expect(await configOf(farm, join(made, inside))).toEqual(
    await configOf(farm, join(real, inside)),
  );
  expect(await configOf(farm, made)).toContain(`submodule.${inside}.active=true`);
});

test('mirror', async () => {
  await using farm = await farmWith();
  const words = ['mirror', 'plan', '--url', farm.url, '--dry-run'];
  const plan = await sp(farm.dir, ...words);
  expect(plan).toMatchObject({ code: 0, stderr: '' });
  expect(existsSync(join(farm.dir, 'plan'))).toBe(false);
  await runPrinted(farm, plan.stdout);
  const clone = ['-c', 'protocol.file.allow=always', 'clone', '--quiet', '--recursive'];
  await farm.git(farm.dir, ...clone, join(farm.dir, 'plan', 'super.git'), 'from-mirror');
  const url = ['--url', farm.url];
  expect((await sp(farm.dir, 'mirror', 'real', ...url)).code).toBe(0);
  const again = await sp(farm.dir, 'mirror', 'real', ...url, '--dry-run', '--prune');
  expect(again.stdout).not.toContain('init');
  expect(again.stdout).toContain('--prune');
});

test('mirror whose repositories would now lie elsewhere is refused as the run is', async () => {
  await using farm = await farmWith();
  const url = ['--url', farm.url];
  expect((await sp(farm.dir, 'mirror', 'real', ...url)).code).toBe(0);
  const record = join(farm.dir, 'real', 'mirror.json');
  const text = await readFile(record, 'utf8');
  await writeFile(record, text.replace('"super.git"', '"elsewhere/super.git"'));
  await mkdir(join(farm.dir, 'real', 'elsewhere'));
  await rename(join(farm.dir, 'real', 'super.git'), join(farm.dir, 'real', 'elsewhere/super.git'));
  const plan = await sp(farm.dir, 'mirror', 'real', ...url, '--dry-run');
  expect(plan.code).not.toBe(0);
  expect(plan.stderr).toBe((await sp(farm.dir, 'mirror', 'real', ...url)).stderr);
});

test('escrow create and restore', async () => {
  await using farm = await farmWith();
  await farm.component(0).git('tag', 'v1', 'main');
  const before = await readdir(farm.dir);
  const create = ['escrow', 'create', 'main', 'deposit', '--url', farm.url];
  const plan = await sp(farm.dir, ...create, '--dry-run', '--json');
  expect(plan).toMatchObject({ code: 0, stderr: '' });
  expect(await readdir(farm.dir)).toEqual(before);
  const planned = JSON.parse(plan.stdout) as {
    commands: string[];
    repositories: { path: string }[];
  };
  expect(planned.commands).toHaveLength(3);
  expect(planned.commands[1]).toMatch(/[0-9a-f]{40} \+refs\/tags\/v1:refs\/tags\/v1$/);
  const deposit = join(farm.dir, 'deposit');
  const tool = { name: 'skerry', version: '1' };
  const made = await createEscrow(new Network(), {
    url: farm.url,
    ref: 'main',
    dir: deposit,
    tool,
  });
  expect(planned.repositories.map(({ path }) => path).toSorted()).toEqual(
    made.manifest.repositories.map(({ path }) => path),
  );
  const restore = await sp(farm.dir, 'escrow', 'restore', 'deposit', 'plan', '--dry-run');
  expect(restore).toMatchObject({ code: 0, stderr: '' });
  expect(existsSync(join(farm.dir, 'plan'))).toBe(false);
  await runPrinted(farm, restore.stdout);
  expect(await farm.git(join(farm.dir, 'plan'), 'submodule', 'status')).not.toMatch(/^[-+U]/m);
});

test('hook install and remove, and their JSON', async () => {
  await using farm = await farmWith(['c001']);
  const root = await cloneSuper(farm);
  const file = join(root, '.git', 'hooks', 'pre-push');
  const plan = await sp(root, 'hook', 'install', '--dry-run');
  expect(existsSync(file)).toBe(false);
  await runPrinted(farm, plan.stdout);
  const text = await readFile(file, 'utf8');
  const installed = await sp(root, 'hook', 'install', '--json');
  expect(JSON.parse(installed.stdout)).toMatchObject({ hook: 'pre-push', file });
  expect(await readFile(file, 'utf8')).toBe(text);
  const removal = await sp(root, 'hook', 'remove', '--dry-run');
  expect(existsSync(file)).toBe(true);
  await runPrinted(farm, removal.stdout);
  expect(existsSync(file)).toBe(false);
  const none = await sp(root, 'hook', 'remove', '--json');
  expect(JSON.parse(none.stdout)).toMatchObject({ removed: false, commands: [] });
});
