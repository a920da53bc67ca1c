import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createEscrow } from '../src/superproject/escrow/create.ts';
import { restoreEscrow } from '../src/superproject/escrow/restore.ts';
import { verifyEscrow } from '../src/superproject/escrow/verify.ts';
import { pinOnRemote } from './support/superproject-checkout.ts';
import { deposit, hashAnew, quick, release, run, TOOL } from './support/superproject-escrow.ts';
import { makeFarm } from './support/superproject-farm.ts';

const MAIN = fileURLToPath(new URL('../src/cli/main.ts', import.meta.url));

describe('escrow against damage and malice', () => {
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

  test.each([
    ['path', '../../elsewhere'],
    ['within', '/elsewhere'],
    ['path', 7],
  ])('a component whose %s is %s is refused, hashes right or not', async (key, value) => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const { dir, manifest } = await deposit(farm, 'main', 'deposit');
    const components = manifest.components.map((one) => ({ ...one, [key]: value }));
    await writeFile(join(dir, 'manifest.json'), JSON.stringify({ ...manifest, components }));
    await hashAnew(dir);
    const refused = { code: 'SP_ESCROW_MANIFEST' };
    await expect(restoreEscrow(dir, join(farm.dir, 'r'))).rejects.toMatchObject(refused);
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
        .poll(() => existsSync(join(farm.dir, 'reached')), { timeout: 30_000 })
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
    await mkdir(join(out, '.deposit.partial-mine'));
    const { dir } = await deposit(farm, 'main', 'out/deposit');
    expect((await readdir(out)).sort()).toEqual(['.deposit.partial-mine', 'deposit']);
    expect((await verifyEscrow(dir)).damaged).toEqual([]);
  });

  // A file system of its own needs root. The sizes let it fail in git fetch, in git pack-objects, and in our own writing.
  test.runIf(process.getuid?.() === 0).each([
    [200, /git fetch failed.*space/s],
    [650, /git pack-objects failed.*space/s],
    [1500, /the disk is full/],
  ])(
    'with a disk of %i KiB it says that it is full, and leaves nothing (only run by root)',
    async (size, words) => {
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
    },
  );

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

  test('no password of a url gets into it', async () => {
    await using farm = await makeFarm({ components: 1 });
    farm.enter();
    const url = farm.url.replace('ssh://', 'ssh://me:secret@');
    const { dir } = await deposit(farm, 'main', 'deposit', { url });
    const grep = run('grep', ['-r', 'secret', dir]);
    // Code 1: it is nowhere.
    await expect(grep).rejects.toMatchObject({ code: 1 });
  });
});
