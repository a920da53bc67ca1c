import { SkerryError } from '../../util/errors.ts';
import { tryGit } from '../git.ts';
import { checkedComponents } from '../gitmodules.ts';
import { resolveUrl } from '../module-url.ts';
import { isLocal } from '../read-superproject.ts';
import { trackedBranch } from '../tracked.ts';
import { readHeadPins } from './pins.ts';
import type { PinToVerify } from './verify-pins.ts';

interface CommitQuestion {
  readonly dir: string;
  readonly commit: string;
  /** The superproject's url, which relative urls begin at. */
  readonly url: string;
  readonly signal?: AbortSignal | undefined;
  /** Where objects are that are not in the repository yet. */
  readonly env?: Readonly<Record<string, string>>;
}

/**
 * All pins of a commit that this repository has, with the remotes that its own `.gitmodules` gives.
 *
 * @throws SP_GITMODULES_INVALID, SP_GITLINK_STRAY
 */
export async function pinsOfCommit({
  dir,
  commit,
  url,
  signal,
  env = {},
}: CommitQuestion): Promise<PinToVerify[]> {
  const pins = await readHeadPins(dir, signal, commit, env);
  if (pins.size === 0) return [];
  const args = ['cat-file', 'blob', `${commit}:.gitmodules`];
  const { stdout } = await tryGit(args, { cwd: dir, signal, env, answers: [128] });
  const where = `${commit.slice(0, 12)}:.gitmodules`;
  const components = checkedComponents(stdout.toString(), where, {
    isLocal: isLocal(url),
    base: url,
  });
  const known = new Map(components.map((component) => [component.path, component]));
  return [...pins].map(([path, pin]) => {
    const component = known.get(path);
    if (!component) throw new SkerryError('SP_GITLINK_STRAY', { data: { where, paths: path } });
    const branch = trackedBranch(component, undefined);
    return { name: component.name, path, pin, branch, remote: resolveUrl(url, component.url) };
  });
}
