import { shellWord } from '../../util/shell-quote.ts';
import { SkerryError } from '../../util/errors.ts';
import { danglingPins } from '../checkout/verify-pins.ts';
import { shownUrl } from '../module-url.ts';
import type { Network } from '../network.ts';
import { commitOf, listRefs } from '../remote-refs.ts';
import type { PlacedProject } from './project.ts';

/** A project with the commit it begins at. */
export interface ResolvedProject {
  readonly project: PlacedProject;
  readonly remote: string;
  readonly pin: string;
  /** The branch it follows; none: it stays at its pin. */
  readonly branch: string | undefined;
  /** The tag that the manifest names in place of a branch. */
  readonly tag: string | undefined;
}

/**
 * Finds the commit of a project on its remote: a branch, else a tag of that name, else the default branch. A pin that the
 * manifest gives is looked for there.
 *
 * @throws SP_REF_MISSING, SP_MANIFEST_PIN, and what runGit throws
 */
export async function resolveProject(
  network: Network,
  {
    project,
    remote,
    superBranch,
  }: { project: PlacedProject; remote: string; superBranch: string | undefined },
): Promise<ResolvedProject> {
  const { name, path, branch, pin } = project;
  if (pin !== undefined) {
    const [dangling] = await danglingPins(network, [
      { name, path, remote, pin, branch: branch === '.' ? superBranch : branch },
    ]);
    if (!dangling) return { project, remote, pin, branch, tag: undefined };
    const data = { path, pin, reason: dangling.reason, url: shownUrl(remote) };
    throw new SkerryError('SP_MANIFEST_PIN', { data });
  }
  if (branch === undefined) return ofDefaultBranch(network, project, remote);
  const wanted = branch === '.' ? superBranch : branch;
  if (wanted === undefined)
    throw new SkerryError('SP_NO_BRANCH', { data: { what: `${path} follows '.'` } });
  const names = wanted.startsWith('refs/')
    ? [wanted]
    : [`refs/heads/${wanted}`, `refs/tags/${wanted}`];
  const patterns = names.flatMap((ref) => [ref, `${ref}^{}`]);
  const { refs } = await listRefs(network, remote, patterns, name);
  for (const ref of names) {
    const commit = commitOf(refs, ref);
    if (commit === undefined) continue;
    const isBranch = ref.startsWith('refs/heads/');
    const tag = isBranch ? undefined : ref.replace('refs/tags/', '');
    return { project, remote, pin: commit, branch: isBranch ? branch : undefined, tag };
  }
  throw missing(`branch or tag '${wanted}'`, path, remote);
}

async function ofDefaultBranch(
  network: Network,
  project: PlacedProject,
  remote: string,
): Promise<ResolvedProject> {
  const { refs, head } = await listRefs(network, remote, ['HEAD'], project.name);
  const [pin, branch] = [refs.get('HEAD'), head?.replace('refs/heads/', '')];
  if (pin === undefined || branch === undefined)
    throw missing('default branch', project.path, remote);
  return { project, remote, pin, branch, tag: undefined };
}

function missing(what: string, path: string, remote: string): SkerryError {
  const url = shownUrl(remote);
  const where = `, which the manifest names for ${path}`;
  const advice = `see what it has: git ls-remote ${shellWord(url)}`;
  return new SkerryError('SP_REF_MISSING', { data: { url, what, where, advice } });
}
