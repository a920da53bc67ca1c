import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { buildTag } from './build-commit.ts';
import { fetchPin } from './fetch-pin.ts';
import type { Network } from './network.ts';
import type { Stamp } from './objects.ts';
import { pushPin } from './push-pin.ts';
import { commitOf, listRefs, type Refs } from './remote-refs.ts';
import type { Scratch } from './scratch.ts';
import { settle } from './settle.ts';
import { componentTag } from './tracked.ts';

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
}

export interface Rolled {
  readonly created: readonly string[];
  readonly already: readonly string[];
}

/**
 * Brings a tag into components, forward only: it is made where it is missing, and left where it is right. A tag that
 * names another commit was to be found out before (`tagConflicts`). What fails is tried by the same command again.
 *
 * @throws SkerryErrors with all that failed; nothing is ever deleted or moved
 */
export async function rollForward(
  network: Network,
  scratch: Scratch,
  targets: readonly TagTarget[],
  tag: ComponentTag,
): Promise<Rolled> {
  const { results, errors } = await settle(targets, async (target) => ({
    name: target.name,
    isNew: await tagOne(network, scratch, target, tag),
  }));
  if (errors.length > 0) throw new SkerryErrors(errors);
  const namesOf = (isNew: boolean): string[] =>
    results.filter((one) => one.isNew === isNew).map(({ name }) => name);
  return { created: namesOf(true), already: namesOf(false) };
}

async function tagOne(
  network: Network,
  scratch: Scratch,
  target: TagTarget,
  { tag: superTag, stamp, message, signKey }: ComponentTag,
): Promise<boolean> {
  const { name, remote: url, pin } = target;
  const tag = componentTag(target, superTag);
  const ref = `refs/tags/${tag}`;
  const refs = target.refs ?? (await listRefs(network, url, [ref, `${ref}^{}`], name)).refs;
  if (isTaggedAlready(target, refs, tag)) return false;
  const gitDir =
    target.gitDir ??
    (await fetchPin(network, scratch, { url, about: name, to: pin, from: undefined, refs })).gitDir;
  const object = await buildTag(gitDir, { object: pin, name: tag, stamp, message, signKey });
  const push = { url, about: name, pin, gitDir, branch: target.branch };
  await pushPin(network, scratch, push, tagCommand(url, tag, object));
  return true;
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
