import { shellWord } from '../util/shell-quote.ts';
import { SkerryError } from '../util/errors.ts';
import { buildTree } from './build-commit.ts';
import { runGit } from './git.ts';
import { objectId } from './loose-object.ts';
import type { Network } from './network.ts';
import { formatMessage, nightlyIn, nightlyTitle, UPDATE_TITLE } from './nightly-message.ts';
import { formatCommit, parseTag, trailers } from './objects.ts';
import { readSuperproject, superprojectAt } from './read-superproject.ts';
import { commitOf, listRefs } from './remote-refs.ts';
import { Scratch } from './scratch.ts';

export interface Reproduced {
  readonly tag: string;
  readonly commit: string;
}

/**
 * Makes the commit of a nightly anew from its parent, its pins and its time, and compares byte by byte: what it says it
 * pins is what it pins, and nothing else is in it. A signature is left out of the comparison.
 *
 * @throws SP_REF_MISSING, SP_NOT_MADE, SP_NOT_REPRODUCED
 */
export async function reproduceNightly(
  network: Network,
  { url, tag }: { url: string; tag: string },
): Promise<Reproduced> {
  await using scratch = await Scratch.create();
  const ref = `refs/tags/${tag}`;
  const { refs } = await listRefs(network, url, [ref, `${ref}^{}`]);
  const commit = commitOf(refs, ref);
  if (commit === undefined) {
    const advice = `see what it has: git ls-remote --tags ${shellWord(url)}`;
    throw new SkerryError('SP_REF_MISSING', {
      data: { url, what: `tag '${tag}'`, where: '', advice },
    });
  }
  const made = await readSuperproject(network, scratch, { url, commit, depth: 2 });
  const [parent] = made.parents;
  if (parent === undefined || !trailers(made.message).has('Collected'))
    throw new SkerryError('SP_NOT_MADE', { data: { tag, commit } });
  const base = await superprojectAt(made.gitDir, { url, commit: parent });
  const raw = (await runGit(['cat-file', 'commit', commit], { cwd: made.gitDir })).toString();
  const { identity, seconds } = parseTag(raw);
  const pins = new Map(
    made.components.flatMap(({ path, pin }) => (pin === undefined ? [] : [[path, pin]])),
  );
  const tree = await buildTree(base, { pins });
  const before = new Map(base.components.map(({ path, pin }) => [path, pin]));
  const again = formatCommit({
    tree,
    parents: [parent],
    stamp: { identity, seconds },
    message: formatMessage({
      title: titleOf(made.message),
      moved: made.components.flatMap(({ name, path, pin }) => {
        const from = before.get(path);
        if (pin === undefined || pin === from) return [];
        const [, branch = '', isRewound] = lineOf(made.message, path) ?? [];
        return [{ name, path, branch, from, to: pin, isRewound: isRewound !== undefined }];
      }),
      kept: keptOf(made.message),
      count: made.components.length,
      isStable: trailers(made.message).get('Collected')?.startsWith('stable') ?? false,
      runKey: trailers(made.message).get('Run-Key'),
    }),
  });
  const unsigned = raw.replace(/^gpgsig.*\n(?: .*\n)*/m, '');
  const id = objectId('commit', again, commit);
  if (again === unsigned) return { tag, commit };
  throw new SkerryError('SP_NOT_REPRODUCED', { data: { tag, commit, id } });
}

/** What it says itself, if that is what makes such commits: a tag may be on a nightly of another name, or on an update. */
function titleOf(message: string): string {
  const made = nightlyIn(message);
  return made === undefined ? UPDATE_TITLE : nightlyTitle(made);
}

function lineOf(message: string, path: string): RegExpMatchArray | undefined {
  const start = `${path}: `;
  const line = message.split('\n').find((each) => each.startsWith(start));
  return line?.slice(start.length).match(/ \((.*?)(, rewound)?\)$/) ?? undefined;
}

function keptOf(message: string): { name: string; reason: string }[] {
  return [...message.matchAll(/^(.*): kept where it was \((.*)\)$/gm)].map(
    ([, name = '', reason = '']) => ({ name, reason }),
  );
}
