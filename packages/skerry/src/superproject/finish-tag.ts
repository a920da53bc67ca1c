import { allSettled } from '../util/all-settled.ts';
import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { formatGit } from './format-git.ts';
import { runGit } from './git.ts';
import type { MoveResult } from './move-pins.ts';
import type { Network } from './network.ts';
import { objectId } from './loose-object.ts';
import { formatSigned } from './build-commit.ts';
import { parseTag } from './objects.ts';
import { type Superproject, superprojectAt } from './read-superproject.ts';
import { listRefs, type Refs } from './remote-refs.ts';
import {
  type ComponentTag,
  type LeftOut,
  type Rolled,
  rollForward,
  sharedTags,
  tagCommand,
  tagTaken,
  type TagTarget,
} from './roll-forward.ts';
import type { Scratch } from './scratch.ts';
import { componentTag, tagRefs } from './tracked.ts';
import { hideCredentials } from '../util/hide-credentials.ts';
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
  /** The nightly tag before, which may be unfinished. */
  readonly last: string | undefined;
  /** The commit that `last` is on, read as `base` is; `base` unless told. */
  readonly lastBase?: Superproject | undefined;
  /** Components that cannot have the tag are left out. */
  readonly isOptional: boolean;
  /** The transaction that was just done, or planned. */
  readonly result?: MoveResult;
  readonly identity?: string;
  /** The file of an ssh key to sign the components' tags with. */
  readonly signKey?: string | undefined;
}

/**
 * Brings the tag of the superproject into the components; before it, that of the nightly before if a killed run left it
 * unfinished. Each step may be done again, and one that fails stops no other.
 *
 * @throws SP_PARTIAL with what failed
 */
export async function finishTag(
  network: Network,
  scratch: Scratch,
  finish: Finish,
): Promise<Rolled> {
  const { tag, which, last, lastBase = finish.base, isOptional, result } = finish;
  const { identity = '', signKey } = finish;
  const rolled = { created: [] as string[], already: [] as string[], leftOut: [] as LeftOut[] };
  if (which === 'none' || tag === undefined) return rolled;
  const failed: Failed[] = [];
  const bring = async (of: string, work: () => Promise<Rolled>): Promise<void> => {
    try {
      const { created, already, leftOut } = await work();
      rolled.created.push(...created);
      rolled.already.push(...already);
      // Of the nightly before it was said when that was made.
      if (of === tag) rolled.leftOut.push(...leftOut);
    } catch (error) {
      network.signal?.throwIfAborted();
      failed.push({ tag: of, error });
    }
  };
  if (last !== undefined)
    await bring(last, async () => {
      const open = await openOfLast(finish, last);
      if (open.length === 0) return NOTHING;
      const what = await tagOfSuper(network, lastBase, last);
      return rollForward(network, scratch, open, { ...what, signKey, isOptional });
    });
  if (result?.status === 'published')
    await bring(tag, () =>
      rollForward(network, scratch, targetsOf(finish, result), {
        tag,
        stamp: { identity, seconds: result.seconds },
        message: componentMessage(tag, finish.url),
        signKey,
        isOptional,
      }),
    );
  if (failed.length > 0) throw partial(failed, finish);
  return rolled;
}

/** finishTag; or, in a dry run, only the pushes that it would do. */
export async function finishOrPlan(
  network: Network,
  scratch: Scratch,
  finish: Finish,
  isDryRun = false,
): Promise<Rolled & { readonly commands: readonly string[] }> {
  if (isDryRun) return { ...NOTHING, commands: await plannedTags(network, finish) };
  return { ...(await finishTag(network, scratch, finish)), commands: [] };
}

/**
 * The pushes that finishTag would do, as commands. Reads what is not known of the remotes, and changes nothing.
 *
 * @throws SkerryErrors of SP_TAG_TAKEN and SP_TAG_SHARED, where a component that cannot have the tag is not left out
 */
export async function plannedTags(network: Network, finish: Finish): Promise<string[]> {
  const { tag, which, last, lastBase = finish.base, result, identity = '', signKey } = finish;
  if (which === 'none' || tag === undefined) return [];
  const commands: string[] = [];
  if (last !== undefined) {
    const open = await untagged(network, finish, await openOfLast(finish, last), last);
    // Of one that is published already the author and time are there.
    if (open.length > 0)
      commands.push(
        ...(await tagCommands(open, {
          ...(await tagOfSuper(network, lastBase, last)),
          signKey,
        })),
      );
  }
  if (result?.status === 'planned') {
    const open = await untagged(network, finish, targetsOf(finish, result), tag);
    const stamp = { identity, seconds: result.seconds };
    const message = componentMessage(tag, finish.url);
    commands.push(...(await tagCommands(open, { tag, stamp, message, signKey })));
  }
  return commands;
}

/** Those of them whose remotes have no such tag yet. */
async function untagged(
  network: Network,
  { isOptional }: Finish,
  targets: readonly TagTarget[],
  of: string,
): Promise<TagTarget[]> {
  const errors = isOptional ? [] : sharedTags(targets, of);
  const open = await allSettled(
    targets.map(async (target): Promise<TagTarget[]> => {
      const { remote, name } = target;
      const refs = target.refs ?? (await listRefs(network, remote, tagRefs(target, of), name)).refs;
      const own = componentTag(target, of);
      const taken = isOptional ? undefined : tagTaken(target, refs, own);
      if (taken) errors.push(taken);
      return refs.has(`refs/tags/${own}`) ? [] : [target];
    }),
  );
  if (errors.length > 0) throw new SkerryErrors(errors);
  return open.flat();
}

/** The pushes of rollForward, with the very objects that it makes. */
export function tagCommands(
  targets: readonly Pick<TagTarget, 'remote' | 'pin' | 'extra'>[],
  { tag, stamp, message, signKey }: ComponentTag,
): Promise<string[]> {
  return allSettled(
    targets.map(async (target) => {
      const name = componentTag(target, tag);
      const object = await formatSigned({ object: target.pin, name, stamp, message, signKey });
      return formatGit(tagCommand(target.remote, name, objectId('tag', object, target.pin)));
    }),
  );
}

const NOTHING: Rolled = { created: [], already: [], leftOut: [] };

/**
 * The components that should have the tag of the nightly before, and do not as far as is known. A remote that did not
 * answer and need not is not asked again: it was warned of already, and would end each nightly as one that is not done.
 */
async function openOfLast(finish: Finish, last: string): Promise<TagTarget[]> {
  const silent = new Set(finish.result?.unread.map(({ name }) => name));
  const targets = await targetsOfLast(finish);
  return targets.filter(
    ({ name, refs, extra }) =>
      !silent.has(name) && !refs?.has(`refs/tags/${componentTag({ extra }, last)}`),
  );
}

/** What a component's tag says. The same for everybody, since its author and time are the superproject tag's. */
export function componentMessage(tag: string, url: string): string {
  // The user goes as well; without a password the bytes have to stay, for tags that are published.
  const shown = hideCredentials(url).replace(/\/\/[^/@]*@/, '//');
  return `${tag}\n\nSuperproject: ${shown}\n`;
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
  const known = knownRefs(result);
  const rest = base.components.flatMap(({ name, remote, pin, branch, extra }) => {
    if (pin === undefined || names.has(name)) return [];
    const refs = known.get(name);
    return [{ name, remote, pin, branch, extra, ...(refs && { refs }) }];
  });
  return [...moved, ...rest];
}

/** What was read of the components' remotes. */
function knownRefs(result: MoveResult | undefined): ReadonlyMap<string, Refs> {
  return new Map(result?.collection.tips.map(({ component, refs }) => [component.name, refs]));
}

/** The components that the commit of `last` itself moved, with what is known of their remotes. */
async function targetsOfLast(finish: Finish): Promise<TagTarget[]> {
  const { lastBase = finish.base, which, result, url } = finish;
  const [parent] = lastBase.parents;
  const before =
    parent === undefined || which === 'all'
      ? undefined
      : await superprojectAt(lastBase.gitDir, { url, commit: parent });
  const pins = new Map(before?.components.map(({ path, pin }) => [path, pin]));
  const known = knownRefs(result);
  // What was read is of where a component is now, and of what its tag is called now.
  const placeIn = ({ components }: Superproject): Map<string, string> =>
    new Map(components.map((one) => [one.name, `${one.remote}\n${componentTag(one, '')}`]));
  const [then, now] = [placeIn(lastBase), placeIn(finish.base)];
  return lastBase.components.flatMap(({ name, path, remote, pin, branch, extra }) => {
    if (pin === undefined || pins.get(path) === pin) return [];
    const refs = now.get(name) === then.get(name) ? known.get(name) : undefined;
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

interface Failed {
  readonly tag: string;
  readonly error: unknown;
}

function partial(failed: readonly Failed[], { resume }: Finish): SkerryError {
  const errors = failed.flatMap(({ error }): unknown[] =>
    error instanceof SkerryErrors ? error.errors : [error],
  );
  const tags = failed.map(({ tag }) => `'${tag}'`).join(' and ');
  const data = {
    what: `${tags} ${failed.length === 1 ? 'is' : 'are'}`,
    which:
      errors.length === 1
        ? '1 component did not get its'
        : `${errors.length} components did not get their`,
    reason: errors.map(messageOf).join('\n'),
    resume: failed.map(({ tag }) => resume(tag)).join(' && '),
  };
  return new SkerryError('SP_PARTIAL', { data, cause: failed[0]?.error });
}
