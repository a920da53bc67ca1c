import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { allSettled } from '../util/all-settled.ts';
import { buildCommit, buildTag } from './build-commit.ts';
import { type Collection, collect, type Tip } from './collect.ts';
import { type FetchedPin, fetchPin } from './fetch-pin.ts';
import { formatGit } from './format-git.ts';
import { keepCommand, keepPin } from './keep-pin.ts';
import type { Network } from './network.ts';
import { formatMessage, type MovedPin } from './nightly-message.ts';
import { publish, publishCommand } from './publish.ts';
import type { PinnedComponent, Superproject } from './read-superproject.ts';
import type { Refs } from './remote-refs.ts';
import { isTaggedAlready } from './roll-forward.ts';
import type { Scratch } from './scratch.ts';
import { keepRef } from './tracked.ts';

export interface MoveRules {
  /** Only these paths or names move; all unless told. */
  readonly only?: readonly string[] | undefined;
  /** A branch that lost commits its pin has is taken too. */
  readonly allowRewind?: boolean | undefined;
  readonly allowTorn?: boolean | undefined;
  readonly maxRounds?: number | undefined;
  /** `Name <mail>` of the commit and tag. */
  readonly identity: string;
  /** Seconds since 1970; by itself the newest of the parent's and the moved pins' times. */
  readonly date?: number | undefined;
  readonly signKey?: string | undefined;
  readonly runKey?: string | undefined;
  readonly dryRun?: boolean | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface MoveQuestion {
  readonly base: Superproject;
  readonly branch: string;
  /** Tag the commit so. */
  readonly tag?: string | undefined;
  readonly title: string;
  /** Another ref to ask components for. */
  readonly alsoRefs?: readonly string[];
}

/** One component after the transaction, with what was learned of it. */
export interface Move extends MovedPin {
  readonly component: PinnedComponent;
  readonly refs: Refs;
  readonly fetched: FetchedPin;
}

export interface MoveResult {
  readonly status: 'published' | 'unchanged' | 'planned' | 'lost';
  /** The new commit; that of the branch where nothing changed. */
  readonly commit: string;
  readonly moves: readonly Move[];
  readonly collection: Collection;
  /** Pins whose remote takes no refs of ours, with its words. */
  readonly unkept: readonly { readonly name: string; readonly reason: string }[];
  /** The git commands that change something, as they were run, or would be. */
  readonly commands: readonly string[];
  readonly seconds: number;
  readonly message: string;
}

/**
 * Moves pins to the tips of their branches in one commit: collect, verify, build, keep, and then the one push that is
 * the commit point. Whatever happens before it leaves at most keep refs, which change nothing for anybody.
 *
 * @throws SkerryErrors with everything that is refused, before anything is written; what runGit throws
 */
export async function movePins(
  network: Network,
  scratch: Scratch,
  { base, branch, tag, title, alsoRefs = [] }: MoveQuestion,
  rules: MoveRules,
): Promise<MoveResult> {
  const { onProgress } = rules;
  const wanted = selectComponents(base, rules.only);
  const tagRefs = tag === undefined ? [] : [`refs/tags/${tag}`, `refs/tags/${tag}^{}`];
  const collection = await collect(network, wanted, {
    superBranch: branch,
    alsoRefs: [...tagRefs, ...alsoRefs],
    onProgress,
    ...(rules.maxRounds !== undefined && { maxRounds: rules.maxRounds }),
    ...(rules.allowTorn && { allowTorn: true }),
  });
  const moving = collection.tips.filter(({ component, commit }) => component.pin !== commit);
  const unkept = collection.tips.filter((tip) => !moving.includes(tip) && !hasKeep(tip));
  if (tag !== undefined) refuseTakenTags(collection.tips, tag);
  onProgress?.(`checking ${moving.length} that moved`);
  const moves = await allSettled(moving.map((tip) => verify(network, scratch, tip)));
  if (!rules.allowRewind) refuseRewinds(moves);
  const seconds =
    rules.date ?? Math.max(base.seconds, ...moves.map(({ fetched }) => fetched.seconds));
  const message = formatMessage({
    title,
    moved: moves,
    kept: collection.kept.map(({ component, reason }) => ({ name: component.path, reason })),
    count: base.components.length,
    isStable: collection.isStable,
    runKey: rules.runKey,
  });
  const found = { moves, collection, seconds, message };
  if (moves.length === 0 && unkept.length === 0)
    return { ...found, status: 'unchanged', commit: base.commit, unkept: [], commands: [] };

  const stamp = { identity: rules.identity, seconds };
  const pins = new Map(moves.map(({ path, to }) => [path, to]));
  const parts = { stamp, message, signKey: rules.signKey };
  const commit = moves.length === 0 ? base.commit : await buildCommit(base, { ...parts, pins });
  const updates = [
    { ref: `refs/heads/${branch}`, to: commit, expected: base.commit as string | undefined },
  ];
  if (tag !== undefined && moves.length > 0) {
    const object = await buildTag(base.gitDir, { object: commit, name: tag, ...parts });
    updates.push({ ref: `refs/tags/${tag}`, to: object, expected: undefined });
  }
  const publication = { url: base.url, gitDir: base.gitDir, updates };
  const keeps = [
    ...moves.map(({ component, to }) => ({ url: component.remote, pin: to })),
    ...unkept.map(({ component, commit: pin }) => ({ url: component.remote, pin })),
  ].map((each) => formatGit(keepCommand(each)));
  const commands = moves.length === 0 ? keeps : [...keeps, formatGit(publishCommand(publication))];
  if (rules.dryRun) return { ...found, status: 'planned', commit, unkept: [], commands };

  onProgress?.(`keeping ${keeps.length} pins`);
  const adopted = await allSettled(unkept.map((tip) => verify(network, scratch, tip)));
  const refused = await keepAll(network, scratch, [...moves, ...adopted]);
  if (moves.length === 0)
    return { ...found, status: 'unchanged', commit, unkept: refused, commands };
  onProgress?.('publishing');
  const outcome = await publish(network, publication);
  const status = outcome === 'done' ? 'published' : 'lost';
  return { ...found, status, commit, unkept: refused, commands };
}

function selectComponents(
  { components, url }: Superproject,
  only: readonly string[] | undefined,
): readonly PinnedComponent[] {
  if (only === undefined || only.length === 0) return components;
  const known = (word: string): boolean =>
    components.some(({ name, path }) => name === word || path === word);
  const unknown = only.filter((word) => !known(word));
  if (unknown.length > 0) {
    const names = components.map(({ path }) => path).join(', ') || 'none';
    throw new SkerryError('SP_COMPONENT_UNKNOWN', {
      data: { url, name: unknown.join(', '), names },
    });
  }
  return components.filter(({ name, path }) => only.includes(name) || only.includes(path));
}

function hasKeep({ component, refs }: Tip): boolean {
  return component.pin !== undefined && refs.get(keepRef(component.pin)) === component.pin;
}

async function verify(network: Network, scratch: Scratch, tip: Tip): Promise<Move> {
  const { component, branch, commit: to, refs } = tip;
  const { name, path, pin: from, remote: url } = component;
  const fetched = await fetchPin(network, scratch, { url, about: name, to, from, refs });
  const isRewound = fetched.relation === 'rewound';
  return { component, name, path, branch, from, to, isRewound, refs, fetched };
}

function refuseRewinds(moves: readonly Move[]): void {
  const errors = moves
    .filter(({ isRewound }) => isRewound)
    .map(({ name, branch, from = '', to }) => {
      const data = { name, branch, from: from.slice(0, 12), to: to.slice(0, 12) };
      return new SkerryError('SP_REWOUND', { data });
    });
  if (errors.length > 0) throw new SkerryErrors(errors);
}

/** Before anything is written: a tag that a component has already, for another commit, would stop half way. */
function refuseTakenTags(tips: readonly Tip[], tag: string): void {
  const errors: SkerryError[] = [];
  for (const { component, commit, refs } of tips)
    try {
      isTaggedAlready({ name: component.name, remote: component.remote, pin: commit }, refs, tag);
    } catch (error) {
      errors.push(error as SkerryError);
    }
  if (errors.length > 0) throw new SkerryErrors(errors);
}

async function keepAll(
  network: Network,
  scratch: Scratch,
  moves: readonly Move[],
): Promise<{ name: string; reason: string }[]> {
  const answers = await allSettled(
    moves.map(async ({ component, name, to, branch, fetched: { gitDir } }) => ({
      name,
      reason: await keepPin(network, scratch, {
        url: component.remote,
        about: name,
        pin: to,
        branch,
        gitDir,
      }),
    })),
  );
  return answers.flatMap(({ name, reason }) => (reason === undefined ? [] : [{ name, reason }]));
}
