import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { SkerryError, SkerryErrors } from '../../util/errors.ts';
import { collect, type Collection, type Tip } from '../collect.ts';
import { fetchPin } from '../fetch-pin.ts';
import { runGit, tryGit } from '../git.ts';
import type { Network } from '../network.ts';
import { Scratch } from '../scratch.ts';
import { trackedBranch } from '../tracked.ts';
import { CALM, Changes } from './changes.ts';
import { type Checkout, type CheckoutComponent, readCheckout } from './checkout.ts';
import { each } from './each.ts';
import { fetchPinned } from './fetch-pinned.ts';
import { readHead, underWay } from './git-dir.ts';
import { lockCheckout } from './lock.ts';
import { hasCommit, isBefore, isDirty } from './objects-here.ts';
import { selectFrom, type Selection } from './select.ts';
import { syncComponent } from './sync-component.ts';
import { allOrNothing } from './undo.ts';

export interface UpdateOptions extends Selection {
  /** What `branch = .` means; by itself the branch checked out. */
  readonly branch?: string | undefined;
  /** A branch that lost commits which its pin has is followed, too. */
  readonly allowRewind?: boolean | undefined;
  readonly allowTorn?: boolean | undefined;
  readonly dryRun?: boolean | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface UpdatedPin {
  readonly name: string;
  readonly path: string;
  readonly branch: string;
  readonly from: string | undefined;
  readonly to: string;
  readonly isRewound: boolean;
  /** The ref that keeps what HEAD was on and no branch had. */
  readonly rescued?: string | undefined;
  /** What somebody should know of its work tree: that it left its branch. */
  readonly notes: readonly string[];
}

export interface UpdateResult {
  readonly moves: readonly UpdatedPin[];
  /** Components that stay by their policy. */
  readonly kept: readonly { readonly path: string; readonly reason: string }[];
  readonly commands: readonly string[];
  readonly connections: number;
}

/** A component that moves, and by which commit. */
interface Move {
  readonly component: CheckoutComponent;
  readonly tip: Tip;
  readonly isRewound: boolean;
}

/**
 * Moves pins of a checkout to the tips of their branches: in the work trees and in the index, staged and not committed. All
 * tips are read and judged before anything moves; when something fails then, all goes back.
 *
 * @throws SkerryErrors of SP_REWOUND and SP_UPDATE_WORK, and what collect throws
 */
export async function updateCheckout(
  network: Network,
  root: string,
  options: UpdateOptions = {},
): Promise<UpdateResult> {
  const { signal } = network;
  await using _lock = await lockCheckout(network, root, {
    command: 'update',
    isDryRun: options.dryRun,
  });
  const checkout = await readCheckout(root, signal);
  const chosen = selectFrom(checkout, options);
  const superBranch = options.branch ?? checkout.head.branch;
  refuseUnknownDot(chosen, superBranch);
  const collection = await collect(network, chosen, {
    superBranch: superBranch ?? '',
    onProgress: options.onProgress,
    ...(options.allowTorn && { allowTorn: true }),
  });
  const changes = new Changes(network, options.dryRun);
  const moves = await judge(changes, checkout, collection, options);
  const moved = await apply(changes, checkout, moves, superBranch);
  return {
    moves: moves.map(({ component: { name, path, pin: from }, tip, isRewound }, at) => ({
      ...{ name, path, branch: tip.branch, from, to: tip.commit, isRewound },
      ...(moved[at] ?? UNTOUCHED),
    })),
    kept: collection.kept.map(({ component, reason }) => ({ path: component.path, reason })),
    commands: changes.commands,
    connections: network.connections,
  };
}

/** `branch = .` on a detached HEAD is nobody's branch (a CI job's checkout). @throws SP_NO_BRANCH */
function refuseUnknownDot(
  chosen: readonly CheckoutComponent[],
  superBranch: string | undefined,
): void {
  const dot = chosen.find(({ branch }) => branch === '.');
  if (dot && superBranch === undefined)
    throw new SkerryError('SP_NO_BRANCH', { data: { what: `${dot.path} follows '.'` } });
}

/** Which components move. Fetches commits, which changes nothing that anybody sees. @throws SkerryErrors */
async function judge(
  changes: Changes,
  { components }: Checkout,
  { tips }: Collection,
  { allowRewind, onProgress }: UpdateOptions,
): Promise<readonly Move[]> {
  await using scratch = await Scratch.create();
  const here = new Map(components.map((component) => [component.name, component]));
  const moving = tips.flatMap((tip) => {
    const component = here.get(tip.component.name);
    return component && component.pin !== tip.commit ? [{ component, tip }] : [];
  });
  onProgress?.(`checking ${moving.length} that moved`);
  const errors: SkerryError[] = [];
  const judged = await each(moving, JUDGED, async ({ component, tip }): Promise<Move> => {
    const problem = await workIn(component, changes.signal);
    if (problem) errors.push(problem);
    const isRewound = await isRewind(changes, scratch, component, tip);
    if (isRewound && !allowRewind) errors.push(rewound(component, tip));
    return { component, tip, isRewound };
  });
  if (errors.length > 0) throw new SkerryErrors(errors);
  return judged;
}

async function workIn(
  { state, path, dir, at }: CheckoutComponent,
  signal: AbortSignal | undefined,
): Promise<SkerryError | undefined> {
  if (state !== 'present') return undefined;
  const busy = underWay(at.gitDir);
  const reason =
    busy === undefined ? 'it has changes that are not committed' : `${busy} is under way`;
  if (busy === undefined && !(await isDirty(dir, signal))) return undefined;
  return new SkerryError('SP_UPDATE_WORK', { data: { path, reason } });
}

async function isRewind(
  changes: Changes,
  scratch: Scratch,
  { state, dir, at, path, name, pin, remote, configuredUrl }: CheckoutComponent,
  { commit, refs }: Tip,
): Promise<boolean> {
  const where = { cwd: dir, signal: changes.signal };
  if (state === 'present' && (!changes.isDryRun || (await hasCommit(commit, where)))) {
    const url = configuredUrl ?? remote;
    const question = { cwd: dir, commonDir: at.commonDir, path, url };
    // What is fetched is no part of the plan: it is fetched to make it.
    const fetching = new Changes(changes.network);
    if (!(await hasCommit(commit, where)))
      await fetchPinned(fetching, { ...question, pin: commit });
    if (pin === undefined || (await isBefore(pin, commit, where))) return false;
    // A shallow clone only lacks what is between the two; its remote has it.
    if (!existsSync(join(at.commonDir, 'shallow'))) return true;
  }
  const question = { url: remote, about: name, to: commit, from: pin, refs };
  return (await fetchPin(changes.network, scratch, question)).relation === 'rewound';
}

function rewound({ name, pin = '' }: CheckoutComponent, { branch, commit }: Tip): SkerryError {
  const data = { name, branch, from: pin.slice(0, 12), to: commit.slice(0, 12) };
  return new SkerryError('SP_REWOUND', { data });
}

/** Components that are judged at once: as many as a host is asked at most. */
const JUDGED = 32;
/** Work trees that are checked out at once. */
const WIDTH = 8;

/** What became of a work tree. */
type Moved = Pick<UpdatedPin, 'rescued' | 'notes'>;

const UNTOUCHED: Moved = { notes: [] };

/** The work trees, each taken back when a later one fails; then the index, in one step. */
async function apply(
  changes: Changes,
  checkout: Checkout,
  moves: readonly Move[],
  superBranch: string | undefined,
): Promise<readonly Moved[]> {
  const { root } = checkout;
  if (moves.length === 0) return [];
  return allOrNothing(async (defer) => {
    const moved = await each(moves, WIDTH, async ({ component, tip }) => {
      if (component.state !== 'present') return UNTOUCHED;
      defer(() => goBack(changes, component, tip.commit));
      return forward(changes, checkout, component, { tip, superBranch });
    });
    for (const { component, tip } of moves)
      await changes.own(
        ['update-index', '--add', '--cacheinfo', `160000,${tip.commit},${component.path}`],
        root,
        async () => {},
      );
    const input = moves
      .map(({ component, tip }) => `160000 ${tip.commit}\t${component.path}\0`)
      .join('');
    if (!changes.isDryRun)
      await runGit([...CALM, 'update-index', '-z', '--index-info'], {
        cwd: root,
        signal: changes.signal,
        input,
      });
    return moved;
  });
}

async function forward(
  changes: Changes,
  checkout: Checkout,
  component: CheckoutComponent,
  { tip, superBranch }: { tip: Tip; superBranch: string | undefined },
): Promise<Moved> {
  const branch = trackedBranch(component, superBranch);
  const target = { ...component, pin: tip.commit };
  const { status, notes, rescued } = await syncComponent(changes, checkout, target, {
    isAttaching: false,
    branch,
  });
  if (status !== 'left') return { rescued, notes };
  const data = { path: component.path, reason: notes.join(', ') };
  throw new SkerryError('SP_UPDATE_WORK', { data });
}

/**
 * Where HEAD was, and its branch with it, if both still are where the update set them: what somebody committed since then
 * stays on its branch, and he stays on it.
 */
async function goBack(
  changes: Changes,
  { dir, at, head }: CheckoutComponent,
  set: string,
): Promise<void> {
  if (head?.commit === undefined || changes.isDryRun) return;
  // Not with the signal of the command: an interrupted update goes back as well.
  const now = await readHead(at);
  if (now.commit !== set || head.commit === set) return;
  const checkout = (...to: string[]): Promise<unknown> =>
    runGit([...CALM, 'checkout', '--quiet', ...to, '--'], { cwd: dir });
  await checkout('--detach', head.commit);
  if (head.branch === undefined) return;
  // With the old value: a branch that has moved since is left alone.
  const args = [...CALM, 'update-ref', `refs/heads/${head.branch}`, head.commit, set];
  if (now.branch === head.branch) await tryGit(args, { cwd: dir, answers: [1, 128] });
  await checkout(head.branch);
}
