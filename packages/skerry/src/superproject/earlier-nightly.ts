import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { parseBatch } from './batch.ts';
import { runGit } from './git.ts';
import { filterUrl } from './module-url.ts';
import type { Network } from './network.ts';
import { lastNightly, nightlyTags } from './nightly-name.ts';
import { nightlyIn } from './nightly-message.ts';
import { parseTag, trailers } from './objects.ts';
import { readSuperproject, type Superproject } from './read-superproject.ts';
import { isRefName } from './ref-name.ts';
import { commitOf, listRefs, type Refs } from './remote-refs.ts';
import type { Scratch } from './scratch.ts';

/** A nightly that is there, and the commit that its tag is on. */
export interface EarlierNightly {
  readonly tag: string;
  readonly base: Superproject;
}

interface Question {
  readonly url: string;
  readonly branch: string;
  readonly refs: Refs;
  /** The branch's tip, which was read already. */
  readonly base: Superproject;
}

/**
 * The newest nightly of a branch, whether or not somebody committed after it, for what a killed run left of it; none where
 * there is nothing of ours to be finished: its commit is by hand, or its `.gitmodules` is one that we refuse.
 */
export async function newestNightly(
  network: Network,
  scratch: Scratch,
  question: Question,
): Promise<EarlierNightly | undefined> {
  const { refs, branch, url, base: tip } = question;
  const made = nightlyIn(tip.message);
  const tag = lastNightly(refs, branch);
  // One under a name of its own is found by what the commit says of itself.
  if (made !== undefined && made !== tag && isRefName(made)) {
    const ref = `refs/tags/${made}`;
    const named = refs.has(ref) ? refs : (await listRefs(network, url, [ref, `${ref}^{}`])).refs;
    if (commitOf(named, ref) === tip.commit) return { tag: made, base: tip };
  }
  const commit = tag === undefined ? undefined : commitOf(refs, `refs/tags/${tag}`);
  if (tag === undefined || commit === undefined) return undefined;
  try {
    const base = await readAt(network, scratch, question, commit);
    return nightlyIn(base.message) === tag ? { tag, base } : undefined;
  } catch (error) {
    const errors = error instanceof SkerryErrors ? error.errors : [error];
    if (errors.every((one) => one instanceof SkerryError && NOT_READ.has(one.code)))
      return undefined;
    throw error;
  }
}

const NOT_READ = new Set(['SP_GITMODULES_INVALID', 'SP_GITMODULES_LINK', 'SP_GITLINK_STRAY']);

/** A run key is a line of the commit's message, where it is looked for again. @throws USAGE */
export function checkRunKey(key: string | undefined): void {
  if (key === undefined || (/^\S(.*\S)?$/.test(key) && !/\p{Cc}/u.test(key))) return;
  const detail = `--run-key: ${JSON.stringify(key)} is empty, begins or ends with a blank, or has more than one line`;
  throw new SkerryError('USAGE', { data: { detail, command: 'skerry superproject nightly' } });
}

/**
 * The nightly that was made with a run key: of the branch's, or under the name `tag`. All their tags are fetched for it,
 * over one connection and without what they tag.
 */
export async function nightlyOfRun(
  network: Network,
  scratch: Scratch,
  question: Question & { runKey: string; tag: string | undefined },
): Promise<EarlierNightly | undefined> {
  const { url, branch, refs, base, runKey, tag: given } = question;
  const names = [...(given === undefined ? [] : [given]), ...nightlyTags(refs, branch)];
  const ids = new Map(
    names.flatMap((name) => {
      const id = refs.get(`refs/tags/${name}`);
      return id === undefined ? [] : [[name, id]];
    }),
  );
  if (ids.size === 0) return undefined;
  const cwd = await scratch.repository(base.commit);
  const args = ['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--depth=1'];
  const wanted = [...new Set(ids.values())];
  const lean = [...args, '--filter=tree:0', '--', filterUrl(url), ...wanted];
  await network.git(lean, { url, cwd, timeoutMs: 600_000 });
  const input = wanted.map((id) => `${id}\n`).join('');
  const objects = parseBatch(await runGit(['cat-file', '--batch'], { cwd, input }));
  const keys = new Map(
    objects.map(({ id, text }) => [id, trailers(parseTag(text).message).get('Run-Key')]),
  );
  const [tag] = [...ids].find(([, id]) => keys.get(id) === runKey) ?? [];
  const commit = tag === undefined ? undefined : commitOf(refs, `refs/tags/${tag}`);
  if (tag === undefined || commit === undefined) return undefined;
  return { tag, base: await readAt(network, scratch, question, commit) };
}

async function readAt(
  network: Network,
  scratch: Scratch,
  { url, base }: Question,
  commit: string,
): Promise<Superproject> {
  if (commit === base.commit) return base;
  return readSuperproject(network, scratch, { url, commit, depth: 2 });
}
