// What a command says that is interrupted. It waits for a lock that this test holds, so no machine is needed.
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFile } from '../src/util/file-lock.ts';
import { runSkerry } from './support/run-skerry.ts';

let dir = '';
beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), 'skerry-stop-')));
  await writeFile(join(dir, 'skerry.config.yaml'), 'name: demo\nmachines: { one: {} }\n');
});
afterEach(() => rm(dir, { recursive: true }));

async function stateFolder(): Promise<string> {
  const { stdout } = await runSkerry(dir, ['status', '--json']);
  const { stateDir } = JSON.parse(stdout) as { stateDir: string };
  await mkdir(join(stateDir, 'log'), { recursive: true });
  return stateDir;
}

async function holdLock(): Promise<AsyncDisposable> {
  const path = join(await stateFolder(), 'apply.lock');
  return lockFile(path, { holder: 'the test', timeoutMs: 5000 });
}

test.each([
  ['up', 'up'],
  ['destroy', 'destroy', '--yes'],
])('an interrupted %s says what goes on from there', async (command, ...words) => {
  await using _lock = await holdLock();
  const { code, stderr } = await runSkerry(dir, words, { interruptAt: /waiting for the test/ });
  expect(code).toBe(130);
  expect(stderr).toContain(
    `interrupted: what was begun is kept; skerry ${command} goes on from there\n`,
  );
});

test.each([
  ['hack --plain', /waiting for the test/],
  ['logs --system --follow', /nothing was logged yet/],
])('%s runs until it is interrupted, which is no failure', async (command, interruptAt) => {
  await writeFile(
    join(dir, 'skerry.config.yaml'),
    "name: demo\nmachines: { one: {} }\ntree: { from: '.', to: /srv/src }\n",
  );
  await using _lock = await holdLock();
  const { code, stderr } = await runSkerry(dir, command.split(' '), { interruptAt });
  expect([code, stderr]).toEqual([0, expect.not.stringContaining('interrupted')]);
});
