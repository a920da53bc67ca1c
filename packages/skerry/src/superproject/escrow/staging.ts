import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { isAlive } from '../../util/is-alive.ts';
import { syncToDisk } from './sums.ts';

/**
 * A folder that appears under its name only when it is complete. Until then it is made beside it, under a name that says
 * whose it is; what a killed process left there is removed.
 */
export class Staging implements AsyncDisposable {
  readonly target: string;
  readonly dir: string;
  #isDone = false;

  private constructor(target: string, dir: string) {
    this.target = target;
    this.dir = dir;
  }

  /** @throws SP_TARGET_TAKEN when there is something at `target` already */
  static async create(path: string): Promise<Staging> {
    const target = resolve(path);
    const above = dirname(target);
    const start = `.${basename(target)}.partial-`;
    await refuseTaken(target);
    await mkdir(above, { recursive: true });
    await removeLeftOvers(above, start);
    const dir = join(above, `${start}${process.pid}`);
    await mkdir(dir);
    return new Staging(target, dir);
  }

  /** Gives it its name. Nothing else changes the target. @throws SP_TARGET_TAKEN when somebody else was faster */
  async publish(): Promise<void> {
    await syncToDisk(this.dir);
    try {
      await rename(this.dir, this.target);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOTDIR') throw error;
      throw taken(this.target);
    }
    this.#isDone = true;
    await syncToDisk(dirname(this.target));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#isDone) await rm(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** @throws SP_TARGET_TAKEN */
export async function refuseTaken(target: string): Promise<void> {
  const names = await readdir(target).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    if (error.code === 'ENOTDIR') return ['a file'];
    throw error;
  });
  if (names.length > 0) throw taken(target);
}

async function removeLeftOvers(above: string, start: string): Promise<void> {
  for (const name of await readdir(above)) {
    const pid = name.startsWith(start) ? Number(name.slice(start.length)) : 0;
    // What has no number there is somebody else's.
    if (!(pid > 0) || (pid !== process.pid && isAlive(pid))) continue;
    // A git that was left alone may still be writing there for a moment.
    const retry = { maxRetries: 10, retryDelay: 100 };
    await rm(join(above, name), { recursive: true, force: true, ...retry });
  }
}

function taken(dir: string): SkerryError {
  return new SkerryError('SP_TARGET_TAKEN', { data: { dir } });
}
