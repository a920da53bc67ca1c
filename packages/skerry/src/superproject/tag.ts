import { allSettled } from '../util/all-settled.ts';
import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { buildTag } from './build-commit.ts';
import { standingOf } from './checkout/verify-pins.ts';
import {
  componentMessage,
  type Finish,
  finishOrPlan,
  finishTag,
  plannedTags,
  tagCommands,
} from './finish-tag.ts';
import { formatGit, formatWords } from './format-git.ts';
import type { Network } from './network.ts';
import type { Stamp } from './objects.ts';
import {
  allOf,
  keepCommands,
  keepProven,
  type PinToProve,
  proveAll,
  provePin,
} from './prove-pin.ts';
import { publish, publishCommand } from './publish.ts';
import { type PinnedComponent, readSuperproject, type Superproject } from './read-superproject.ts';
import { checkRefName } from './ref-name.ts';
import { commitOf, listRefs, type Refs } from './remote-refs.ts';
import { resolveRef } from './resolve-ref.ts';
import { sharedTags, tagTaken } from './roll-forward.ts';
import { Scratch } from './scratch.ts';
import { componentTag, keepRef, tagRefs, trackedBranch } from './tracked.ts';

export interface TagOptions {
  readonly url: string;
  readonly name: string;
  /** What it names: a branch or tag of the superproject. */
  readonly from: string;
  readonly stamp: Stamp;
  readonly message?: string | undefined;
  /** Tag the pins in all components too. */
  readonly components?: boolean | undefined;
  readonly signKey?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface TagResult {
  readonly status: 'published' | 'planned' | 'existing';
  readonly name: string;
  readonly commit: string;
  /** Components that got the tag now. */
  readonly tagged: readonly string[];
  readonly warnings: readonly string[];
  readonly commands: readonly string[];
}

interface Known {
  readonly component: PinnedComponent;
  readonly pin: string;
  readonly refs: Refs;
}

/**
 * Tags a release. Every pin is given a ref in its remote first, so that the tag can be cloned for ever; then the tag goes
 * out, and then, on request, into the components. A name that a component has for another commit is refused before.
 *
 * @throws SP_REF_NAME, SkerryErrors with everything that is refused; SP_TAG_EXISTS, SP_PARTIAL
 */
export async function tag(network: Network, options: TagOptions): Promise<TagResult> {
  const { url, name, from, onProgress, components: isDeep = false } = options;
  checkRefName('the tag', name);
  await using scratch = await Scratch.create();
  const ref = `refs/tags/${name}`;
  const start = await resolveRef(network, url, from, [ref, `${ref}^{}`, `refs/heads/${name}`]);
  if (start.refs.has(`refs/heads/${name}`))
    throw new SkerryError('SP_TAG_IS_BRANCH', { data: { url, tag: name } });
  const present = commitOf(start.refs, ref);
  refuseOther(options, present, start.commit);
  const base = await readSuperproject(network, scratch, { url, commit: start.commit });
  onProgress?.(`reading ${base.components.length} components`);
  const known = await readAll(network, base, name);
  if (isDeep) refuseConflicts(known, name);
  const object = await buildTag(base.gitDir, {
    object: base.commit,
    name,
    stamp: options.stamp,
    message: options.message ?? name,
    signKey: options.signKey,
  });
  const updates = [{ ref, to: object, expected: undefined }];
  const publication = { url, gitDir: base.gitDir, updates };
  const finish: Finish = {
    ...{ url, tag: name, which: 'all', base, last: name, isOptional: false },
    ...{ resume: syncCommand(options), signKey: options.signKey },
  };
  onProgress?.('verifying pins');
  const pins = known.map((one) => ({ ...one, branch: trackedBranch(one.component, undefined) }));
  const proven = await proveAll(network, scratch, pins);
  const tags = async (): Promise<string[]> => {
    if (!isDeep) return [];
    // Of one that is there already the author and time are those of then.
    if (present !== undefined) return await plannedTags(network, finish);
    return await newTags(known, options);
  };
  const commands = [
    ...keepCommands(proven.flatMap((pin, at) => (isKept(known[at]) ? pin.nested : [pin]))),
    ...(present === undefined ? [formatGit(publishCommand(publication))] : []),
    ...(await tags()),
  ];
  const found = { name, commit: base.commit, commands };
  if (options.dryRun) return { ...found, status: 'planned', tagged: [], warnings: [] };
  onProgress?.('keeping pins');
  const refusals = await allSettled(
    proven.map((pin, at) => keepProven(network, scratch, pin, isKept(known[at]))),
  );
  const warnings = refusals
    .flat()
    .map(({ name: of, reason }) => `${of}: its remote keeps no pins (${reason})`);
  const isLost = present === undefined && (await publish(network, publication)) === 'lost';
  // Another runner was faster: with the same commit, at another time, it has done what was to be done.
  if (isLost) {
    const { refs } = await listRefs(network, url, [ref, `${ref}^{}`]);
    refuseOther(options, commitOf(refs, ref), base.commit);
  }
  onProgress?.('tagging components');
  const tagged = isDeep ? (await finishTag(network, scratch, finish)).created : [];
  const status = present === undefined && !isLost ? 'published' : 'existing';
  return { ...found, status, tagged, warnings };
}

/** @throws SP_TAG_EXISTS where the tag is on another commit than that */
function refuseOther(
  { url, name: tag }: Pick<TagOptions, 'url' | 'name'>,
  present: string | undefined,
  wanted: string,
): void {
  if (present === undefined || present === wanted) return;
  throw new SkerryError('SP_TAG_EXISTS', { data: { url, tag, commit: present.slice(0, 12) } });
}

/** What became of the components; `commands` are the pushes that a dry run would have done. */
export interface SyncedTag {
  readonly created: readonly string[];
  readonly already: readonly string[];
  readonly commands: readonly string[];
}

/**
 * Completes the tag of a superproject in its components, reading all from the tag itself.
 *
 * @throws SP_REF_MISSING, SP_PARTIAL
 */
export async function syncTag(
  network: Network,
  options: Pick<TagOptions, 'url' | 'name' | 'dryRun' | 'signKey'>,
): Promise<SyncedTag> {
  const { url, name, dryRun, signKey } = options;
  await using scratch = await Scratch.create();
  const { commit } = await resolveRef(network, url, `refs/tags/${name}`);
  const base = await readSuperproject(network, scratch, { url, commit });
  const finish: Finish = {
    ...{ url, tag: name, which: 'all', base, last: name, isOptional: false },
    ...{ resume: syncCommand(options), signKey },
  };
  return await finishOrPlan(network, scratch, finish, dryRun);
}

export interface VerifiedTag {
  readonly name: string;
  readonly commit: string;
  readonly components: readonly {
    readonly name: string;
    readonly pin: string;
    /** What the component has under this tag. */
    readonly tagged: 'same' | 'other' | 'none';
    /** Whether a ref of ours keeps the pin alive, and whether it can be fetched. */
    readonly isKept: boolean;
    readonly isThere: boolean;
    /** Whether any branch or tag leads to it; else it is gone at the next garbage collection. */
    readonly isReachable: boolean;
    /** Why its remote could not be asked; or which pin of its own components is not to be had, or kept by nothing. */
    readonly error?: SkerryError;
  }[];
}

/** Asks every remote what a tag of the superproject is worth: is each pin there, kept, and tagged the same? */
export async function verifyTag(
  network: Network,
  { url, name }: Pick<TagOptions, 'url' | 'name'>,
): Promise<VerifiedTag> {
  await using scratch = await Scratch.create();
  const { commit } = await resolveRef(network, url, `refs/tags/${name}`);
  const base = await readSuperproject(network, scratch, { url, commit });
  const components = await allSettled(
    base.components.map((component) => verifyOne(network, scratch, component, name)),
  );
  return { name, commit, components };
}

async function verifyOne(
  network: Network,
  scratch: Scratch,
  component: PinnedComponent,
  tagName: string,
): Promise<VerifiedTag['components'][number]> {
  const { name, pin = '' } = component;
  try {
    const { refs } = await readOne(network, component, tagName);
    const hasKeepRef = isKept({ component, pin, refs });
    const tagged = commitOf(refs, `refs/tags/${componentTag(component, tagName)}`);
    const branch = trackedBranch(component, undefined);
    const standing =
      hasKeepRef || tagged === pin
        ? 'kept'
        : await standingOf(network, scratch, { ...component, branch, pin });
    const nested =
      standing === 'gone'
        ? undefined
        : await nestedProblem(network, scratch, { component, pin, branch, refs });
    return {
      name,
      pin,
      tagged: tagged === undefined ? 'none' : tagged === pin ? 'same' : 'other',
      isKept: hasKeepRef,
      isThere: standing !== 'gone',
      isReachable: standing === 'kept' && nested === undefined,
      ...(nested && { error: nested }),
    };
  } catch (error) {
    if (!(error instanceof SkerryError)) throw error;
    return { name, pin, tagged: 'none', isKept: false, isThere: false, isReachable: false, error };
  }
}

/** What is wrong with the pins of a component's own components. */
async function nestedProblem(
  network: Network,
  scratch: Scratch,
  question: PinToProve,
): Promise<SkerryError | undefined> {
  try {
    const { nested } = await provePin(network, scratch, question);
    for (const { about, url, pin, branch } of nested.flatMap(allOf)) {
      const where = { name: about, remote: url, pin, branch };
      const standing = await scratch.once(`standing ${url} ${pin}`, () =>
        standingOf(network, scratch, where),
      );
      if (standing === 'kept') continue;
      const reason = 'it is on no branch or tag of its remote';
      return new SkerryError('SP_PIN_DANGLING', { data: { path: about, pin, reason } });
    }
    return undefined;
  } catch (error) {
    const [first] = error instanceof SkerryErrors ? error.errors : [error];
    if (!(first instanceof SkerryError)) throw error;
    return first;
  }
}

function syncCommand({
  url,
  signKey,
}: Pick<TagOptions, 'url' | 'signKey'>): (name: string) => string {
  const sign = signKey === undefined ? [] : ['--sign', signKey];
  return (name) =>
    formatWords(['skerry', 'superproject', 'tag', '--sync', name, '--url', url, ...sign]);
}

function readAll(network: Network, base: Superproject, tagName: string): Promise<Known[]> {
  return allSettled(base.components.map((component) => readOne(network, component, tagName)));
}

async function readOne(
  network: Network,
  component: PinnedComponent,
  tagName: string,
): Promise<Known> {
  const { name, pin, remote } = component;
  if (pin === undefined) throw new SkerryError('SP_UNPINNED', { data: { name } });
  const { refs } = await listRefs(
    network,
    remote,
    [keepRef(pin), ...tagRefs(component, tagName)],
    name,
  );
  return { component, pin, refs };
}

function refuseConflicts(known: readonly Known[], name: string): void {
  const taken = known.flatMap(({ component, pin, refs }) => {
    const error = tagTaken({ ...component, pin }, refs, componentTag(component, name));
    return error ? [error] : [];
  });
  const pinned = known.map(({ component, pin }) => ({ ...component, pin }));
  const errors = [...taken, ...sharedTags(pinned, name)];
  if (errors.length > 0) throw new SkerryErrors(errors);
}

/** It has its own keep ref, which says nothing of the pins of its components: those are proven and kept in any case. */
function isKept(one: Known | undefined): boolean {
  return one !== undefined && one.refs.get(keepRef(one.pin)) === one.pin;
}

/** The pushes of a new tag into the components that do not have it. */
function newTags(
  known: readonly Known[],
  { name, url, stamp, signKey }: TagOptions,
): Promise<string[]> {
  const open = known.filter(
    ({ component, refs }) => !refs.has(`refs/tags/${componentTag(component, name)}`),
  );
  const targets = open.map(({ component, pin }) => ({ ...component, pin }));
  return tagCommands(targets, { tag: name, stamp, message: componentMessage(name, url), signKey });
}
