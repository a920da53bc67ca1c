// The lock between two real processes.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockFile, lockHolder } from '../src/util/file-lock.ts';

const MODULE = new URL('../src/util/file-lock.ts', import.meta.url).href;
const HOLDER = `
import { lockFile } from ${JSON.stringify(MODULE)};
await lockFile(process.argv[1], { holder: 'the other process', timeoutMs: 20_000 });
process.stdout.write('locked');
setInterval(() => {}, 1000);
`;
let folder = '';
let path = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-lock-'));
  path = join(folder, 'the.lock');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** A process that holds the lock; it dies with the test at the latest. */
const other = async (): Promise<AsyncDisposable & { kill: () => void }> => {
  const flags = ['--conditions=@skerry/source', '--input-type=module'];
  const child = spawn(process.execPath, [...flags, '-e', HOLDER, path], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  const kill = (): void => void child.kill('SIGKILL');
  const ended = once(child, 'close');
  return {
    kill,
    [Symbol.asyncDispose]: async () => {
      kill();
      await ended;
    },
  };
};

test('a second process is told for whom it waits, and gets the lock when the first is killed with -9', async () => {
  await using child = await other();
  const waitedFor: string[] = [];
  await using _lock = await lockFile(path, {
    holder: 'this process',
    timeoutMs: 20_000,
    onWait: (holder) => {
      waitedFor.push(holder);
      child.kill();
    },
  });
  expect(waitedFor).toEqual(['the other process']);
  expect(await readFile(path, 'utf8')).toBe('this process');
});

test('a lock that does not come free in time is an error that names the holder', async () => {
  await using _child = await other();
  await expect(lockFile(path, { holder: 'x', timeoutMs: 50 })).rejects.toMatchObject({
    code: 'LOCK_TIMEOUT',
    data: { holder: 'the other process' },
  });
});

test('an abort ends the wait', async () => {
  await using _child = await other();
  const signal = AbortSignal.timeout(300);
  await expect(lockFile(path, { holder: 'x', timeoutMs: 60_000, signal })).rejects.toMatchObject({
    name: 'TimeoutError',
  });
});

test('who is interrupted while a free lock is on its way has not got it', async () => {
  const stop = new AbortController();
  const taken = lockFile(path, { holder: 'x', timeoutMs: 60_000, signal: stop.signal });
  stop.abort(new Error('interrupted'));
  await expect(taken).rejects.toThrow('interrupted');
  // Where flock(1) was slow it is killed, and lets go a moment later.
  await expect.poll(() => lockHolder(path)).toBeUndefined();
});

test('the lock is free again after it was given back', async () => {
  for (const holder of ['one', 'two', 'three']) {
    const lock = await lockFile(path, { holder, timeoutMs: 20_000 });
    await lock[Symbol.asyncDispose]();
    expect(await lockHolder(path)).toBeUndefined();
  }
});

test('a lock whose folder the holder removes is taken anew', async () => {
  const nested = join(folder, 'lab', 'the.lock');
  const first = await lockFile(nested, { holder: 'one', timeoutMs: 20_000 });
  const second = lockFile(nested, { holder: 'two', timeoutMs: 20_000 });
  // As `destroy` does it: in one step, so that nobody sees half of it.
  await rename(join(folder, 'lab'), join(folder, 'destroyed'));
  await first[Symbol.asyncDispose]();
  await using _lock = await second;
  expect(await readFile(nested, 'utf8')).toBe('two');
});

test('who holds it can be asked without waiting, and is nobody once that is gone', async () => {
  expect(await lockHolder(path)).toBeUndefined();
  {
    await using _lock = await lockFile(path, { holder: 'this process', timeoutMs: 20_000 });
    expect(await lockHolder(path)).toMatchObject({ holder: 'this process' });
  }
  expect(await lockHolder(path)).toBeUndefined();
  {
    await using child = await other();
    const held = await lockHolder(path);
    expect(held?.holder).toBe('the other process');
    expect(Date.now() - Number(held?.since)).toBeLessThan(60_000);
    child.kill();
  }
  // flock(1) sees a moment later that whoever it was for is gone.
  await expect.poll(() => lockHolder(path)).toBeUndefined();
});
