import { SkerryError, SkerryErrors } from '../util/errors.ts';
import type { Network } from './network.ts';
import type { PinnedComponent } from './read-superproject.ts';
import { branchTip, listRefs, type Refs } from './remote-refs.ts';
import { pinRefs, policyOf, trackedBranch } from './tracked.ts';

/** What one component's remote said. */
export interface Tip {
  readonly component: PinnedComponent;
  /** The branch that was read. */
  readonly branch: string;
  readonly commit: string;
  /** What it has of the refs that were asked for: branch, keep refs, tags. */
  readonly refs: Refs;
}

/** A component that stays where it is: by its policy, or because its remote could not be read and the policy allows it. */
export interface Kept {
  readonly component: PinnedComponent;
  readonly reason: 'frozen' | 'unreadable';
  /** What its remote said. */
  readonly detail?: string;
}

export interface Collection {
  readonly tips: readonly Tip[];
  readonly kept: readonly Kept[];
  /** How often all remotes were read. */
  readonly rounds: number;
  /** False only with `allowTorn`: no two reads after each other agreed. */
  readonly isStable: boolean;
}

export interface CollectOptions {
  /** The branch of the superproject, for components that follow `.`. */
  readonly superBranch: string;
  /** More refs to ask a component's remote for, such as tags; they cost no connection. */
  readonly alsoRefs?: (component: PinnedComponent) => readonly string[];
  /** Reads at most; 5 unless told. */
  readonly maxRounds?: number;
  /** Take the last read when no two agree. */
  readonly allowTorn?: boolean;
  readonly onProgress?: ((text: string) => void) | undefined;
}

type Answer = Tip | SkerryError;

const TELL_MS = 3000;
const NAMED = 5;

/**
 * Reads the tips of all tracked branches so that they belong together: all remotes are read again and again until two
 * reads after each other agree (a double collect: Afek et al., Atomic Snapshots of Shared Memory, 1993). Then there was
 * a moment between the two when all of them were so at once. A branch that went away and came back between two reads
 * stays unseen; a protected branch cannot.
 *
 * @throws SkerryErrors with every component that could not be read; SP_TORN
 */
export async function collect(
  network: Network,
  components: readonly PinnedComponent[],
  options: CollectOptions,
): Promise<Collection> {
  const { maxRounds = 5, onProgress } = options;
  const frozen = components.filter((component) => policyOf(component) === 'frozen');
  const moving = components.filter((component) => policyOf(component) !== 'frozen');
  let before: readonly Answer[] | undefined;
  let isStable = false;
  let round = 0;
  while (!isStable && round < maxRounds) {
    round++;
    onProgress?.(`reading ${moving.length} components, round ${round}`);
    const answers = await readAll(network, moving, options);
    failIfAny(answers, moving);
    isStable = before !== undefined && agree(before, answers);
    before = answers;
  }
  if (!isStable && !options.allowTorn) throw torn(maxRounds);
  return {
    rounds: round,
    isStable,
    tips: (before ?? []).filter((answer): answer is Tip => !(answer instanceof SkerryError)),
    kept: [
      ...frozen.map((component): Kept => ({ component, reason: 'frozen' })),
      ...(before ?? []).flatMap((answer, at): Kept[] => {
        const component = moving[at];
        return answer instanceof SkerryError && component
          ? [{ component, reason: 'unreadable', detail: answer.message }]
          : [];
      }),
    ],
  };
}

async function readAll(
  network: Network,
  components: readonly PinnedComponent[],
  options: CollectOptions,
): Promise<Answer[]> {
  const open = new Set(components.map(({ name }) => name));
  const timer = setInterval(() => options.onProgress?.(waitingFor([...open])), TELL_MS);
  const answers = Promise.all(
    components.map(async (component) => {
      try {
        return await readTip(network, component, options);
      } catch (error) {
        if (error instanceof SkerryError) return error;
        throw error;
      } finally {
        open.delete(component.name);
      }
    }),
  );
  return await answers.finally(() => clearInterval(timer));
}

function waitingFor(names: readonly string[]): string {
  const more = names.length > NAMED ? ` and ${names.length - NAMED} more` : '';
  return `waiting for ${names.slice(0, NAMED).join(', ')}${more}`;
}

/** Reads one component's branch and what it has of the refs that matter, over one connection. */
export async function readTip(
  network: Network,
  component: PinnedComponent,
  { superBranch, alsoRefs }: Pick<CollectOptions, 'superBranch' | 'alsoRefs'>,
): Promise<Tip> {
  const { remote: url, name, pin } = component;
  const tracked = trackedBranch(component, superBranch);
  const patterns = [
    tracked === undefined ? 'HEAD' : `refs/heads/${tracked}`,
    ...pinRefs(pin),
    ...(alsoRefs?.(component) ?? []),
  ];
  const { refs, head } = await listRefs(network, url, patterns, name);
  const branch = tracked ?? head?.replace('refs/heads/', '') ?? 'HEAD';
  const commit = tracked === undefined ? refs.get('HEAD') : branchTip(refs, tracked, url, name);
  if (commit === undefined) branchTip(new Map(), branch, url, name);
  return { component, branch, commit: commit ?? '', refs };
}

function failIfAny(answers: readonly Answer[], components: readonly PinnedComponent[]): void {
  const failed = answers.filter((answer, at): answer is SkerryError => {
    const component = components[at];
    const mayStay = component?.pin !== undefined && policyOf(component) === 'keep-previous';
    return answer instanceof SkerryError && !mayStay;
  });
  if (failed.length === 1 && failed[0]) throw failed[0];
  if (failed.length > 0) throw new SkerryErrors(failed);
}

function agree(before: readonly Answer[], now: readonly Answer[]): boolean {
  return now.every((answer, at) => {
    const other = before[at];
    if (answer instanceof SkerryError || other instanceof SkerryError)
      return answer instanceof SkerryError && other instanceof SkerryError;
    return answer.commit === other?.commit && answer.branch === other.branch;
  });
}

function torn(rounds: number): SkerryError {
  return new SkerryError('SP_TORN', { data: { rounds } });
}
