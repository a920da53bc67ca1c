import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { restoreEscrow } from '../src/superproject/escrow/restore.ts';
import { verifyEscrow } from '../src/superproject/escrow/verify.ts';
import { gitmodulesOf, pinOnRemote } from './support/superproject-checkout.ts';
import { deposit, release, run } from './support/superproject-escrow.ts';
import { makeFarm } from './support/superproject-farm.ts';

describe('escrow', () => {
  test('stock git restores a deposit by the command of its README, with nothing of ours', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await release(farm);
    const { dir, manifest } = await deposit(farm, '3.11', 'deposit');
    const readme = await readFile(join(dir, 'README.txt'), 'utf8');
    const command = /^ {2}(git .* clone .*)$/m.exec(readme)?.[1] ?? '';
    expect(command).toBe(
      'git -c protocol.file.allow=always clone --recursive ./super.git -b 3.11 source',
    );
    // No way to the remotes: as with the network off.
    for (const { gitDir } of [farm.super, ...farm.components])
      await rm(gitDir, { recursive: true });
    const env = { ...process.env, GIT_ALLOW_PROTOCOL: 'file', GIT_SSH_COMMAND: 'false' };
    await run('sh', ['-c', command], { cwd: dir, env });
    const source = join(dir, 'source');
    expect(await readdir(join(source, 'c001'))).toContain('run.sh');
    expect(await readFile(join(source, 'c001/deps/lib/README'), 'utf8')).toBe('c002\n');
    expect(await farm.git(source, 'status', '--porcelain')).toBe('');
    expect(await farm.git(join(source, 'c001'), 'rev-parse', 'HEAD')).toBe(
      manifest.components.find(({ path }) => path === 'c001')?.commit,
    );
    await rm(source, { recursive: true });
    await run('sha256sum', ['--check', '--quiet', '--strict', 'SHA256SUMS'], { cwd: dir });
    const { stdout } = await run('tar', ['-tf', 'source.tar'], { cwd: dir });
    expect(stdout).toMatch(/^super-3\.11\/c001\/deps\/lib\/README$/m);
  });

  test('the tar archive has what the clone has: bytes, modes, links, odd names', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await release(farm);
    const { dir } = await deposit(farm, '3.11', 'deposit');
    const [unpacked, clone] = [join(farm.dir, 'unpacked'), join(farm.dir, 'clone')];
    await mkdir(unpacked);
    await run('tar', ['-xf', join(dir, 'source.tar'), '-C', unpacked]);
    const raw = ['-c', 'core.attributesFile=/dev/null', '-c', 'protocol.file.allow=always'];
    await farm.git(
      farm.dir,
      ...raw,
      'clone',
      '--quiet',
      '--recursive',
      '-b',
      '3.11',
      join(dir, 'super.git'),
      clone,
    );
    // Attributes change line ends in the clone's files; the archive has them as git has.
    await rm(join(clone, 'c001/crlf.txt'));
    expect(await readFile(join(unpacked, 'super-3.11/c001/crlf.txt'), 'utf8')).toBe('a\nb\n');
    await run('diff', [
      '-r',
      '--no-dereference',
      '-x',
      '.git',
      '-x',
      '*.txt',
      join(unpacked, 'super-3.11'),
      clone,
    ]);
    const { stdout } = await run('tar', ['-tvf', join(dir, 'source.tar')]);
    expect(stdout).toMatch(/^-rwxr-xr-x root\/root .* super-3\.11\/c001\/run\.sh$/m);
    expect(stdout).toMatch(/^lrwxrwxrwx root\/root .*link -> run\.sh$/m);
    expect(stdout).toContain('long-name.txt');
  });

  test('the same ref gives the same bytes, from wherever and in whatever packs it comes', async () => {
    await using farm = await makeFarm({ commits: 40 });
    farm.enter();
    await release(farm);
    const first = await deposit(farm, '3.11.2', 'one');
    for (const repository of [farm.super, ...farm.components]) {
      await repository.git('repack', '-q', '-a', '-d', '-f', '--window=250', '--depth=5');
      await repository.git('update-ref', 'refs/heads/unrelated', 'main~1');
    }
    await farm.component(2).commit({ later: '1' });
    const second = await deposit(farm, '3.11.2', 'two');
    const sums = await readFile(join(first.dir, 'SHA256SUMS'), 'utf8');
    expect(await readFile(join(second.dir, 'SHA256SUMS'), 'utf8')).toBe(sums);
    expect(second.sha256).toBe(first.sha256);
    expect(second.manifest).toEqual(first.manifest);
  });

  test('verify proves a deposit of a branch, a tag and a commit', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await release(farm);
    const commit = await farm.super.tip();
    for (const ref of ['3.11', '3.11.2', commit]) {
      const { dir } = await deposit(farm, ref, `d-${ref}`);
      await farm.forget();
      const found = await verifyEscrow(dir);
      expect(found.damaged).toEqual([]);
      expect(found).toMatchObject({ commit, repositories: 4, signer: undefined });
      expect(await farm.connections()).toEqual([]);
      const { target } = await restoreEscrow(dir, join(farm.dir, `r-${ref}`));
      expect(await farm.git(target, 'rev-parse', 'HEAD')).toBe(commit);
      expect(await farm.git(target, 'status', '--porcelain')).toBe('');
      expect(await farm.git(target, 'submodule', 'status', '--recursive')).not.toMatch(/^[-+]/m);
    }
  });

  test('absolute urls: stock git finds the components in the deposit all the same', async () => {
    await using farm = await makeFarm({ urls: 'absolute', components: 2 });
    farm.enter();
    const { dir, manifest } = await deposit(farm, 'main', 'deposit');
    expect(manifest.rewrites).toEqual([{ url: 'ssh://farm.example/', path: '' }]);
    expect((await verifyEscrow(dir)).damaged).toEqual([]);
    const readme = await readFile(join(dir, 'README.txt'), 'utf8');
    const command = /^ {2}(git .* clone .*)$/m.exec(readme)?.[1] ?? '';
    const env = { ...process.env, GIT_ALLOW_PROTOCOL: 'file' };
    await run('sh', ['-c', command], { cwd: dir, env });
    expect(existsSync(join(dir, 'source/c002/README'))).toBe(true);
  });

  test('a url of a component with shell commands in it runs none of them', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    const [outer, inner] = [farm.component(0), farm.component(1)];
    const evil = 'ssh://x$(touch${IFS}owned)`touch owned`/c002.git';
    const modules = gitmodulesOf([{ ...inner, path: 'inner', url: evil }]);
    const pins = { inner: await inner.tip() };
    const pin = await outer.commit({ '.gitmodules': modules }, { pins });
    await pinOnRemote(farm, { c001: pin });
    const { dir } = await deposit(farm, 'main', 'deposit');
    const readme = await readFile(join(dir, 'README.txt'), 'utf8');
    const command = /^ {2}(git .* clone .*)$/m.exec(readme)?.[1] ?? '';
    await run('sh', ['-c', command], {
      cwd: dir,
      env: { ...process.env, GIT_ALLOW_PROTOCOL: 'file' },
    });
    expect(existsSync(join(dir, 'source/c001/inner/README'))).toBe(true);
    expect(existsSync(join(dir, 'owned'))).toBe(false);
  });

  test('two components of one repository, at different commits', async () => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const [one] = farm.components;
    const old = await farm.component(0).git('rev-parse', 'main~2');
    const listed = ['c001', 'again'].map((name) => ({
      name,
      path: name,
      branch: 'main',
      url: '../c001.git',
    }));
    await pinOnRemote(farm, { again: old }, gitmodulesOf(listed));
    const { dir, manifest } = await deposit(farm, 'main', 'deposit');
    expect(manifest.repositories.map(({ path }) => path)).toEqual(['c001.git', 'super.git']);
    expect((await verifyEscrow(dir)).damaged).toEqual([]);
    const { target } = await restoreEscrow(dir, join(farm.dir, 'r'));
    expect(await farm.git(join(target, 'again'), 'rev-parse', 'HEAD')).toBe(old);
    expect(await farm.git(join(target, 'c001'), 'rev-parse', 'HEAD')).toBe(await one?.tip());
  });

  test('refuses a folder that is not empty, and leaves it alone', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const full = join(farm.dir, 'full');
    await mkdir(full);
    await writeFile(join(full, 'mine'), 'x');
    const { dir } = await deposit(farm, 'main', 'deposit');
    for (const work of [
      () => deposit(farm, 'main', 'full'),
      () => deposit(farm, 'main', 'deposit'),
      () => restoreEscrow(dir, full),
    ])
      await expect(work()).rejects.toMatchObject({ code: 'SP_TARGET_TAKEN' });
    expect(await readdir(full)).toEqual(['mine']);
    await mkdir(join(farm.dir, 'empty'));
    await deposit(farm, 'main', 'empty');
    expect((await readdir(farm.dir)).filter((name) => name.includes('partial'))).toEqual([]);
  });

  test('incremental: only what is new, restorable by stock git beside the older ones, and proven', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    const noise = randomBytes(200_000).toString('latin1');
    await pinOnRemote(farm, { c001: await farm.component(0).commit({ noise }) });
    await deposit(farm, 'main', 'd/one');
    let before = join(farm.dir, 'd/one');
    for (const name of ['two', 'three']) {
      await pinOnRemote(farm, { c001: await farm.component(0).commit({ [name]: 'new\n' }) });
      before = (await deposit(farm, 'main', `d/${name}`, { since: before })).dir;
    }
    const size = async (name: string): Promise<number> =>
      Number(
        (await run('du', ['-sb', join(farm.dir, `d/${name}/c001.git`)])).stdout.split('\t')[0],
      );
    expect(await size('three')).toBeLessThan((await size('one')) / 4);
    // All of them moved together.
    await run('mv', [join(farm.dir, 'd'), join(farm.dir, 'moved')]);
    const three = join(farm.dir, 'moved/three');
    expect((await verifyEscrow(three)).damaged).toEqual([]);
    const readme = await readFile(join(three, 'README.txt'), 'utf8');
    expect(readme).toContain('../two');
    const command = /^ {2}(git .* clone .*)$/m.exec(readme)?.[1] ?? '';
    await run('sh', ['-c', command], {
      cwd: three,
      env: { ...process.env, GIT_ALLOW_PROTOCOL: 'file' },
    });
    await rm(join(three, 'source'), { recursive: true });
    const { target } = await restoreEscrow(three, join(farm.dir, 'r'));
    const packs = join(farm.dir, 'moved/one/c001.git/objects/pack');
    const pack = (await readdir(packs)).find((name) => name.endsWith('.pack')) ?? '';
    await run('truncate', ['-s', '-1', join(packs, pack)]);
    expect((await verifyEscrow(three)).damaged).toEqual([
      { path: `../one/c001.git/objects/pack/${pack}`, problem: 'altered' },
    ]);
    await rm(join(farm.dir, 'moved/two'), { recursive: true });
    expect((await verifyEscrow(three)).damaged).toMatchObject([{ path: '../two' }]);
    // What was restored needs none of them.
    await rm(join(farm.dir, 'moved'), { recursive: true });
    expect(
      await farm.git(target, 'submodule', 'foreach', '--quiet', 'git fsck --strict --no-dangling'),
    ).toBe('');
  });

  test('a deposit can be copied, moved, made read-only and given to somebody else', async () => {
    await using farm = await makeFarm({ components: 2, urls: 'absolute' });
    farm.enter();
    const { dir } = await deposit(farm, 'main', 'deposit');
    const copy = join(farm.dir, 'a=folder "with" spaces');
    await cp(dir, copy, { recursive: true });
    await run('chmod', ['-R', 'a-w', copy]);
    if (process.getuid?.() === 0) await run('chown', ['-R', '12345', copy]);
    await rm(dir, { recursive: true });
    expect((await verifyEscrow(copy)).damaged).toEqual([]);
    await run('chmod', ['-R', 'u+w', copy]);
  });
});
