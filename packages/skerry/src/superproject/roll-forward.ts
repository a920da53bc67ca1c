import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { buildTag } from './build-commit.ts';
import { fetchPin } from './fetch-pin.ts';
import { denialOf } from './keep-pin.ts';
import type { Network } from './network.ts';
import type { Stamp } from './objects.ts';
import { pushPin } from './push-pin.ts';
import { commitOf, listRefs, type Refs } from './remote-refs.ts';
import type { Scratch } from './scratch.ts';
import { settle } from './settle.ts';
import { componentTag, tagRefs } from './tracked.ts';

export interface TagTarget {
  readonly name: string;
  readonly remote: string;
  readonly pin: string;
  /** Its section's other keys, for the prefix of its tags. */
  readonly extra: Readonly<Record<string, string>>;
  /** The branch it is on, where that is known. */
  readonly branch: string | undefined;
  /** What its remote has, where that was read already. */
  readonly refs?: Refs;
  /** A repository with the pin, where it was fetched already. */
  readonly gitDir?: string;
}

export interface ComponentTag {
  readonly tag: string;
  readonly stamp: Stamp;
  readonly message: string;
  readonly signKey?: string | undefined;
  /** A component that cannot have it is left out: where nobody asked for just this tag there. */
  readonly isOptional?: boolean | undefined;
}

export interface LeftOut {
  readonly name: string;
  readonly reason: string;
}

export interface Rolled {
  readonly created: readonly string[];
  readonly already: readonly string[];
  /** Where the tag is that of something else, or nobody may push. */
  readonly leftOut: readonly LeftOut[];
}

/** What became of one component. */
type Outcome = 'created' | 'already' | { readonly reason: string };

/**
 * Brings a tag into components, forward only: it is made where it is missing, and left where it is right. What fails is
 * tried by the same command again.
 *
 * @throws SkerryErrors with all that failed; nothing is ever deleted or moved
 */
export async function rollForward(
  network: Network,
  scratch: Scratch,
  targets: readonly TagTarget[],
  tag: ComponentTag,
): Promise<Rolled> {
  // Two that are one repository are done one after the other.
  const groups = Map.groupBy(targets, (target) => placeOf(target, tag.tag));
  const { results, errors } = await settle([...groups.values()], (group) =>
    tagGroup(network, scratch, group, tag),
  );
  if (errors.length > 0) throw new SkerryErrors(errors);
  const all = results.flat();
  const namesOf = (which: Outcome): string[] =>
    all.flatMap(({ name, outcome }) => (outcome === which ? [name] : []));
  return {
    created: namesOf('created'),
    already: namesOf('already'),
    leftOut: all.flatMap(({ name, outcome }) =>
      typeof outcome === 'string' ? [] : [{ name, reason: outcome.reason }],
    ),
  };
}

/** The tag of one repository. */
function placeOf(target: Pick<TagTarget, 'remote' | 'extra'>, tag: string): string {
  return `${target.remote}\n${componentTag(target, tag)}`;
}

async function tagGroup(
  network: Network,
  scratch: Scratch,
  group: readonly TagTarget[],
  tag: ComponentTag,
): Promise<{ name: string; outcome: Outcome }[]> {
  const outcomes: { name: string; outcome: Outcome }[] = [];
  let first: TagTarget | undefined;
  for (const target of group) {
    const outcome = await (
      first === undefined ? tagOne(network, scratch, target, tag) : second(target, first, tag)
    ).catch((error: unknown) => leaveOut(error, tag));
    if (typeof outcome === 'string') first ??= target;
    outcomes.push({ name: target.name, outcome });
  }
  return outcomes;
}

async function second(target: TagTarget, first: TagTarget, tag: ComponentTag): Promise<Outcome> {
  const shared = sharedTags([first, target], tag.tag)[0];
  if (shared) throw shared;
  return 'already';
}

function leaveOut(error: unknown, { isOptional }: ComponentTag): Outcome {
  const isTaken =
    error instanceof SkerryError && ['SP_TAG_TAKEN', 'SP_TAG_SHARED'].includes(error.code);
  if (!isOptional || !isTaken) throw error;
  return { reason: error.message };
}

async function tagOne(
  network: Network,
  scratch: Scratch,
  target: TagTarget,
  { tag: superTag, stamp, message, signKey, isOptional }: ComponentTag,
): Promise<Outcome> {
  const { name, remote: url, pin } = target;
  const tag = componentTag(target, superTag);
  const refs = target.refs ?? (await listRefs(network, url, tagRefs(target, superTag), name)).refs;
  if (isTaggedAlready(target, refs, tag)) return 'already';
  const gitDir =
    target.gitDir ??
    (await fetchPin(network, scratch, { url, about: name, to: pin, from: undefined, refs })).gitDir;
  const object = await buildTag(gitDir, { object: pin, name: tag, stamp, message, signKey });
  const push = { url, about: name, pin, gitDir, branch: target.branch };
  try {
    await pushPin(network, scratch, push, tagCommand(url, tag, object));
    return 'created';
  } catch (error) {
    const reason = denialOf(error);
    if (!isOptional || reason === undefined) throw error;
    return { reason };
  }
}

/** The arguments of the push that makes a tag where there is none. */
export function tagCommand(url: string, tag: string, object: string): string[] {
  const ref = `refs/tags/${tag}`;
  return [
    'push',
    '--quiet',
    '--no-thin',
    `--force-with-lease=${ref}:`,
    '--',
    url,
    `${object}:${ref}`,
  ];
}

/** Whether a component has the tag on the pin. @throws SP_TAG_TAKEN when it has it on something else */
function isTaggedAlready(target: TagTarget, refs: Refs, tag: string): boolean {
  const taken = tagTaken(target, refs, tag);
  if (taken) throw taken;
  return refs.has(`refs/tags/${tag}`);
}

/** The error that a component has a tag already, for another commit than the pin; undefined where it does not. */
export function tagTaken(
  { name, remote, pin }: Pick<TagTarget, 'name' | 'remote' | 'pin'>,
  refs: Refs,
  tag: string,
): SkerryError | undefined {
  const found = commitOf(refs, `refs/tags/${tag}`);
  if (found === undefined || found === pin) return undefined;
  return new SkerryError('SP_TAG_TAKEN', { data: { tag, name, url: remote, found, pin } });
}

/** The errors of components that are one repository, where they are to have the same tag on different pins. */
export function sharedTags(
  targets: readonly Pick<TagTarget, 'name' | 'remote' | 'pin' | 'extra'>[],
  superTag: string,
): SkerryError[] {
  const firsts = new Map<string, (typeof targets)[number]>();
  return targets.flatMap((target) => {
    const place = placeOf(target, superTag);
    const first = firsts.get(place) ?? target;
    firsts.set(place, first);
    if (first.pin === target.pin) return [];
    const tag = componentTag(target, superTag);
    const data = { name: target.name, other: first.name, url: target.remote, tag };
    return [new SkerryError('SP_TAG_SHARED', { data })];
  });
}
