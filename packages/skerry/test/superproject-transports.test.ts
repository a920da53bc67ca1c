import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { branch } from '../src/superproject/branch.ts';
import { Network } from '../src/superproject/network.ts';
import { nightly } from '../src/superproject/nightly.ts';
import { tag } from '../src/superproject/tag.ts';
import { type GitServer, gitDaemon, httpServer, sshServer } from './support/git-servers.ts';
import { type Farm, makeFarm } from './support/superproject-farm.ts';

const stamp = { identity: 'Release <release@example.org>', seconds: 1_700_009_999 };

/** The whole recipe over a transport, and stock git's view of it. */
async function play(farm: Farm, { url: base }: GitServer): Promise<void> {
  const url = `${base}super.git`;
  const network = new Network({ pauseMs: 20 });
  const pin = await farm.component(1).commit({ a: '1' });
  expect(await nightly(network, { url, branch: 'main' })).toMatchObject({
    status: 'published',
    tagged: ['c002'],
    warnings: [],
  });
  await branch(network, { url, name: '3.11', from: 'main-nightly-1' });
  await tag(network, { url, name: '3.11.0', from: '3.11', stamp, components: true });
  const clone = join(farm.dir, 'clone');
  const words = ['clone', '-q', '--recursive', '--depth=1', '--shallow-submodules'];
  await promisify(execFile)('git', [...words, '-b', '3.11.0', url, clone]);
  expect(await farm.git(join(clone, 'c002'), 'rev-parse', 'HEAD')).toBe(pin);
}

/** Lets everybody push, as `git http-backend` and `git daemon` ask for. */
async function openFarm(components = 3): Promise<Farm> {
  const farm = await makeFarm({ components });
  farm.enter();
  for (const each of [farm.super, ...farm.components])
    await each.git('config', 'http.receivepack', 'true');
  return farm;
}

describe('nightly, branch and tag', () => {
  test('over git daemon', async () => {
    await using farm = await openFarm();
    await using server = await gitDaemon(farm.dir);
    await play(farm, server);
  });

  test('over a real sshd', async () => {
    await using farm = await openFarm();
    await using server = await sshServer(farm.dir, farm.dir);
    Object.assign(process.env, server.env);
    await play(farm, server);
  });

  test('over an sshd that lets only a few connections begin at once', async () => {
    await using farm = await openFarm(10);
    await using server = await sshServer(farm.dir, farm.dir, 'MaxStartups 2:100:2');
    Object.assign(process.env, server.env);
    const url = `${server.url}super.git`;
    await farm.component(3).commit({ a: '1' });
    const result = await nightly(new Network({ pauseMs: 100, tries: 8 }), { url, branch: 'main' });
    expect(result.status).toBe('published');
  });

  test('over http with a password from a credential helper, which is in no message', async () => {
    await using farm = await openFarm();
    await using server = await httpServer(farm.dir);
    const url = `${server.url}super.git`;
    const denied = await nightly(new Network({ tries: 1 }), { url, branch: 'main' }).catch(
      (error: unknown) => error,
    );
    expect(denied).toMatchObject({ code: 'SP_DENIED' });
    await writeFile(
      join(farm.dir, 'home', '.git-credentials'),
      server.url.replace('//', '//me:s3cret@'),
    );
    await farm.git(farm.dir, 'config', '--global', 'credential.helper', 'store');
    await play(farm, server);
    const withPassword = server.url.replace('//', '//me:s3cret@');
    const result = await nightly(new Network(), {
      url: `${withPassword}super.git`,
      branch: 'main',
      dryRun: true,
    });
    expect(JSON.stringify(result)).not.toContain('s3cret');
    const missing = await nightly(new Network({ tries: 1 }), {
      url: `${withPassword}nothing.git`,
      branch: 'main',
    }).catch((error: Error) => error);
    expect(missing).toMatchObject({ code: 'SP_REPOSITORY_MISSING' });
    expect(JSON.stringify(missing)).not.toContain('s3cret');
  });

  test('on paths of this computer', async () => {
    await using farm = await openFarm();
    const url = `${farm.dir}/`;
    await farm.git(farm.dir, 'config', '--global', 'protocol.file.allow', 'always');
    await play(farm, { url, env: {}, [Symbol.asyncDispose]: async () => {} });
  });

  test('over protocol v0, where hosts do not pass GIT_PROTOCOL on', async () => {
    await using farm = await makeFarm({ isOldProtocol: true });
    farm.enter();
    await play(farm, {
      url: farm.url.replace(/super\.git$/, ''),
      env: {},
      [Symbol.asyncDispose]: async () => {},
    });
  });
});
