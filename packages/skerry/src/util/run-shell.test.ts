import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runShell, type ShellResult } from './run-shell.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-shell-'));
});
afterAll(async () => {
  await rm(folder, { recursive: true });
});

async function run(
  command: string,
  more: { signal?: AbortSignal; timeoutMs?: number } = {},
): Promise<ShellResult & { lines: string[] }> {
  const lines: string[] = [];
  const result = await runShell(command, {
    ...{ cwd: folder, env: { GREETING: 'hello' }, timeoutMs: 20_000 },
    signal: new AbortController().signal,
    onLine: (line) => lines.push(line),
    ...more,
  });
  return { ...result, lines };
}

test('lines as they come, the last one too; folder, environment and exit code are right', async () => {
  const { lines, exitCode, isLate } = await run('pwd; echo "$GREETING"; printf end; exit 3');
  expect({ lines, exitCode, isLate }).toEqual({
    lines: [folder, 'hello', 'end'],
    exitCode: 3,
    isLate: false,
  });
});

test('a signal that ended it is its exit code, as shells count', async () => {
  expect((await run('kill -TERM $$')).exitCode).toBe(143);
});

const leavesMark = (name: string): string => `(sleep 1; touch ${name}) & wait`;
const isThere = (name: string): Promise<boolean> =>
  readFile(join(folder, name)).then(
    () => true,
    () => false,
  );

test('when its time is up it is killed with its children', async () => {
  expect(await run(leavesMark('late'), { timeoutMs: 200 })).toMatchObject({ isLate: true });
  await sleep(1200);
  expect(await isThere('late')).toBe(false);
});

test('an abort ends it with its children', async () => {
  const controller = new AbortController();
  const running = run(leavesMark('aborted'), { signal: controller.signal });
  setTimeout(() => controller.abort(new Error('enough')), 200);
  await expect(running).rejects.toThrow('enough');
  await sleep(1200);
  expect(await isThere('aborted')).toBe(false);
});

test('kill -9 of whoever runs it ends it too', async () => {
  const script = `import { runShell } from ${JSON.stringify(new URL('run-shell.ts', import.meta.url).href)};
    await runShell(${JSON.stringify('touch begun; (sleep 3; touch orphan) & wait')}, { cwd: ${JSON.stringify(folder)}, timeoutMs: 9000, signal: new AbortController().signal, onLine() {} });`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], { stdio: 'ignore' });
  await expect.poll(() => isThere('begun'), { timeout: 20_000 }).toBe(true);
  child.kill('SIGKILL');
  await once(child, 'close');
  await sleep(3500);
  expect(await isThere('orphan')).toBe(false);
});

test('what it puts into the background goes on, and is not waited for', async () => {
  const background = 'for i in $(seq 100); do [ -e go ] && touch left && exit; sleep 0.1; done';
  expect((await run(`(${background}) & exit 0`)).exitCode).toBe(0);
  // Had it been waited for, it would have given up by now.
  await writeFile(join(folder, 'go'), '');
  await expect.poll(() => isThere('left'), { timeout: 8000 }).toBe(true);
});
