import { shellWord } from '../util/shell-quote.ts';
import { SkerryError } from '../util/errors.ts';
import type { Network } from './network.ts';
import { commitOf, listRefs, type Refs } from './remote-refs.ts';

export interface Resolved {
  /** The full name: `refs/tags/3.11.2`. */
  readonly ref: string;
  readonly commit: string;
  /** All refs that were read. */
  readonly refs: Refs;
}

/**
 * Finds a tag, else a branch, of a remote by its short or full name; a full object id is taken as it is. One connection.
 *
 * @param also more refs to read on the same connection
 * @throws SP_REF_MISSING
 */
export async function resolveRef(
  network: Network,
  url: string,
  name: string,
  also: readonly string[] = [],
): Promise<Resolved> {
  // A full object id needs no name, but whether it is there shows when it is fetched.
  if (/^([0-9a-f]{40}|[0-9a-f]{64})$/.test(name))
    return { ref: name, commit: name, refs: (await listRefs(network, url, also)).refs };
  const names = name.startsWith('refs/') ? [name] : [`refs/tags/${name}`, `refs/heads/${name}`];
  const patterns = names.flatMap((ref) => [ref, `${ref}^{}`]);
  const { refs } = await listRefs(network, url, [...patterns, ...also]);
  for (const ref of names) {
    const commit = commitOf(refs, ref);
    if (commit !== undefined) return { ref, commit, refs };
  }
  const advice = `see what it has: git ls-remote ${shellWord(url)}`;
  throw new SkerryError('SP_REF_MISSING', {
    data: { url, what: `tag or branch '${name}'`, where: '', advice },
  });
}
