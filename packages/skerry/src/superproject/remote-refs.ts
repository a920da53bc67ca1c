import { shellWord } from '../util/shell-quote.ts';
import { SkerryError } from '../util/errors.ts';
import type { Network } from './network.ts';

/** Full ref name to object id. An annotated tag has its commit under `NAME^{}` too. */
export type Refs = ReadonlyMap<string, string>;

export interface RemoteRefs {
  readonly refs: Refs;
  /** What HEAD points to, such as `refs/heads/main`; only where HEAD was asked for. */
  readonly head: string | undefined;
}

/** A list of refs takes a second or two; what takes longer hangs. */
const LIST_MS = 45_000;

/**
 * Reads refs of a remote over one connection (git-ls-remote(1)). `patterns` are full ref names, globs (`refs/tags/3.*`),
 * or `HEAD`.
 *
 * @throws what runGit throws
 */
export async function listRefs(
  network: Network,
  url: string,
  patterns: readonly string[],
  about?: string,
): Promise<RemoteRefs> {
  const args = ['ls-remote', '--symref', '--', url, ...patterns];
  const { stdout } = await network.git(args, { url, about, timeoutMs: LIST_MS });
  return parseRefs(stdout.toString());
}

/** @example parseRefs('ref: refs/heads/main\tHEAD\n12ab…\tHEAD\n').head // 'refs/heads/main' */
export function parseRefs(text: string): RemoteRefs {
  const refs = new Map<string, string>();
  let head: string | undefined;
  for (const line of text.split('\n')) {
    const [left = '', name = ''] = line.split('\t');
    if (left.startsWith('ref: ') && name === 'HEAD') head = left.slice(5);
    else if (/^[0-9a-f]{40,64}$/.test(left)) refs.set(name, left);
  }
  return { refs, head };
}

/** The commit a ref names: what an annotated tag points at, else the object itself. */
export function commitOf(refs: Refs, name: string): string | undefined {
  return refs.get(`${name}^{}`) ?? refs.get(name);
}

/** The object id of a branch. @throws SP_REF_MISSING */
export function branchTip(refs: Refs, branch: string, url: string, about?: string): string {
  const tip = refs.get(`refs/heads/${branch}`);
  if (tip !== undefined) return tip;
  throw new SkerryError('SP_REF_MISSING', {
    data: {
      url,
      what: `branch '${branch}'`,
      where: about === undefined ? '' : `, which ${about} should follow`,
      advice: `see what it has: git ls-remote --heads ${shellWord(url)}`,
    },
  });
}
