import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { shellQuote } from '../../util/shell-quote.ts';
import type { Network } from '../network.ts';
import { Changes } from './changes.ts';
import { findGitDir } from './git-dir.ts';

export interface Initialised {
  readonly root: string;
  /** False where it was a superproject before. */
  readonly isNew: boolean;
  readonly commands: readonly string[];
}

const TEXT = '# Components of this superproject: skerry superproject add, or gitmodules(5).\n';

/**
 * Makes a folder a superproject: a git repository with a `.gitmodules`, staged. What is there stays.
 *
 * @throws what runGit throws
 */
export async function initSuperproject(
  network: Network,
  {
    dir,
    branch,
    dryRun,
  }: { dir: string; branch?: string | undefined; dryRun?: boolean | undefined },
): Promise<Initialised> {
  const root = resolve(dir);
  const changes = new Changes(network, dryRun);
  const hadGit = findGitDir(root) !== undefined;
  const file = join(root, '.gitmodules');
  if (hadGit && existsSync(file)) return { root, isNew: false, commands: [] };
  if (!hadGit) {
    if (!changes.isDryRun) await mkdir(root, { recursive: true });
    const name = branch === undefined ? [] : [`--initial-branch=${branch}`];
    const cwd = existsSync(root) ? root : process.cwd();
    await changes.git(['init', '--quiet', ...name, '--', root], { cwd });
  }
  if (!existsSync(file))
    await changes.own(`echo ${shellQuote(TEXT.trimEnd())} > ${shellQuote(file)}`, root, () =>
      writeFile(file, TEXT),
    );
  await changes.git(['add', '--', '.gitmodules'], { cwd: root });
  return { root, isNew: true, commands: changes.commands };
}
