import { commitOf, type Refs } from './remote-refs.ts';

/**
 * The tag of the next nightly of a branch: one more than the highest there is.
 *
 * @example nextNightly(new Map([['refs/tags/master-nightly-344', id]]), 'master') // 'master-nightly-345'
 */
export function nextNightly(refs: Refs, branch: string): string {
  const highest = numbersOf(refs, branch).reduce((most, { n }) => (n > most ? n : most), 0n);
  return `${branch}-nightly-${highest + 1n}`;
}

/** The highest nightly tag of a branch; with `commit` only of those that are on it. */
export function lastNightly(refs: Refs, branch: string, commit?: string): string | undefined {
  const found = numbersOf(refs, branch).filter(
    ({ tag }) => commit === undefined || commitOf(refs, `refs/tags/${tag}`) === commit,
  );
  return found.sort((a, b) => (a.n < b.n ? 1 : -1))[0]?.tag;
}

/** All nightly tags of a branch, the newest first. */
export function nightlyTags(refs: Refs, branch: string): readonly string[] {
  return numbersOf(refs, branch)
    .sort((a, b) => (a.n < b.n ? 1 : -1))
    .map(({ tag }) => tag);
}

function numbersOf(refs: Refs, branch: string): { tag: string; n: bigint }[] {
  const start = `refs/tags/${branch}-nightly-`;
  return [...refs.keys()].flatMap((ref) => {
    const digits = ref.startsWith(start) ? ref.slice(start.length) : '';
    return /^\d+$/.test(digits) ? [{ tag: ref.slice('refs/tags/'.length), n: BigInt(digits) }] : [];
  });
}
