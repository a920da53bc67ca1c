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

test.each([
  ['up', 'up'],
  ['destroy', 'destroy', '--yes'],
])('an interrupted %s says what goes on from there', async (command, ...words) => {
  const { stdout } = await runSkerry(dir, ['status', '--json']);
  const { stateDir } = JSON.parse(stdout) as { stateDir: string };
  await mkdir(stateDir, { recursive: true });
  await using _lock = await lockFile(join(stateDir, 'apply.lock'), {
    ...{ holder: 'the test', timeoutMs: 5000 },
  });
  const { code, stderr } = await runSkerry(dir, words, { interruptAt: /waiting for the test/ });
  expect(code).toBe(130);
  expect(stderr).toContain(
    `interrupted: what was begun is kept; skerry ${command} goes on from there\n`,
  );
});
