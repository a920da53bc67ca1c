import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { runGit } from './git.ts';
import type { MoveResult } from './move-pins.ts';
import type { Network } from './network.ts';
import { parseTag } from './objects.ts';
import { type Superproject, superprojectAt } from './read-superproject.ts';
import { type ComponentTag, type Rolled, rollForward, type TagTarget } from './roll-forward.ts';
import type { Scratch } from './scratch.ts';
import { componentTag } from './tracked.ts';
import { messageOf } from '../util/message-of.ts';

/** Which components get the superproject's tag. */
export type TagComponents = 'changed' | 'all' | 'none';

export interface Finish {
  readonly url: string;
  /** The tag that all this is about; none: nothing to do. */
  readonly tag: string | undefined;
  readonly which: TagComponents;
  /** The command that goes on when a component does not take it. */
  readonly resume: (tag: string) => string;
  /** The superproject's commit before; with its own parent, so that it can be told what it changed. */
  readonly base: Superproject;
  /** The nightly tag of `base`, which may be unfinished. */
  readonly last: string | undefined;
  /** The transaction that was just done. */
  readonly result?: MoveResult;
  readonly identity?: string;
}

/**
 * Brings the tag of the superproject into the components; before it, that of the commit before if a killed run left it
 * unfinished. Each step may be done again.
 *
 * @throws SP_PARTIAL with what failed
 */
export async function finishTag(
  network: Network,
  scratch: Scratch,
  finish: Finish,
): Promise<Rolled> {
  const { tag, which, last, result, identity = '' } = finish;
  const rolled: { created: string[]; already: string[] } = { created: [], already: [] };
  if (which === 'none' || tag === undefined) return rolled;
  const work: [TagTarget[], ComponentTag][] = [];
  if (last !== undefined) {
    const targets = await targetsOfBase(finish);
    const open = targets.filter(
      ({ refs, extra }) => !refs?.has(`refs/tags/${componentTag({ extra }, last)}`),
    );
    if (open.length > 0) work.push([open, await tagOfSuper(network, finish.base, last)]);
  }
  if (result?.status === 'published')
    work.push([
      targetsOf(finish, result),
      {
        tag,
        stamp: { identity, seconds: result.seconds },
        message: componentMessage(tag, finish.url),
      },
    ]);
  for (const [targets, what] of work)
    try {
      const { created, already } = await rollForward(network, scratch, targets, what);
      rolled.created.push(...created);
      rolled.already.push(...already);
    } catch (error) {
      throw partial(what.tag, finish.resume(what.tag), error);
    }
  return rolled;
}

/** What a component's tag says. The same for everybody, since its author and time are the superproject tag's. */
export function componentMessage(tag: string, url: string): string {
  return `${tag}\n\nSuperproject: ${url.replace(/\/\/[^/@]*@/, '//')}\n`;
}

function targetsOf({ which, base }: Finish, result: MoveResult): TagTarget[] {
  const others = new Set(result.taken);
  const tagged = result.moves.filter(({ name }) => !others.has(name));
  const moved: TagTarget[] = tagged.map((move) => ({
    name: move.name,
    remote: move.component.remote,
    pin: move.to,
    branch: move.branch,
    extra: move.component.extra,
    refs: move.refs,
    gitDir: move.fetched.gitDir,
  }));
  if (which !== 'all') return moved;
  const names = new Set([...others, ...moved.map(({ name }) => name)]);
  const rest = base.components.flatMap(({ name, remote, pin, branch, extra }) =>
    pin === undefined || names.has(name) ? [] : [{ name, remote, pin, branch, extra }],
  );
  return [...moved, ...rest];
}

/** The components that the commit `base` itself moved, with what is known of their remotes. */
async function targetsOfBase({ base, which, result, url }: Finish): Promise<TagTarget[]> {
  const [parent] = base.parents;
  const before =
    parent === undefined || which === 'all'
      ? undefined
      : await superprojectAt(base.gitDir, { url, commit: parent });
  const pins = new Map(before?.components.map(({ path, pin }) => [path, pin]));
  const known = new Map(
    result?.collection.tips.map(({ component, refs }) => [component.name, refs]),
  );
  return base.components.flatMap(({ name, path, remote, pin, branch, extra }) => {
    if (pin === undefined || pins.get(path) === pin) return [];
    const refs = known.get(name);
    return [{ name, remote, pin, branch, extra, ...(refs && { refs }) }];
  });
}

/** The tag object of the superproject tells who made it and when. */
async function tagOfSuper(
  network: Network,
  base: Superproject,
  tag: string,
): Promise<ComponentTag> {
  const ref = `refs/tags/${tag}`;
  const fetch = ['fetch', '--quiet', '--depth=1', '--no-tags', '--no-write-fetch-head'];
  await network.git([...fetch, '--', base.url, `${ref}:${ref}`], {
    url: base.url,
    cwd: base.gitDir,
  });
  const raw = await runGit(['cat-file', '-p', ref], { cwd: base.gitDir });
  const { identity, seconds } = parseTag(raw.toString());
  const message = componentMessage(tag, base.url);
  return { tag, stamp: { identity, seconds }, message };
}

function partial(tag: string, resume: string, error: unknown): SkerryError {
  const errors = error instanceof SkerryErrors ? error.errors : [error];
  const reason = errors.map(messageOf);
  return new SkerryError('SP_PARTIAL', {
    data: {
      tag,
      count: errors.length,
      reason: reason.join('\n'),
      resume,
    },
    cause: error,
  });
}
