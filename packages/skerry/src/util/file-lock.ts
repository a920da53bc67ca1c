import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { once } from 'node:events';
import { SkerryError } from './errors.ts';

export interface FileLockOptions {
  /** Written into the file, so that whoever waits can say for whom. */
  readonly holder: string;
  /** Called once when the lock is not free at once. */
  readonly onWait?: (holder: string) => void;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Takes an exclusive flock(2) on `path` and gives it back when disposed. Node has no flock, so flock(1) holds it for
 * us and lets go when our end of its stdin closes: also after `kill -9`.
 * @throws LOCK_TIMEOUT
 */
export async function lockFile(path: string, options: FileLockOptions): Promise<AsyncDisposable> {
  const child = spawn('flock', [path, 'sh', '-c', 'echo locked; exec cat'], {
    stdio: ['pipe', 'pipe', 'ignore'],
    // Its own group: Ctrl-C in the terminal is for us, the lock stays until we are done.
    detached: true,
  });
  const got = once(child.stdout, 'data').then(() => true);
  const quick = await Promise.race([got, delay(150)]);
  if (!quick) {
    options.onWait?.(await readFile(path, 'utf8').catch(() => 'another command'));
    const aborted = options.signal ? once(options.signal, 'abort').then(() => false) : undefined;
    const races = [got, delay(options.timeoutMs), ...(aborted ? [aborted] : [])];
    if (!(await Promise.race(races))) {
      child.kill('SIGKILL');
      options.signal?.throwIfAborted();
      throw new SkerryError('LOCK_TIMEOUT', {
        data: { holder: await readFile(path, 'utf8').catch(() => 'another command') },
      });
    }
  }
  await writeFile(path, options.holder);
  child.unref();
  return {
    async [Symbol.asyncDispose]() {
      if (child.exitCode !== null) return;
      child.ref();
      const closed = once(child, 'close');
      child.stdin.end();
      await closed;
    },
  };
}

function delay(ms: number): Promise<false> {
  return new Promise((resolve) => {
    setTimeout(() => resolve(false), ms).unref();
  });
}
