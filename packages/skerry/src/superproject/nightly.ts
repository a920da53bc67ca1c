import { shellWord } from '../util/shell-quote.ts';
import { SkerryError } from '../util/errors.ts';
import { type Move, type MoveResult, type MoveRules, movePins, pinWarnings } from './move-pins.ts';
import type { Network } from './network.ts';
import { trailers } from './objects.ts';
import { checkRunKey, newestNightly, nightlyOfRun } from './earlier-nightly.ts';
import { nightlyIn, nightlyTitle } from './nightly-message.ts';
import {
  type Finish,
  finishOrPlan,
  finishTag,
  plannedTags,
  type TagComponents,
} from './finish-tag.ts';
import { formatWords } from './format-git.ts';
import { readSuperproject, type Superproject } from './read-superproject.ts';
import { checkRefName } from './ref-name.ts';
import { branchTip, commitOf, listRefs } from './remote-refs.ts';
import type { Rolled } from './roll-forward.ts';
import { Scratch } from './scratch.ts';
import { lastNightly, nextNightly } from './nightly-name.ts';

/** Who makes nightlies unless told: the same on every machine, so that the commit is too. */
export const DEFAULT_IDENTITY = 'Skerry Superproject <superproject@skerry.invalid>';

export interface NightlyOptions extends Omit<MoveRules, 'identity'> {
  readonly url: string;
  /** The branch of the superproject. */
  readonly branch: string;
  /** The tag; by itself `<branch>-nightly-<n>`, counted on the remote. */
  readonly tag?: string | undefined;
  readonly identity?: string | undefined;
  /** Which components get the tag too; those that moved unless told. */
  readonly tagComponents?: TagComponents | undefined;
  /** Times it is done anew when somebody else was faster; 20 unless told. */
  readonly attempts?: number;
}

export interface NightlyResult {
  /** `existing`: a nightly with this run key, or under this tag with nothing to be moved, is there already. */
  readonly status: 'published' | 'unchanged' | 'planned' | 'existing';
  /** The nightly's tag; where nothing changed the last one, if the tip has one. */
  readonly tag: string | undefined;
  readonly commit: string;
  readonly parent: string;
  readonly branch: string;
  readonly moves: readonly Pick<Move, 'name' | 'path' | 'branch' | 'from' | 'to' | 'isRewound'>[];
  readonly kept: readonly {
    readonly name: string;
    readonly reason: string;
    readonly detail?: string;
  }[];
  readonly warnings: readonly string[];
  /** Components that got the tag now. */
  readonly tagged: readonly string[];
  readonly rounds: number;
  readonly isStable: boolean;
  /** The git commands that change something. */
  readonly commands: readonly string[];
  /** How often another runner was faster. */
  readonly lost: number;
  readonly connections: number;
}

/**
 * Makes a nightly: one commit that pins the tip of every component's branch, and a tag on it. Needs no clone and no work
 * tree. Its only commit point is one atomic push; killed before it nothing happened, killed after it the next nightly,
 * or `resumeNightly`, does what is left.
 *
 * @throws SP_REF_NAME, SkerryErrors, SP_RACE, SP_PARTIAL, SP_TAG_EXISTS, and what runGit throws
 */
export async function nightly(network: Network, options: NightlyOptions): Promise<NightlyResult> {
  const { attempts = 20, tag } = options;
  if (tag !== undefined) checkRefName('the tag', tag);
  checkRunKey(options.runKey);
  for (let lost = 0; lost < attempts; lost++) {
    const result = await attempt(network, options, lost);
    if (result) return result;
    options.onProgress?.('somebody else was faster; once more');
  }
  throw new SkerryError('SP_RACE', { data: { url: options.url, attempts } });
}

async function attempt(
  network: Network,
  options: NightlyOptions,
  lost: number,
): Promise<NightlyResult | undefined> {
  const { url, branch, identity = DEFAULT_IDENTITY, tagComponents = 'changed' } = options;
  await using scratch = await Scratch.create();
  options.onProgress?.('reading the superproject');
  const { refs } = await listRefs(network, url, superRefs(options));
  const base = await readSuperproject(network, scratch, {
    url,
    commit: branchTip(refs, branch, url),
    depth: 2,
  });
  if (base.components.length === 0) throw new SkerryError('SP_NO_COMPONENTS', { data: { url } });
  const tagged = lastNightly(refs, branch, base.commit);
  const about = { url, branch, refs, base };
  if (options.runKey !== undefined) {
    const { runKey } = options;
    const made = await nightlyOfRun(network, scratch, { ...about, runKey, tag: options.tag });
    if (made) return await existing(network, scratch, options, { ...made, lost });
    if (trailers(base.message).get('Run-Key') === runKey)
      return await existing(network, scratch, options, { base, tag: tagged, lost });
  }
  const last = await newestNightly(network, scratch, about);
  const tag = options.tag ?? nextNightly(refs, branch);
  const present = commitOf(refs, `refs/tags/${tag}`);
  const refusal = present === undefined ? undefined : tagExists(url, tag, present);
  // A run that is done again finds its tag on the tip: right, as long as nothing moved.
  if (refusal && present !== base.commit) throw refusal;
  if (refs.has(`refs/heads/${tag}`))
    throw new SkerryError('SP_TAG_IS_BRANCH', { data: { url, tag } });
  const result = await movePins(
    network,
    scratch,
    {
      base,
      branch,
      tag,
      title: nightlyTitle(tag),
      isTagGiven: options.tag !== undefined,
      tagged: tagComponents,
      // What was committed by hand since the last nightly is in one, too.
      tagUnmoved: !refusal && (options.tag !== undefined || tagged === undefined),
      refusal,
      alsoTag: last?.tag,
    },
    { ...options, identity },
  );
  if (result.status === 'lost') return undefined;
  if (refusal) {
    const found = await existing(network, scratch, options, { base, tag, lost });
    const commands = options.dryRun ? [...result.commands, ...found.commands] : [];
    return { ...found, commands, warnings: [...pinWarnings(result), ...found.warnings] };
  }
  const isPlanned = result.status === 'planned';
  const shown = isPlanned || result.status === 'published' ? tag : (tagged ?? last?.tag);
  const finish: Finish = {
    ...{ url, tag: shown, which: tagComponents, isOptional: true, base, result, identity },
    signKey: options.signKey,
    ...{ last: last?.tag, lastBase: last?.base, resume: resumeCommand(options) },
  };
  const parts = { base, result, tag: shown, branch, lost, network };
  if (options.dryRun) return asResult({ ...parts, tags: await plannedTags(network, finish) });
  return asResult({ ...parts, rolled: await finishTag(network, scratch, finish) });
}

/** What became of a tag that was to be finished; `commands` are the pushes that a dry run would have done. */
export interface FinishedTag extends Rolled {
  readonly tag: string;
  readonly commands: readonly string[];
}

/** Finishes what a killed nightly left: its tag in the components. Reads all it needs from the superproject's tag. */
export async function resumeNightly(
  network: Network,
  options: Pick<NightlyOptions, 'url' | 'branch' | 'tag' | 'tagComponents' | 'dryRun' | 'signKey'>,
): Promise<FinishedTag> {
  const { url, branch, tagComponents = 'changed' } = options;
  await using scratch = await Scratch.create();
  const { refs } = await listRefs(network, url, superRefs(options));
  const tag = options.tag ?? lastNightly(refs, branch);
  const commit = tag === undefined ? undefined : commitOf(refs, `refs/tags/${tag}`);
  if (tag === undefined || commit === undefined) {
    const what = tag === undefined ? `nightly of branch '${branch}'` : `tag '${tag}'`;
    const advice = `see what it has: git ls-remote --tags ${shellWord(url)}`;
    throw new SkerryError('SP_REF_MISSING', { data: { url, what, where: '', advice } });
  }
  const base = await readSuperproject(network, scratch, { url, commit, depth: 2 });
  const resume = resumeCommand(options);
  const finish = {
    ...{ url, tag, which: tagComponents, base, last: tag, isOptional: true, resume },
    signKey: options.signKey,
  };
  return { tag, ...(await finishOrPlan(network, scratch, finish, options.dryRun)) };
}

async function existing(
  network: Network,
  scratch: Scratch,
  options: NightlyOptions,
  { base, tag, lost }: { base: Superproject; tag: string | undefined; lost: number },
): Promise<NightlyResult> {
  const { url, branch, tagComponents = 'changed' } = options;
  // A commit that somebody else made, or another nightly, has no component tags of this one to be finished.
  const isOurs = nightlyIn(base.message) === tag || tagComponents === 'all';
  const finish: Finish = {
    ...{ url, tag, which: tagComponents, isOptional: true, base },
    ...{ last: isOurs ? tag : undefined, resume: resumeCommand(options) },
    signKey: options.signKey,
  };
  const commands = options.dryRun ? await plannedTags(network, finish) : [];
  const rolled = options.dryRun ? undefined : await finishTag(network, scratch, finish);
  return {
    status: 'existing',
    tag,
    commit: base.commit,
    parent: base.parents[0] ?? '',
    branch,
    moves: [],
    kept: [],
    warnings: leftOutWarnings(tag, rolled),
    tagged: rolled?.created ?? [],
    rounds: 0,
    isStable: true,
    commands,
    lost,
    connections: network.connections,
  };
}

function resumeCommand({
  url,
  branch,
  tagComponents = 'changed',
  signKey,
}: Pick<NightlyOptions, 'url' | 'branch' | 'tagComponents' | 'signKey'>): (tag: string) => string {
  const which = tagComponents === 'changed' ? [] : ['--tag-components', tagComponents];
  const sign = signKey === undefined ? [] : ['--sign', signKey];
  const about = ['--url', url, '--branch', branch, ...which, ...sign];
  const command = ['skerry', 'superproject', 'nightly', '--resume', ...about];
  return (tag) => formatWords([...command, '--tag', tag]);
}

/** What is said of components that were left out. */
export function leftOutWarnings(tag: string | undefined, rolled: Rolled | undefined): string[] {
  return (rolled?.leftOut ?? []).map(
    ({ name, reason }) => `${name}: not tagged ${tag ?? ''}: ${reason}`,
  );
}

function asResult(parts: {
  base: Superproject;
  result: MoveResult;
  rolled?: Rolled;
  /** Pushes of tags that would be done. */
  tags?: readonly string[];
  tag: string | undefined;
  branch: string;
  lost: number;
  network: Network;
}): NightlyResult {
  const { base, result, rolled, tags = [], tag, branch, lost, network } = parts;
  const { status, commit, moves, collection, taken, commands } = result;
  return {
    status: status === 'lost' ? 'unchanged' : status,
    tag,
    commit,
    parent: base.commit,
    branch,
    moves: moves.map(({ name, path, branch: on, from, to, isRewound }) => ({
      name,
      path,
      branch: on,
      from,
      to,
      isRewound,
    })),
    kept: collection.kept.map(({ component, reason, detail }) => ({
      name: component.name,
      reason,
      ...(detail !== undefined && { detail }),
    })),
    warnings: [
      ...pinWarnings(result),
      ...taken
        .filter((name) => moves.some((move) => move.name === name))
        .map(
          (name) =>
            `${name} has a tag ${tag ?? ''} for something else, and was not tagged; where several superprojects share it: superproject-tag-prefix in .gitmodules`,
        ),
      ...leftOutWarnings(tag, rolled),
    ],
    tagged: rolled?.created ?? [],
    rounds: collection.rounds,
    isStable: collection.isStable,
    commands: [...commands, ...tags],
    lost,
    connections: network.connections,
  };
}

function superRefs({ branch, tag }: Pick<NightlyOptions, 'branch' | 'tag'>): string[] {
  // Branches too: a tag of the same name would be ambiguous.
  const tags = ['tags', 'heads'].map((kind) => `refs/${kind}/${branch}-nightly-*`);
  if (tag !== undefined) tags.push(`refs/tags/${tag}`, `refs/tags/${tag}^{}`, `refs/heads/${tag}`);
  return [`refs/heads/${branch}`, ...tags];
}

function tagExists(url: string, tag: string, commit: string): SkerryError {
  return new SkerryError('SP_TAG_EXISTS', { data: { url, tag, commit: commit.slice(0, 12) } });
}
