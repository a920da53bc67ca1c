// Traps of nightlies that people make by hand (`git submodule update --remote`, commit, tag, push), and releases of them.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { branch } from '../src/superproject/branch.ts';
import { cloneSuperproject } from '../src/superproject/checkout/clone.ts';
import { Network } from '../src/superproject/network.ts';
import { nightly, resumeNightly } from '../src/superproject/nightly.ts';
import { syncTag, tag } from '../src/superproject/tag.ts';
import { keepRef } from '../src/superproject/tracked.ts';
import { findTarget } from '../src/superproject/target.ts';
import { cloneSuper, pinOnRemote, syncWords } from './support/superproject-checkout.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';

const run = promisify(execFile);
const quick = (): Network => new Network({ pauseMs: 5, tries: 2 });
const STAMP = { identity: 'Release <release@example.org>', seconds: 1_700_009_999 };
const MAIN = join(import.meta.dirname, '..', 'src', 'cli', 'main.ts');
const OTHER_MACHINE = join(import.meta.dirname, 'support', 'another-machine.ts');

/** A key, and a git that trusts it. */
async function makeKey(farm: Farm): Promise<string> {
  const key = join(farm.dir, 'key');
  await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', 'test', '-f', key]);
  const { stdout } = await run('ssh-keygen', ['-y', '-f', key]);
  const allowed = join(farm.dir, 'allowed');
  await writeFile(allowed, `* ${stdout}`);
  await farm.git(farm.dir, 'config', '--global', 'gpg.ssh.allowedSignersFile', allowed);
  return key;
}

describe('a nightly', () => {
  test('from inside a checkout publishes none of its commits and changes', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    const root = await cloneSuper(farm, 'mine', '--recursive');
    const git = (cwd: string, ...args: string[]): Promise<string> => farm.git(cwd, ...args);
    const mine = join(root, 'c001');
    await git(mine, 'commit', '--quiet', '--allow-empty', '-m', 'mine');
    await git(root, 'commit', '--quiet', '--all', '-m', 'pins what is only here');
    await writeFile(join(root, 'staged'), 'x');
    await git(root, 'add', 'staged');
    await writeFile(join(root, '.gitmodules'), '');
    await writeFile(join(mine, 'README'), 'dirt');
    const theirs = await farm.component(1).commit({ a: '1' });
    const before = await farm.super.tip();
    const { url, branch: name = '' } = await findTarget(root, {});
    const network = new Network({ cwd: root, pauseMs: 5, tries: 2 });
    const result = await nightly(network, { url, branch: name });
    expect(result).toMatchObject({ status: 'published', parent: before });
    const diff = await farm.super.git('diff', '--raw', '--abbrev=40', before, 'main');
    expect(diff).toMatch(new RegExp(`^:160000 160000 [0-9a-f]{40} ${theirs} M\tc002$`));
    expect(await git(root, 'status', '--porcelain')).toContain('A  staged');
    expect(await git(mine, 'log', '-1', '--format=%s')).toBe('mine');
  });

  test('whose tag the superproject refuses moves no branch either', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    const hooks = join(farm.super.gitDir, 'hooks');
    await mkdir(hooks, { recursive: true });
    const script =
      '#!/bin/sh\ncase $1 in refs/tags/*) echo "no tags on Fridays" >&2; exit 1;; esac\n';
    await writeFile(join(hooks, 'update'), script, { mode: 0o755 });
    await farm.component(0).commit({ a: '1' });
    const before = await farm.super.git('for-each-ref');
    await expect(nightly(quick(), { url: farm.url, branch: 'main' })).rejects.toThrow(
      'no tags on Fridays',
    );
    expect(await farm.super.git('for-each-ref')).toBe(before);
    expect(await farm.component(0).git('tag')).toBe('');
  });

  test('follows the default branch of a component that names none, also when it changes', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    const text = await farm.super.git('show', 'main:.gitmodules');
    await pinOnRemote(farm, {}, text.replace('\tbranch = main\n', ''));
    const first = await farm.component(0).commit({ a: '1' });
    const options = { url: farm.url, branch: 'main' };
    expect((await nightly(quick(), options)).moves).toMatchObject([
      { path: 'c001', branch: 'main', to: first },
    ]);
    await farm.component(0).git('branch', '-m', 'main', 'trunk');
    await farm.component(0).git('symbolic-ref', 'HEAD', 'refs/heads/trunk');
    const second = await farm.component(0).commit({ a: '2' }, { branch: 'trunk' });
    expect((await nightly(quick(), options)).moves).toMatchObject([
      { path: 'c001', branch: 'trunk', to: second },
    ]);
    expect(await farm.super.git('show', 'main:.gitmodules')).not.toContain('trunk');
  });

  test('of two machines with other clocks, homes, locales and umasks is the same commit, also signed', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const key = await makeKey(farm);
    const home = join(farm.dir, 'other-home');
    await mkdir(home);
    await writeFile(
      join(home, '.gitconfig'),
      '[user]\nname = Other\nemail = other@example.org\n[core]\nabbrev = 7\n[push]\ndefault = matching\n',
    );
    const env: NodeJS.ProcessEnv = {
      ...process.env,
      ...{ HOME: home, XDG_CONFIG_HOME: home, LANG: 'de_DE.UTF-8', LC_ALL: 'tr_TR.UTF-8' },
      ...{ TZ: 'Asia/Tokyo', NO_COLOR: '1' },
    };
    delete env['GIT_AUTHOR_DATE'];
    delete env['GIT_COMMITTER_DATE'];
    const where = ['--url', farm.url, '--branch', 'main'];
    for (const signKey of [undefined, key]) {
      await farm.component(1).commit({ a: signKey ?? '' });
      const options = { url: farm.url, branch: 'main', signKey };
      const first = await nightly(quick(), { ...options, dryRun: true });
      const sign = signKey === undefined ? [] : ['--sign', signKey];
      const node = ['--import', OTHER_MACHINE, '--conditions=@skerry/source', MAIN];
      const words = ['sp', 'nightly', ...where, ...sign, '--json'];
      const { stdout } = await run(process.execPath, [...node, ...words], { env, cwd: farm.dir });
      const second = JSON.parse(stdout) as { status: string; commit: string; commands: string[] };
      expect(second).toMatchObject({ status: 'published', commit: first.commit });
      expect(await farm.super.tip()).toBe(first.commit);
      const pushes = first.commands.filter((each) => each.includes(farm.url));
      expect(second.commands).toEqual(expect.arrayContaining(pushes));
    }
    await farm.super.git('verify-commit', 'main');
    await farm.super.git('verify-tag', 'main-nightly-2');
    await expect(farm.super.git('verify-commit', 'main~1')).rejects.toThrow();
  });
});

describe('a release', () => {
  test('branch with --inherit says `branch = .`, and its nightlies follow the branches of its name', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const { url } = farm;
    await farm.component(2).git('branch', 'dev');
    const except = new Map([['c003', 'dev']]);
    await branch(quick(), { url, name: '3.11', from: 'main', inherit: true, except });
    const text = await farm.super.git('show', '3.11:.gitmodules');
    expect(text.match(/branch = .*/g)).toEqual(['branch = .', 'branch = .', 'branch = dev']);
    const fix = await farm.component(0).commit({ fix: '1' }, { branch: '3.11' });
    await farm.component(1).commit({ not: 'for 3.11' });
    const result = await nightly(quick(), { url, branch: '3.11' });
    expect(result.tag).toBe('3.11-nightly-1');
    expect(result.moves).toMatchObject([{ path: 'c001', branch: '3.11', to: fix }]);
    // The next one from it needs no edit of .gitmodules.
    await branch(quick(), { url, name: '3.12', from: '3.11', inherit: true, except });
    expect(await farm.super.git('show', '3.12:.gitmodules')).toBe(text);
    expect(await farm.component(0).tip('3.12')).toBe(fix);
    // Stock git understands it on a branch of that name.
    const root = await cloneSuper(farm, 'w', '--recursive', '--branch', '3.11');
    const newer = await farm.component(0).commit({ fix: '2' }, { branch: '3.11' });
    await farm.git(root, 'submodule', '--quiet', 'update', '--remote', 'c001');
    expect(await farm.git(join(root, 'c001'), 'rev-parse', 'HEAD')).toBe(newer);
  });

  test('tag that is signed is signed in the components too, and its plan names the very objects', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    const signKey = await makeKey(farm);
    const options = { url: farm.url, name: '3.11.2', from: 'main', stamp: STAMP, components: true };
    const { commands } = await tag(quick(), { ...options, signKey, dryRun: true });
    await tag(quick(), { ...options, signKey });
    for (const repository of [farm.super, ...farm.components]) {
      await repository.git('verify-tag', '3.11.2');
      const object = await repository.git('rev-parse', 'refs/tags/3.11.2');
      const planned = commands.filter((each) => each.endsWith(`${object}:refs/tags/3.11.2`));
      expect(planned).toHaveLength(1);
    }
    // Brought later, with the key; and planned once more, when the superproject has it already.
    await farm.component(0).git('tag', '--delete', '3.11.2');
    const again = await tag(quick(), { ...options, signKey, dryRun: true });
    await syncTag(quick(), { url: farm.url, name: '3.11.2', signKey });
    await farm.component(0).git('verify-tag', '3.11.2');
    const object = await farm.component(0).git('rev-parse', 'refs/tags/3.11.2');
    expect(again.commands).toEqual([expect.stringContaining(`${object}:refs/tags/3.11.2`)]);
  });

  test('nightly that is signed is signed in the components too, also when it is resumed', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    const signKey = await makeKey(farm);
    for (const component of farm.components) await component.commit({ a: '1' });
    const options = { url: farm.url, branch: 'main', signKey };
    const { tag: made = '' } = await nightly(quick(), options);
    await farm.component(1).git('verify-tag', made);
    await farm.component(0).git('tag', '--delete', made);
    await resumeNightly(quick(), options);
    await farm.component(0).git('verify-tag', made);
  });
});

describe('a commit’s id as the name of something else', () => {
  test('a branch and a tag named like a pin are taken for it by nobody (CVE-2026-47191)', async () => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const component = farm.component(0);
    const evil = await component.commit({ evil: '1' }, { branch: 'evil' });
    const old = await component.tip();
    const pin = await component.commit({ a: '1' });
    for (const id of [old, pin])
      for (const ref of [`refs/heads/${id}`, `refs/tags/${id}`])
        await component.git('update-ref', ref, evil);
    const { url } = farm;
    const result = await nightly(quick(), { url, branch: 'main' });
    expect(result.moves).toMatchObject([{ from: old, to: pin }]);
    expect(await component.git('for-each-ref', '--format=%(objectname)', keepRef(pin))).toBe(pin);
    await branch(quick(), { url, name: '3.11', from: 'main' });
    expect(await component.tip('3.11')).toBe(pin);
    await tag(quick(), { url, name: '3.11.2', from: '3.11', stamp: STAMP, components: true });
    expect(await component.git('rev-parse', 'refs/tags/3.11.2^{}')).toBe(pin);
    const { dir } = await cloneSuperproject(new Network({ cwd: farm.dir }), {
      ...{ url, dir: join(farm.dir, 'w'), ref: '3.11.2' },
    });
    const inside = join(dir, 'c001');
    expect(await farm.git(inside, 'rev-parse', 'HEAD')).toBe(pin);
    expect(existsSync(join(inside, 'evil'))).toBe(false);
    await farm.git(inside, 'update-ref', `refs/heads/${old}`, evil);
    await farm.git(dir, 'update-index', '--cacheinfo', `160000,${old},c001`);
    await syncWords(dir);
    expect(await farm.git(inside, 'rev-parse', 'HEAD')).toBe(old);
  });
});
