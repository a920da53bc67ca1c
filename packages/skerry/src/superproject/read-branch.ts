import type { Network } from './network.ts';
import { readSuperproject, type Superproject } from './read-superproject.ts';
import { branchTip, listRefs } from './remote-refs.ts';
import type { Scratch } from './scratch.ts';

/**
 * Reads the tip of a superproject's branch on its remote: over two connections, without a clone.
 *
 * @param question without a branch: the remote's default branch
 * @throws SP_REF_MISSING, and what readSuperproject throws
 */
export async function readBranch(
  network: Network,
  scratch: Scratch,
  { url, branch }: { url: string; branch?: string | undefined },
): Promise<{ branch: string; superproject: Superproject }> {
  const wanted = branch === undefined ? 'HEAD' : `refs/heads/${branch}`;
  const { refs, head } = await listRefs(network, url, [wanted]);
  const name = branch ?? head?.replace('refs/heads/', '') ?? 'HEAD';
  const commit = refs.get(wanted) ?? branchTip(refs, name, url);
  return { branch: name, superproject: await readSuperproject(network, scratch, { url, commit }) };
}
