import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { SkerryError } from '../util/errors.ts';
import { isAlive } from '../util/is-alive.ts';
import { SCRATCH_PREFIX as PREFIX } from './scratch-prefix.ts';

/** Configuration that all repositories of a scratch folder include, if it is there. */
const LENT = 'lent-config';

/**
 * A folder with bare repositories that live as long as one command. What one of them fetched is never mixed with what
 * another did: an object that is there came from that remote.
 */
export class Scratch implements AsyncDisposable {
  readonly dir: string;
  readonly #done = new Map<string, Promise<unknown>>();
  #count = 0;

  private constructor(dir: string) {
    this.dir = dir;
  }

  /** Makes one, and removes those that a killed process left. @param above where, for what may be large @throws SP_SCRATCH */
  static async create(above: string = tmpdir()): Promise<Scratch> {
    try {
      await sweep(above);
      return new Scratch(await mkdtemp(join(above, `${PREFIX}${process.pid}-`)));
    } catch (cause) {
      const reason = (cause as NodeJS.ErrnoException).code ?? String(cause);
      throw new SkerryError('SP_SCRATCH', { data: { dir: above, reason }, cause });
    }
  }

  /** A new, empty bare repository for object ids like `id`. Written by hand: `git init` takes a process each. */
  async repository(id: string): Promise<string> {
    const dir = join(this.dir, `${++this.#count}.git`);
    await mkdir(join(dir, 'objects'), { recursive: true });
    await mkdir(join(dir, 'refs'));
    const format =
      id.length === 64
        ? '\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n'
        : '\trepositoryformatversion = 0\n';
    const more = `[include]\n\tpath = ../${LENT}\n`;
    await writeFile(join(dir, 'config'), `[core]\n\tbare = true\n${format}${more}`);
    await writeFile(join(dir, 'HEAD'), 'ref: refs/heads/none\n');
    return dir;
  }

  /** What is the same for all that need it within one command: one library in fifty components is fetched once. */
  once<T>(what: string, work: () => Promise<T>): Promise<T> {
    const done = (this.#done.get(what) as Promise<T> | undefined) ?? work();
    this.#done.set(what, done);
    return done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.dir, { recursive: true, force: true, maxRetries: 3 });
  }
}

async function sweep(above: string): Promise<void> {
  for (const name of await readdir(above)) {
    const pid = name.startsWith(PREFIX) ? Number(name.slice(PREFIX.length).split('-')[0]) : 0;
    if (pid > 0 && !isAlive(pid))
      await rm(join(above, name), { recursive: true, force: true }).catch(() => {});
  }
}

/** Gives all repositories of the folder that `repository` is in more configuration. It may hold credentials. */
export async function lendConfig(repository: string, text: string): Promise<void> {
  await writeFile(join(dirname(repository), LENT), text, { mode: 0o600 });
}
