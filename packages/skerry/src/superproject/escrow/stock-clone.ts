import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { findGitDir } from '../checkout/git-dir.ts';
import { formatSetting } from '../format-config.ts';
import { runGit } from '../git.ts';
import { parseCommit } from '../objects.ts';
import type { Manifest, ManifestComponent } from './manifest.ts';
import type { SourceNode } from './source-walk.ts';

const LONG_MS = 6 * 3_600_000;

/**
 * Restores a deposit as somebody would who has nothing but git: as its README says, with a HOME of its own, and with
 * every protocol but local files forbidden, so that it cannot lean on a network.
 *
 * @param home an empty folder that is the HOME for this
 */
export async function stockClone(
  dir: string,
  manifest: Manifest,
  { target, home, signal }: { target: string; home: string; signal?: AbortSignal | undefined },
): Promise<void> {
  await mkdir(home, { recursive: true });
  await writeFile(join(home, '.gitconfig'), configOf(dir, manifest));
  await runGit(cloneWords(dir, manifest, target), {
    signal,
    cwd: home,
    timeoutMs: LONG_MS,
    env: {
      HOME: home,
      XDG_CONFIG_HOME: join(home, '.config'),
      GIT_CONFIG_NOSYSTEM: '1',
      GIT_CONFIG_GLOBAL: join(home, '.gitconfig'),
      // Nothing that is set here may help: the deposit is all that there is.
      GIT_CONFIG_COUNT: '0',
      GIT_CONFIG_PARAMETERS: '',
      GIT_ALLOW_PROTOCOL: 'file',
      GIT_LFS_SKIP_SMUDGE: '1',
      GIT_TEMPLATE_DIR: '',
    },
  });
}

/** The arguments of git that restore a deposit. */
export function cloneWords(
  dir: string,
  { branchOrTag, main }: Pick<Manifest, 'branchOrTag' | 'main'>,
  target: string,
): string[] {
  const clone = ['clone', '--quiet', '--recursive', '-b', branchOrTag, '--'];
  return ['-c', 'protocol.file.allow=always', ...clone, `${dir}/${main}`, target];
}

/** The deposit may belong to another user; it was checked file by file before. */
function configOf(dir: string, { rewrites }: Manifest): string {
  const urls = rewrites.map(({ url, path }) => formatSetting(`url.${dir}/${path}.insteadOf`, url));
  return `[safe]\n\tdirectory = *\n[gc]\n\tauto = 0\n${urls.join('')}`;
}

/** The source tree as it is in a restored clone, by what is checked out in each of its repositories. */
export async function restoredNode(
  root: string,
  components: readonly ManifestComponent[],
  path = '',
): Promise<SourceNode> {
  const dir = join(root, path);
  const gitDir = findGitDir(dir)?.gitDir ?? dir;
  const head = (await runGit(['rev-parse', '--verify', 'HEAD^{commit}'], { cwd: dir })).toString();
  const raw = (await runGit(['cat-file', 'commit', head.trim()], { cwd: dir })).toString('latin1');
  const below = new Map<string, SourceNode>();
  for (const component of components) {
    if (component.within !== path) continue;
    const own = path === '' ? component.path : component.path.slice(path.length + 1);
    below.set(own, await restoredNode(root, components, component.path));
  }
  return { gitDir, commit: head.trim(), seconds: parseCommit(raw).seconds, components: below };
}
