import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { each } from '../checkout/each.ts';
import { findGitDir, hasLinkOnTheWay } from '../checkout/git-dir.ts';
import { hasCommit } from '../checkout/objects-here.ts';
import { isShallow, type Origin } from '../changelog/resolve-commit.ts';
import { fetchIds } from '../fetch-ids.ts';
import { runGit } from '../git.ts';
import type { Network } from '../network.ts';
import { isLocal } from '../read-superproject.ts';
import { SkerryError } from '../../util/errors.ts';
import type { Configuration } from './memory.ts';

/** What a tested commit says must not run anything by itself. */
const CALM = ['-c', 'core.hooksPath=/dev/null', '-c', 'submodule.recurse=false'];
const LONG_MS = 6 * 3_600_000;

/**
 * The work tree that is tested: a clone of its own, which takes objects from the checkout at hand where it has them. Going
 * from one configuration to the next touches only what differs; files that a build left stay.
 */
export class Workspace {
  readonly root: string;
  readonly #dir: string;
  readonly #network: Network;
  readonly #origin: Origin;
  /** What is checked out, by path; '' is the superproject. Empty at first: what an earlier run left is not trusted. */
  readonly #at = new Map<string, string>();

  constructor(dir: string, network: Network, origin: Origin) {
    this.#dir = dir;
    this.root = join(dir, 'work');
    this.#network = network;
    this.#origin = origin;
  }

  /** Makes sure that commits of the superproject are here with their whole history. */
  async fetchSuper(commits: readonly string[]): Promise<string> {
    await this.#repository(this.root, join(this.root, '.git'), this.#origin.root, commits[0] ?? '');
    await this.#fetch(this.root, this.#origin.url, commits);
    return this.root;
  }

  /** Makes sure that commits of a component are here, with their history, and gives its folder. */
  async fetchComponent(path: string, remote: string, commits: readonly string[]): Promise<string> {
    if (hasLinkOnTheWay(this.root, path))
      throw new SkerryError('SP_BISECT_LINK', { data: { path } });
    const dir = join(this.root, path);
    const name = createHash('sha256').update(path).digest('hex').slice(0, 16);
    const { root } = this.#origin;
    const here = root === undefined ? undefined : join(root, path);
    await this.#repository(dir, join(this.#dir, 'modules', name), here, commits[0] ?? '');
    await this.#fetch(dir, remote, commits, path);
    return dir;
  }

  /** Checks a configuration out. `remotes` says where each component comes from. */
  async checkout(
    { commit, pins }: Configuration,
    remotes: ReadonlyMap<string, string>,
  ): Promise<void> {
    for (const path of this.#at.keys())
      if (path !== '' && !pins.has(path)) {
        await rm(join(this.root, path), { recursive: true, force: true });
        this.#at.delete(path);
      }
    if (this.#at.get('') !== commit) await this.#switch('', this.root, commit);
    const moved = [...pins].filter(([path, pin]) => this.#at.get(path) !== pin);
    await each(moved, availableParallelism(), async ([path, pin]) => {
      const remote = remotes.get(path) ?? '';
      await this.#switch(path, await this.fetchComponent(path, remote, [pin]), pin);
      if (existsSync(join(this.root, path, '.gitmodules'))) await this.#nested(path, remote);
    });
  }

  async #switch(path: string, cwd: string, commit: string): Promise<void> {
    const args = [
      ...CALM,
      'checkout',
      '--quiet',
      '--force',
      '--detach',
      `${commit}^{commit}`,
      '--',
    ];
    this.#at.delete(path);
    await runGit(args, { cwd, signal: this.#network.signal, timeoutMs: LONG_MS });
    this.#at.set(path, commit);
  }

  /** Components of a component, the way stock git does it. */
  async #nested(path: string, url: string): Promise<void> {
    const local = isLocal(url) ? ['-c', 'protocol.file.allow=always'] : [];
    const update = ['submodule', '--quiet', 'update', '--init', '--recursive', '--force'];
    await runGit([...CALM, 'config', `remote.origin.url`, url], { cwd: join(this.root, path) });
    const call = { url, cwd: join(this.root, path), about: path, timeoutMs: LONG_MS };
    await this.#network.git([...CALM, ...local, ...update], call);
  }

  async #fetch(
    cwd: string,
    url: string,
    commits: readonly string[],
    about?: string,
  ): Promise<void> {
    const missing: string[] = [];
    for (const commit of new Set(commits))
      if (!(await hasCommit(commit, { cwd, signal: this.#network.signal }))) missing.push(commit);
    if (missing.length === 0) return;
    const call = { url, about, gitDir: cwd, timeoutMs: LONG_MS };
    await fetchIds(this.#network, { ...call, ids: missing });
  }

  /** An empty repository at `gitDir` with its work tree at `dir`, which reads the objects of the checkout `lender` too. */
  async #repository(
    dir: string,
    gitDir: string,
    lender: string | undefined,
    like: string,
  ): Promise<void> {
    await mkdir(dir, { recursive: true });
    if (gitDir !== join(dir, '.git')) await writeFile(join(dir, '.git'), `gitdir: ${gitDir}\n`);
    if (existsSync(join(gitDir, 'HEAD'))) return;
    await mkdir(join(gitDir, 'objects', 'info'), { recursive: true });
    await mkdir(join(gitDir, 'refs'), { recursive: true });
    const at = lender === undefined || isShallow(lender) ? undefined : findGitDir(lender);
    if (at)
      await writeFile(
        join(gitDir, 'objects', 'info', 'alternates'),
        `${join(at.commonDir, 'objects')}\n`,
      );
    const format =
      like.length === 64
        ? '\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n[core]\n'
        : '\trepositoryformatversion = 0\n';
    await writeFile(
      join(gitDir, 'config'),
      `[core]\n${format}\tbare = false\n\tworktree = ${JSON.stringify(dir)}\n`,
    );
    // Last: a repository with a HEAD is complete.
    await writeFile(join(gitDir, 'HEAD'), 'ref: refs/heads/none\n');
  }
}
