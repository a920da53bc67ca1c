// A release from the first component to the deposit, as somebody types it: the real command, in a checkout.
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Farm, makeFarm } from './support/superproject-farm.ts';
import { sp } from './support/superproject-sp.ts';

/** Runs a command that has to work, and gives what it said. */
async function ok(cwd: string, ...words: string[]): Promise<string> {
  const { code, stdout, stderr } = await sp(cwd, ...words);
  if (code !== 0) throw new Error(`sp ${words.join(' ')}: ${code}\n${stdout}${stderr}`);
  return stdout;
}

async function stockClone(farm: Farm, ref: string): Promise<string> {
  await farm.git(farm.dir, 'clone', '--quiet', '--recursive', '-b', ref, farm.url, ref);
  return farm.git(join(farm.dir, ref), 'submodule', 'status');
}

test('add, push, nightly, branch, tag, changelog, status, update and escrow, in that order', async () => {
  await using farm = await makeFarm({ names: ['libfoo', 'server', 'tools'] });
  farm.enter();
  const [libfoo, server, tools] = [farm.component(0), farm.component(1), farm.component(2)];
  await ok(farm.dir, 'clone', farm.url, 'work', '--attach');
  const root = join(farm.dir, 'work');

  // Once more under another path; the branch it follows is written down.
  expect(await ok(root, 'add', '../tools.git', 'libs/tools')).toMatch(/follows main. Staged/);
  expect(await readFile(join(root, '.gitmodules'), 'utf8')).toContain(
    '[submodule "libs/tools"]\n\tpath = libs/tools\n\turl = ../tools.git\n\tbranch = main\n',
  );
  await farm.git(root, 'commit', '--quiet', '-m', 'tools');
  await ok(root, 'push');
  expect(await farm.super.tip()).toBe(await farm.git(root, 'rev-parse', 'HEAD'));

  const first = await libfoo.commit({ a: '1' }, { message: 'libfoo learns to sing' });
  const made = await ok(root, 'nightly', '--tag', 'master-nightly-345');
  expect(made).toMatch(/^master-nightly-345 {2}[0-9a-f]{12} {2}1 moved/);
  expect(await farm.super.git('rev-parse', 'master-nightly-345:libfoo')).toBe(first);
  expect(await libfoo.git('rev-parse', 'master-nightly-345^{}')).toBe(first);

  // What goes on on main is not in the release.
  await libfoo.commit({ a: '2' }, { message: 'for later' });
  const begun = await ok(root, 'branch', '3.11', '--from', 'master-nightly-345');
  expect(begun).toMatch(/^3\.11 {2}[0-9a-f]{12} {2}made in 4 components/);
  for (const component of [libfoo, server, tools])
    expect(await component.git('branch', '--list', '3.11')).toContain('3.11');
  expect(await libfoo.tip('3.11')).toBe(first);
  expect(await ok(root, 'tag', '3.11.1', '--from', '3.11', '--components')).toContain('3.11.1');

  await server.commit({ fix: '1' }, { branch: '3.11', message: 'server: do not fall over' });
  expect(await ok(root, 'nightly', '--branch', '3.11')).toMatch(/^3\.11-nightly-1 /);
  await ok(root, 'tag', '3.11.2', '--from', '3.11', '--components');
  expect(await stockClone(farm, '3.11.2')).not.toMatch(/^[-+U]/m);

  const changes = await ok(root, 'changelog', '3.11.1..3.11.2');
  expect(changes).toContain('server: do not fall over');
  expect(changes).not.toContain('for later');

  expect(await ok(root, 'status', '--remote')).toMatch(/^libfoo .*main is at|behind/m);
  await farm.git(root, 'pull', '--quiet', '--ff-only', '--no-recurse-submodules');
  await ok(root, 'sync');
  await ok(root, 'update');
  await farm.git(root, 'commit', '--quiet', '-m', 'newer');
  await writeFile(join(root, 'untracked'), 'mine');
  await ok(root, 'push');
  expect(await farm.super.git('rev-parse', 'main:libfoo')).toBe(await libfoo.tip());
  expect(await ok(root, 'status', '--remote', '--exit-code')).toContain('nothing differs');

  const deposit = join(farm.dir, 'deposit');
  expect(await ok(root, 'escrow', 'create', '3.11.2', deposit)).toContain('SHA256SUMS');
  expect(await ok(root, 'escrow', 'verify', deposit)).toMatch(/^whole {2}3\.11\.2/);
  expect(existsSync(join(deposit, 'super.git', 'HEAD'))).toBe(true);
}, 600_000);
