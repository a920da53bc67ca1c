import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { SkerryError } from './errors.ts';

const QUICK_MS = 150;
const MAX_TRIES = 100;
const RETRY_MS = 10;

export interface FileLockOptions {
  /** Written into the file, so that whoever waits can say for whom. */
  readonly holder: string;
  /** Called once when the lock is not free at once. */
  readonly onWait?: (holder: string) => void;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes an exclusive flock(2) on `path` and gives it back when disposed; makes the file and its folder. Node has no
 * flock, so flock(1) holds it for us and lets go when our end of its stdin closes: also after `kill -9`.
 * @throws LOCK_TIMEOUT, PROGRAM_MISSING, the reason of `signal`
 */
export async function lockFile(path: string, options: FileLockOptions): Promise<AsyncDisposable> {
  for (let tries = 1; tries <= MAX_TRIES; tries += 1) {
    options.signal?.throwIfAborted();
    if (!(await makeFolder(dirname(path), tries === MAX_TRIES))) continue;
    const holder = await hold(path, options);
    if (!holder) {
      await sleep(RETRY_MS);
      continue;
    }
    // Whoever had it may have removed the folder: then ours is a lock on nothing. Who was interrupted meanwhile wants none.
    if (!options.signal?.aborted && (await isLockOn(`/proc/${holder.pid}/fd/3`, path))) {
      await writeFile(path, options.holder);
      holder.unref();
      return { [Symbol.asyncDispose]: () => release(holder) };
    }
    await release(holder);
  }
  options.signal?.throwIfAborted();
  throw new SkerryError('LOCK_TIMEOUT', { data: { holder: path } });
}

/** Who has the lock, and since when; undefined where nobody has it. Waits for nobody, and never keeps it. */
export async function lockHolder(
  path: string,
): Promise<{ readonly holder: string; readonly since: Date } | undefined> {
  const { mtime } = (await stat(path).catch(() => undefined)) ?? {};
  if (!mtime) return undefined;
  const child = spawn('flock', ['--nonblock', '--shared', path, 'true'], { stdio: 'ignore' });
  const [code] = (await once(child, 'close').catch(() => [0])) as [number | null];
  return code === 1 ? { holder: await holderOf(path), since: mtime } : undefined;
}

/** False when somebody moved the folder away at that very moment, which Node reports as ENOENT. */
async function makeFolder(folder: string, isLastTry: boolean): Promise<boolean> {
  try {
    await mkdir(folder, { recursive: true });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT' && !isLastTry) return false;
    throw error;
  }
}

/** Starts flock(1) and waits until it has the lock; undefined when the folder went before it could. */
async function hold(path: string, options: FileLockOptions): Promise<ChildProcess | undefined> {
  const child = spawn('flock', [path, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // Its own group: Ctrl-C in the terminal is for us, the lock stays until we are done.
    detached: true,
  });
  const got = new Promise<'locked' | 'ended'>((resolve, reject) => {
    child.stdout.once('data', () => resolve('locked'));
    child.stdout.once('end', () => resolve('ended'));
    child.once('error', (cause) =>
      reject(new SkerryError('PROGRAM_MISSING', { data: { program: 'flock' }, cause })),
    );
  });
  const quick = await Promise.race([got, delay(QUICK_MS)]);
  if (quick) return quick === 'locked' ? child : await notLocked(path);
  options.onWait?.(await holderOf(path));
  const aborted = options.signal ? once(options.signal, 'abort').then(() => false) : undefined;
  if (options.signal?.aborted !== true) {
    const late = await Promise.race([got, delay(options.timeoutMs), ...(aborted ? [aborted] : [])]);
    if (late) return late === 'locked' ? child : await notLocked(path);
  }
  child.kill('SIGKILL');
  options.signal?.throwIfAborted();
  throw new SkerryError('LOCK_TIMEOUT', { data: { holder: await holderOf(path) } });
}

/** Why flock(1) ended without the lock: it could not make the file. Fine when its folder is gone, else an error. */
async function notLocked(path: string): Promise<undefined> {
  if (!existsSync(dirname(path))) return undefined;
  await writeFile(path, '', { flag: 'a' });
  return undefined;
}

async function release(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.ref();
  const closed = once(child, 'close');
  child.stdin?.end();
  await closed;
}

function holderOf(path: string): Promise<string> {
  return readFile(path, 'utf8').then(
    (text) => text || 'another command',
    () => 'another command',
  );
}

/** A process that gave up some of its rights may not look at what its child has open: it takes that for the file. */
async function isLockOn(held: string, path: string): Promise<boolean> {
  const [a, b] = await Promise.all(
    [held, path].map((each) => stat(each).catch(({ code }: NodeJS.ErrnoException) => code)),
  );
  if (typeof b !== 'object') return false;
  return typeof a === 'object' ? a.ino === b.ino && a.dev === b.dev : a === 'EACCES';
}

function delay(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ms).unref();
  });
}
