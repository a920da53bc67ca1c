import { execFile, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { createEscrow, type Deposit } from '../src/superproject/escrow/create.ts';
import { restoreEscrow } from '../src/superproject/escrow/restore.ts';
import { verifyEscrow } from '../src/superproject/escrow/verify.ts';
import { Network } from '../src/superproject/network.ts';
import { gitmodulesOf, pinOnRemote } from './support/superproject-checkout.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';

const run = promisify(execFile);
const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));
const TOOL = { name: 'skerry', version: '0.0.0' };
const quick = (signal?: AbortSignal): Network => new Network({ pauseMs: 10, tries: 2, signal });

function deposit(farm: Farm, ref: string, dir: string, more = {}): Promise<Deposit> {
  return createEscrow(quick(), {
    url: farm.url,
    ref,
    dir: join(farm.dir, dir),
    tool: TOOL,
    ...more,
  });
}

/** What somebody does who hides a change. */
async function hashAnew(dir: string): Promise<void> {
  const script =
    'find . -type f ! -name "SHA256SUMS*" | sed s,^./,, | xargs -d "\\n" sha256sum > SHA256SUMS';
  await run('sh', ['-c', script], { cwd: dir });
}

/** A release branch with a nested component, odd names, links, programs, licences and LFS. */
async function release(farm: Farm): Promise<void> {
  const [app, lib] = [farm.component(0), farm.component(1)];
  const clone = join(farm.dir, 'app-work');
  await farm.git(farm.dir, 'clone', '--quiet', app.url, clone);
  await writeFile(
    join(clone, '.gitmodules'),
    gitmodulesOf([{ ...lib, path: 'deps/lib', url: '../c002.git' }]),
  );
  await writeFile(join(clone, 'LICENSE'), 'SPDX-License-Identifier: MIT\n');
  await writeFile(join(clone, `${'long-'.repeat(30)}name.txt`), 'long\n');
  await writeFile(join(clone, 'größe mit leer.txt'), 'utf\n');
  await writeFile(
    Buffer.concat([Buffer.from(`${clone}/`), Buffer.from('latin\xfc', 'latin1')]),
    'odd\n',
  );
  await writeFile(join(clone, 'crlf.txt'), 'a\r\nb\r\n');
  await writeFile(join(clone, '.gitattributes'), '*.txt text eol=crlf\n');
  await writeFile(join(clone, 'run.sh'), '#!/bin/sh\n', { mode: 0o755 });
  await symlink('run.sh', join(clone, 'link'));
  const sum = 'a'.repeat(64);
  await writeFile(
    join(clone, 'big.bin'),
    `version https://git-lfs.github.com/spec/v1\noid sha256:${sum}\nsize 12345\n`,
  );
  await farm.git(clone, 'add', '-A');
  await farm.git(
    clone,
    'update-index',
    '--add',
    '--cacheinfo',
    `160000,${await lib.git('rev-parse', 'main~1')},deps/lib`,
  );
  await farm.git(clone, 'commit', '--quiet', '-m', 'release');
  await farm.git(clone, 'push', '--quiet', 'origin', 'HEAD:main');
  await pinOnRemote(farm, { c001: await app.tip() });
  await app.git('tag', '-a', 'v1', '-m', 'v1', 'main');
  await farm.super.git('branch', '3.11', 'main');
  await farm.super.git('tag', '-a', '3.11.2', '-m', 'release', 'main');
}

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

  test('verify names every file that is damaged, missing or too many', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await release(farm);
    const { dir } = await deposit(farm, '3.11', 'deposit');
    const pack = (await readdir(join(dir, 'c002.git/objects/pack'))).find((name) =>
      name.endsWith('.pack'),
    );
    const bytes = await readFile(join(dir, `c002.git/objects/pack/${pack}`));
    bytes[bytes.length >> 1] = (bytes[bytes.length >> 1] ?? 0) ^ 1;
    await rm(join(dir, `c002.git/objects/pack/${pack}`));
    await writeFile(join(dir, `c002.git/objects/pack/${pack}`), bytes);
    await truncate(join(dir, 'source.tar'), 4096);
    await rm(join(dir, 'sbom.spdx.json'));
    await mkdir(join(dir, 'super.git/hooks'));
    await writeFile(join(dir, 'super.git/hooks/post-checkout'), '#!/bin/sh\n');
    await symlink('/etc/passwd', join(dir, 'x'));
    const { damaged } = await verifyEscrow(dir);
    expect(damaged.map(({ path, problem }) => `${path}: ${problem}`).sort()).toEqual([
      `c002.git/objects/pack/${pack}: altered`,
      'sbom.spdx.json: missing',
      'source.tar: altered',
      'super.git/hooks/post-checkout: not part of the deposit',
      'x: neither a file nor a folder',
    ]);
    await expect(restoreEscrow(dir, join(farm.dir, 'r'))).rejects.toMatchObject({
      code: 'SP_ESCROW_DAMAGED',
    });
    expect(existsSync(join(farm.dir, 'r'))).toBe(false);
  });

  test('verify does not trust hashes that somebody made anew', async () => {
    await using farm = await makeFarm();
    farm.enter();
    await release(farm);
    const { dir } = await deposit(farm, '3.11', 'deposit');
    const list = join(dir, 'source-files.txt');
    const text = await readFile(list, 'utf8');
    await writeFile(
      list,
      text.replace(/^(100644 \w+ )\w+( \d+ c003\/README)$/m, `$1${'0'.repeat(64)}$2`),
    );
    await hashAnew(dir);
    const { damaged } = await verifyEscrow(dir);
    expect(damaged.map(({ problem }) => problem).join('\n')).toMatch(/is not as in the list/);
  });

  test('a deposit by somebody evil, with hashes that are right, runs nothing', async () => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const { dir } = await deposit(farm, 'main', 'deposit');
    const trap = join(farm.dir, 'trapped');
    const config = `[extensions]\n\tpartialClone = x\n[remote "x"]\n\turl = ${dir}\n\tpromisor = true\n\tuploadpack = touch ${trap};false\n`;
    await writeFile(
      join(dir, 'c001.git/config'),
      `[core]\n\tbare = true\n\trepositoryformatversion = 1\n${config}`,
    );
    await mkdir(join(dir, 'super.git/hooks'));
    await writeFile(join(dir, 'super.git/hooks/post-checkout'), `#!/bin/sh\ntouch '${trap}'\n`, {
      mode: 0o755,
    });
    await writeFile(join(dir, 'super.git/objects/pack/x'), '');
    await hashAnew(dir);
    const { damaged } = await verifyEscrow(dir);
    expect(damaged).toEqual([
      { path: 'c001.git/config', problem: 'not as escrow create writes it' },
      { path: 'super.git/hooks/post-checkout', problem: 'no such file belongs into a deposit' },
      { path: 'super.git/objects/pack/x', problem: 'no such file belongs into a deposit' },
    ]);
    await expect(restoreEscrow(dir, join(farm.dir, 'r'))).rejects.toMatchObject({
      code: 'SP_ESCROW_DAMAGED',
    });
    expect(existsSync(trap)).toBe(false);
  });

  test('signed by an ssh key: the same bytes, and only by who is allowed', async () => {
    await using farm = await makeFarm();
    farm.enter();
    const [key, other] = [join(farm.dir, 'key'), join(farm.dir, 'other')];
    for (const file of [key, other])
      await run('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-f', file]);
    const [, type, id] = /^(\S+) (\S+)/.exec(await readFile(`${key}.pub`, 'utf8')) ?? [];
    const signers = join(farm.dir, 'allowed');
    await writeFile(signers, `ann@example.org ${type} ${id}\n`);
    const one = await deposit(farm, 'main', 'one', { signKey: key });
    const two = await deposit(farm, 'main', 'two', { signKey: key });
    expect(await readFile(join(two.dir, 'SHA256SUMS.sig'))).toEqual(
      await readFile(join(one.dir, 'SHA256SUMS.sig')),
    );
    expect((await verifyEscrow(one.dir, { allowedSigners: signers })).signer).toMatchObject({
      principal: 'ann@example.org',
      key: expect.stringMatching(/^ED25519 SHA256:/),
    });
    expect((await verifyEscrow(one.dir)).signer?.principal).toBeUndefined();
    const forged = await deposit(farm, 'main', 'forged', { signKey: other });
    const unsigned = await deposit(farm, 'main', 'unsigned');
    for (const { dir } of [forged, unsigned])
      await expect(verifyEscrow(dir, { allowedSigners: signers })).rejects.toMatchObject({
        code: 'SP_ESCROW_UNSIGNED',
      });
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

  test('interrupted at any connection it leaves nothing; what kill -9 left is removed', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    const kept = join(farm.dir, 'out');
    await mkdir(kept);
    const left = join(kept, '.deposit.partial-999999999');
    await mkdir(left);
    await writeFile(join(left, 'half'), 'x');
    for (const at of ['super', 'c001', 'c002']) {
      const stop = new AbortController();
      await farm.onConnect(`case $repository in *${at}*) touch reached; sleep 5;; esac`);
      const work = createEscrow(quick(stop.signal), {
        url: farm.url,
        ref: 'main',
        dir: join(kept, 'deposit'),
        tool: TOOL,
      });
      const ended = work.then(
        () => 'done',
        (error: Error) => error.name,
      );
      await expect
        .poll(() => existsSync(join(farm.dir, 'reached')), { timeout: 10_000 })
        .toBe(true);
      stop.abort();
      expect(await ended).toBe('AbortError');
      await rm(join(farm.dir, 'reached'));
      expect(await readdir(kept)).toEqual([]);
    }
    await farm.onConnect('');
    await deposit(farm, 'main', 'out/deposit');
    expect(await readdir(kept)).toEqual(['deposit']);
  });

  test('killed with kill -9 it leaves nothing under its name, and the next run clears the rest', async () => {
    await using farm = await makeFarm({ components: 2 });
    farm.enter();
    await farm.onConnect('case $repository in *c002*) touch reached; sleep 2;; esac');
    const out = join(farm.dir, 'out');
    const words = ['sp', 'escrow', 'create', 'main', join(out, 'deposit'), '--url', farm.url];
    const child = spawn(process.execPath, ['--conditions=@skerry/source', MAIN, ...words], {
      stdio: 'ignore',
    });
    await expect.poll(() => existsSync(join(farm.dir, 'reached')), { timeout: 20_000 }).toBe(true);
    child.kill('SIGKILL');
    await once(child, 'close');
    expect(await readdir(out)).toEqual([`.deposit.partial-${child.pid}`]);
    await farm.onConnect('');
    const { dir } = await deposit(farm, 'main', 'out/deposit');
    expect(await readdir(out)).toEqual(['deposit']);
    expect((await verifyEscrow(dir)).damaged).toEqual([]);
  });

  // A file system of its own needs root. The sizes let it fail in git fetch, in git pack-objects, and in our own writing.
  test.runIf(process.getuid?.() === 0).each([
    [200, /git fetch failed.*space/s],
    [650, /git pack-objects failed.*space/s],
    [1500, /the disk is full/],
  ])('with a disk of %i KiB it says that it is full, and leaves nothing', async (size, words) => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const noise = randomBytes(300 * 1024).toString('latin1');
    await pinOnRemote(farm, {
      c001: await farm.component(0).commit({ noise, plain: 'x'.repeat(3_000_000) }),
    });
    const disk = join(farm.dir, 'disk');
    await mkdir(disk);
    const create = `'${process.execPath}' --conditions=@skerry/source '${MAIN}' sp escrow create main '${disk}/deposit' --url '${farm.url}'`;
    const script = `mount -t tmpfs -o size=${size}k none '${disk}' && { ${create}; echo "code $?"; ls -A '${disk}'; }`;
    const { stdout, stderr } = await run('unshare', ['--mount', 'sh', '-c', script]);
    expect(stdout, stderr).toBe('code 1\n');
    expect(stderr).toMatch(words);
  });

  test('names that lead out of the tree are refused', async () => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const component = farm.component(0);
    const blob = await component.git('rev-parse', 'main:README');
    for (const name of ['..', '.git', '.GIT']) {
      const entry = Buffer.concat([Buffer.from(`100644 ${name}\0`), Buffer.from(blob, 'hex')]);
      await writeFile(join(farm.dir, 'tree'), entry);
      const tree = await component.git(
        'hash-object',
        '-t',
        'tree',
        '--literally',
        '-w',
        join(farm.dir, 'tree'),
      );
      const evil = await component.git('commit-tree', tree, '-m', 'evil', '-p', 'main');
      await component.git('update-ref', 'refs/heads/main', evil);
      await pinOnRemote(farm, { c001: evil });
      await expect(deposit(farm, 'main', 'deposit')).rejects.toMatchObject({
        code: 'SP_ESCROW_PATH',
      });
      expect(existsSync(join(farm.dir, 'deposit'))).toBe(false);
    }
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

  test('no password of a url gets into it', async () => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const url = farm.url.replace('ssh://', 'ssh://me:secret@');
    const { dir } = await deposit(farm, 'main', 'deposit', { url });
    const grep = run('grep', ['-r', 'secret', dir]);
    // Code 1: it is nowhere.
    await expect(grep).rejects.toMatchObject({ code: 1 });
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
