import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { allSettled } from '../util/all-settled.ts';
import { buildCommit, buildTag } from './build-commit.ts';
import { selectFrom } from './checkout/select.ts';
import { type Collection, collect, type Tip } from './collect.ts';
import { type FetchedPin, fetchPin } from './fetch-pin.ts';
import { formatGit } from './format-git.ts';
import type { Network } from './network.ts';
import { formatMessage, type MovedPin } from './nightly-message.ts';
import { nestedPins, type ProvenPin } from './nested-pins.ts';
import { type Publication, publish, publishCommand } from './publish.ts';
import { keepCommands, keepProven, type PinToProve, proveAll, type Unkept } from './prove-pin.ts';
import type { PinnedComponent, Superproject } from './read-superproject.ts';
import type { Refs } from './remote-refs.ts';
import { sharedTags, tagTaken } from './roll-forward.ts';
import type { Scratch } from './scratch.ts';
import { settleAll } from './settle.ts';
import { readStill } from './still-pins.ts';
import { componentTag, isProven, tagRefs } from './tracked.ts';

export interface MoveRules {
  /** Only these paths or names move; all unless told. */
  readonly only?: readonly string[] | undefined;
  /** Of these only those in one of these groups (`superproject-group`). */
  readonly groups?: readonly string[] | undefined;
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
  /** Another tag of the superproject to ask components for. */
  readonly alsoTag?: string | undefined;
  /** Its name was asked for: a component that has it for something else is a refusal then, and else is left out. */
  readonly isTagGiven?: boolean;
  /** Which components get it too; those that moved unless told. */
  readonly tagged?: 'changed' | 'all' | 'none' | undefined;
  /** Tag the commit that is there when nothing moved. */
  readonly tagUnmoved?: boolean;
  /** The error where something did: the tag is on the commit that is there. */
  readonly refusal?: SkerryError | undefined;
}

/** One component after the transaction, with what was learned of it. */
export interface Move extends MovedPin {
  readonly component: PinnedComponent;
  readonly refs: Refs;
  readonly fetched: FetchedPin;
  /** The pins of its own components, fetched. */
  readonly nested: readonly ProvenPin[];
}

export interface MoveResult {
  readonly status: 'published' | 'unchanged' | 'planned' | 'lost';
  /** The new commit; that of the branch where nothing changed. */
  readonly commit: string;
  readonly moves: readonly Move[];
  readonly collection: Collection;
  /** Pins whose remote takes no refs of ours, with its words. */
  readonly unkept: readonly Unkept[];
  /** Pins that were neither verified nor kept, for their remotes do not answer; they do not move. */
  readonly unread: readonly Unkept[];
  /** Components that have the tag for something else. */
  readonly taken: readonly string[];
  /** The git commands that change something, as they were run, or would be. */
  readonly commands: readonly string[];
  readonly seconds: number;
  readonly message: string;
}

/** What a transaction is about to do. */
interface Plan {
  readonly commit: string;
  readonly publication: Publication;
  readonly commands: readonly string[];
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
  question: MoveQuestion,
  rules: MoveRules,
): Promise<MoveResult> {
  const { base, tag } = question;
  const { onProgress } = rules;
  const collection = await collectFor(network, question, rules);
  const moving = collection.tips.filter(({ component, commit }) => component.pin !== commit);
  if (question.refusal && moving.length > 0) throw question.refusal;
  const taken = tag === undefined ? [] : takenTags(question, tag, collection.tips);
  if (question.isTagGiven && taken.length > 0) throw new SkerryErrors(taken);
  onProgress?.(`checking ${moving.length} that moved`);
  const moves = await settleAll(moving, (tip) => verify(network, scratch, tip));
  if (!rules.allowRewind) refuseRewinds(moves);
  // What does not move is published all the same.
  const { open, unread } = await readUnmoved(network, base, collection);
  const adopted = await proveAll(network, scratch, open);
  const seconds =
    rules.date ?? Math.max(base.seconds, ...moves.map(({ fetched }) => fetched.seconds));
  const message = messageOf(question, rules, collection, moves);
  const found = {
    moves,
    collection,
    seconds,
    message,
    unread,
    taken: taken.map(({ data }) => `${data.name}`),
  };
  const plan = await planOf(question, rules, { moves, adopted, seconds, message });
  const { commit, publication, commands } = plan;
  if (commands.length === 0)
    return { ...found, status: 'unchanged', commit, unkept: [], commands: [] };
  // What has only keep refs to be made is no new commit.
  const planned = publication.updates.length > 0 ? 'planned' : 'unchanged';
  if (rules.dryRun) return { ...found, status: planned, commit, unkept: [], commands };
  onProgress?.('keeping pins');
  const refused = await keepAll(network, scratch, [...moves.map(provenOf), ...adopted]);
  if (publication.updates.length === 0)
    return { ...found, status: 'unchanged', commit, unkept: refused, commands };
  onProgress?.('publishing');
  const outcome = await publish(network, publication);
  const status = outcome === 'done' ? 'published' : 'lost';
  return { ...found, status, commit, unkept: refused, commands };
}

/** What a clone of what was published may lack, and what protects it, in words. Pure. */
export function pinWarnings({ unkept, unread }: Pick<MoveResult, 'unkept' | 'unread'>): string[] {
  return [
    ...unkept.map(
      ({ name, reason }) =>
        `${name}: its remote takes no refs/superproject (${reason}): only its branch keeps the pin, so protect it`,
    ),
    ...unread.map(
      ({ name, reason }) =>
        `${name}: its pin was neither verified nor kept, so a clone of this may lack it, as its remote could not be asked: ${reason}`,
    ),
  ];
}

function collectFor(
  network: Network,
  { base, branch, tag, alsoTag }: MoveQuestion,
  rules: MoveRules,
): Promise<Collection> {
  const tags = [tag, alsoTag].filter((each) => each !== undefined);
  return collect(network, selectComponents(base, rules), {
    superBranch: branch,
    alsoRefs: (component) => tags.flatMap((each) => tagRefs(component, each)),
    onProgress: rules.onProgress,
    ...(rules.maxRounds !== undefined && { maxRounds: rules.maxRounds }),
    ...(rules.allowTorn && { allowTorn: true }),
  });
}

function messageOf(
  { title, base }: MoveQuestion,
  { runKey }: MoveRules,
  { kept, isStable }: Collection,
  moves: readonly Move[],
): string {
  return formatMessage({
    title,
    moved: moves,
    kept: kept.map(({ component, reason }) => ({ name: component.path, reason })),
    count: base.components.length,
    isStable,
    runKey,
  });
}

async function planOf(
  { base, branch, tag, tagUnmoved }: MoveQuestion,
  { identity, signKey }: MoveRules,
  parts: {
    moves: readonly Move[];
    adopted: readonly ProvenPin[];
    seconds: number;
    message: string;
  },
): Promise<Plan> {
  const { moves, adopted, seconds, message } = parts;
  const object = { stamp: { identity, seconds }, message, signKey };
  const pins = new Map(moves.map(({ path, to }) => [path, to]));
  const isMoved = moves.length > 0;
  const commit = isMoved ? await buildCommit(base, { ...object, pins }) : base.commit;
  const updates: { ref: string; to: string; expected: string | undefined }[] = [];
  if (isMoved) updates.push({ ref: `refs/heads/${branch}`, to: commit, expected: base.commit });
  if (tag !== undefined && (isMoved || tagUnmoved)) {
    const to = await buildTag(base.gitDir, { object: commit, name: tag, ...object });
    updates.push({ ref: `refs/tags/${tag}`, to, expected: undefined });
  }
  const publication = { url: base.url, gitDir: base.gitDir, updates };
  const keeps = keepCommands([...moves.map(provenOf), ...adopted]);
  const published = updates.length > 0 ? [formatGit(publishCommand(publication))] : [];
  return { commit, publication, commands: [...keeps, ...published] };
}

function selectComponents(
  { components, url }: Superproject,
  { only = [], groups = [] }: Pick<MoveRules, 'only' | 'groups'>,
): readonly PinnedComponent[] {
  const known = (word: string): boolean =>
    components.some(({ name, path }) => name === word || path === word);
  const unknown = only.filter((word) => !known(word));
  if (unknown.length > 0) {
    const names = components.map(({ path }) => path).join(', ') || 'none';
    throw new SkerryError('SP_COMPONENT_UNKNOWN', {
      data: { url, name: unknown.join(', '), names },
    });
  }
  const isNamed = ({ name, path }: PinnedComponent): boolean =>
    only.length === 0 || only.includes(name) || only.includes(path);
  return selectFrom({ root: '/', components }, { groups }).filter(isNamed);
}

/** Pins that stay, and are not proven by a keep ref yet. @throws SkerryErrors */
async function readUnmoved(
  network: Network,
  { components }: Superproject,
  collection: Collection,
): Promise<{ open: readonly PinToProve[]; unread: readonly Unkept[] }> {
  const { open, unread, errors } = await readStill(network, components, collection);
  if (errors.length > 0) throw new SkerryErrors(errors);
  const atTip = collection.tips.flatMap(({ component, commit: pin, branch, refs }) =>
    component.pin === pin && !isProven(refs, pin) ? [{ component, pin, branch, refs }] : [],
  );
  return { open: [...atTip, ...open], unread };
}

async function verify(network: Network, scratch: Scratch, tip: Tip): Promise<Move> {
  const { component, branch, commit: to, refs } = tip;
  const { name, path, pin: from, remote: url } = component;
  const fetched = await fetchPin(network, scratch, { url, about: name, to, from, refs });
  const isRewound = fetched.relation === 'rewound';
  const carrier = { about: name, url, commit: to, gitDir: fetched.gitDir };
  const nested = await nestedPins(network, scratch, carrier);
  return { component, name, path, branch, from, to, isRewound, refs, fetched, nested };
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

/** Components that have the tag already, for another commit; and those that another one gets it for. */
function takenTags({ tagged }: MoveQuestion, tag: string, tips: readonly Tip[]): SkerryError[] {
  const taken = tips.flatMap(({ component, commit, refs }) => {
    const found = tagTaken({ ...component, pin: commit }, refs, componentTag(component, tag));
    return found ? [found] : [];
  });
  const targets = tips
    .filter(({ component, commit }) => tagged === 'all' || component.pin !== commit)
    .map(({ component, commit }) => ({ ...component, pin: commit }));
  return tagged === 'none' ? taken : [...taken, ...sharedTags(targets, tag)];
}

function provenOf({ component, name, to, branch, fetched, nested }: Move): ProvenPin {
  const { gitDir } = fetched;
  return { own: { url: component.remote, about: name, pin: to, branch, gitDir }, nested };
}

async function keepAll(
  network: Network,
  scratch: Scratch,
  pins: readonly ProvenPin[],
): Promise<Unkept[]> {
  return (await allSettled(pins.map((pin) => keepProven(network, scratch, pin)))).flat();
}
