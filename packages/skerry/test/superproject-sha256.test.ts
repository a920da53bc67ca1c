import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bisect } from '../src/superproject/bisect/bisect.ts';
import { readChangelog } from '../src/superproject/changelog/changelog.ts';
import { createEscrow } from '../src/superproject/escrow/create.ts';
import { verifyEscrow } from '../src/superproject/escrow/verify.ts';
import { updateMirrors } from '../src/superproject/mirror/mirror.ts';
import { Network } from '../src/superproject/network.ts';

let dir: string;
let origin: { url: string; root: undefined };
const before = { ...process.env };

function git(cwd: string, ...args: string[]): void {
  execFileSync('git', args, { cwd: join(dir, cwd), stdio: 'ignore' });
}

/** Repositories with the other hash, on this computer: `lib` goes on by a commit between the tags v1 and v2 of `all`. */
beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'sha256-'));
  Object.assign(process.env, {
    HOME: dir,
    GIT_CONFIG_NOSYSTEM: '1',
    SKERRY_CACHE_DIR: join(dir, 'cache'),
  });
  const config =
    '[user]\n\tname = T\n\temail = t@t\n[init]\n\tdefaultBranch = main\n[protocol "file"]\n\tallow = always\n';
  await writeFile(join(dir, '.gitconfig'), config);
  for (const name of ['lib', 'all']) {
    git('.', 'init', '--object-format=sha256', '--bare', `${name}.git`);
    git('.', 'init', '--object-format=sha256', name);
    git(name, 'remote', 'add', 'origin', `file://${dir}/${name}.git`);
  }
  for (const text of ['fine', 'broken']) {
    await writeFile(join(dir, 'lib/state'), text);
    git('lib', 'add', '-A');
    git('lib', 'commit', '-m', text);
    git('lib', 'push', 'origin', 'main');
    if (text === 'fine') git('all', 'submodule', 'add', '-b', 'main', '../lib.git', 'lib');
    else git('all/lib', 'pull', 'origin', 'main');
    git('all', 'commit', '-a', '-m', text);
    git('all', 'tag', text === 'fine' ? 'v1' : 'v2');
    git('all', 'push', 'origin', 'main', '--tags');
  }
  await mkdir(join(dir, 'out'));
  origin = { url: `file://${dir}/all.git`, root: undefined };
});

afterAll(async () => {
  for (const name of ['HOME', 'GIT_CONFIG_NOSYSTEM', 'SKERRY_CACHE_DIR'])
    if (before[name] === undefined) delete process.env[name];
    else process.env[name] = before[name];
  await rm(dir, { recursive: true, force: true });
});

test('a changelog', async () => {
  const { sections } = await readChangelog(new Network(), origin, { from: 'v1', to: 'v2' });
  expect(sections).toMatchObject([
    { path: 'lib', kind: 'forward', commits: [{ subject: 'broken' }] },
  ]);
  expect(sections[0]?.to).toHaveLength(64);
});

test('a bisection', async () => {
  const command = ['sh', '-c', '! grep -q broken lib/state'];
  const found = await bisect(new Network(), origin, { good: 'v1', bad: 'v2', command });
  expect(found.commit?.subject).toBe('broken');
});

test('a deposit', async () => {
  const tool = { name: 'skerry', version: '0' };
  const deposit = { url: origin.url, ref: 'v2', dir: join(dir, 'out/deposit'), tool };
  await createEscrow(new Network(), deposit);
  expect(await verifyEscrow(deposit.dir)).toMatchObject({ damaged: [], repositories: 2 });
});

test('a mirror', async () => {
  const { repositories } = await updateMirrors(new Network(), {
    url: origin.url,
    dir: join(dir, 'out/mirror'),
  });
  expect(repositories.map(({ status }) => status)).toEqual(['new', 'new']);
});
