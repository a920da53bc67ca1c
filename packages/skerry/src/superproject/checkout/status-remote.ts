import { SkerryError } from '../../util/errors.ts';
import type { Network } from '../network.ts';
import type { PinnedComponent } from '../read-superproject.ts';
import { listRefs } from '../remote-refs.ts';
import type { Scratch } from '../scratch.ts';
import { keepRef, trackedBranch } from '../tracked.ts';
import { fetchCommits } from '../changelog/fetch-commits.ts';
import { canBeHad } from './can-be-had.ts';
import { countBetween, hasCommit, isBefore } from './objects-here.ts';

/** What a component's remote says. */
export interface RemoteStatus {
  /** The branch that it follows; the default branch of its remote where `.gitmodules` names none. */
  readonly branch: string | undefined;
  /** Its tip there; none where the branch is missing. */
  readonly tip: string | undefined;
  /**
   * The pin and the tip: `same`; `behind` or `ahead` or `diverged` where the objects here know; `differs` where they do
   * not; `unpinned`; `branch-missing`; `unreadable` with the error.
   */
  readonly relation:
    | 'same'
    | 'behind'
    | 'ahead'
    | 'diverged'
    | 'differs'
    | 'unpinned'
    | 'branch-missing'
    | 'unreadable';
  /** Commits of the tip that the pin has not, where the objects here know, or they were counted. */
  readonly behind: number | undefined;
  /** The remote does not give the pinned commit out: a fresh clone fails. */
  readonly isPinMissing: boolean;
  readonly error?: SkerryError;
}

export interface RemoteQuestion {
  readonly component: PinnedComponent & { readonly configuredUrl?: string | undefined };
  /** A repository with objects of the component, where there is one. */
  readonly cwd: string | undefined;
  /** The superproject's branch, for `branch = .`. */
  readonly superBranch: string | undefined;
  /** Fetch the commits between pin and tip where the objects here do not tell how many they are. */
  readonly isCounting?: boolean | undefined;
}

/**
 * One connection; a second one only for a pin that is neither the tip, nor kept by a ref, nor known here to come before it.
 * To count takes two more for a tip that is not known here, of commits without their files; four where the branch went
 * back.
 */
export async function remoteStatus(
  network: Network,
  scratch: Scratch,
  question: RemoteQuestion,
): Promise<RemoteStatus> {
  const { component, superBranch } = question;
  const { remote: url, name, pin } = component;
  const branch = trackedBranch(component, superBranch);
  const nothing = { tip: undefined, behind: undefined, isPinMissing: false };
  try {
    const keep = pin === undefined ? [] : [keepRef(pin)];
    const patterns = [branch === undefined ? 'HEAD' : `refs/heads/${branch}`, ...keep];
    const { refs, head } = await listRefs(network, url, patterns, name);
    const followed = branch ?? head?.replace('refs/heads/', '');
    const tip = refs.get(branch === undefined ? 'HEAD' : `refs/heads/${branch}`);
    const compared = await count(network, scratch, question, {
      tip,
      found: await compare(network, question, tip),
    });
    const isKnown = compared.relation === 'same' || compared.isOnBranch;
    const isPinMissing =
      pin !== undefined &&
      !isKnown &&
      refs.get(keepRef(pin)) !== pin &&
      !(await canBeHad(network, scratch, { url, about: name, pin, refs }));
    const { isOnBranch: _, ...rest } = compared;
    return { branch: followed, tip, ...rest, isPinMissing };
  } catch (error) {
    if (!(error instanceof SkerryError)) throw error;
    return { ...nothing, branch, relation: 'unreadable', error };
  }
}

interface Compared extends Pick<RemoteStatus, 'relation' | 'behind'> {
  readonly isOnBranch: boolean;
}

/** Where objects here did not tell, those of the remote do. A pin that is not there is for others to find out. */
async function count(
  network: Network,
  scratch: Scratch,
  { component: { name: about, remote: url, pin }, isCounting }: RemoteQuestion,
  { tip, found }: { tip: string | undefined; found: Compared },
): Promise<Compared> {
  if (!isCounting || found.relation !== 'differs' || tip === undefined || pin === undefined)
    return found;
  try {
    const between = await fetchCommits(network, scratch, { url, about, from: pin, to: tip });
    const { isForward, commits } = between;
    // Both came from there, so that a clone gets the pin, on whatever ref it is.
    if (isForward) return { relation: 'behind', behind: commits.length, isOnBranch: true };
    const relation = commits.length === 0 ? 'ahead' : 'diverged';
    return { relation, behind: undefined, isOnBranch: true };
  } catch (error) {
    if (!(error instanceof SkerryError)) throw error;
    return found;
  }
}

async function compare(
  { signal }: Network,
  { component: { pin }, cwd }: RemoteQuestion,
  tip: string | undefined,
): Promise<Compared> {
  const plain = (relation: RemoteStatus['relation']): Compared => ({
    relation,
    behind: relation === 'same' ? 0 : undefined,
    isOnBranch: false,
  });
  if (tip === undefined) return plain('branch-missing');
  if (pin === undefined) return plain('unpinned');
  if (tip === pin) return plain('same');
  if (cwd === undefined) return plain('differs');
  const where = { cwd, signal };
  if (!(await hasCommit(tip, where)) || !(await hasCommit(pin, where))) return plain('differs');
  if (await isBefore(pin, tip, where)) {
    const behind = await countBetween(pin, tip, where);
    return { relation: 'behind', behind, isOnBranch: true };
  }
  return plain((await isBefore(tip, pin, where)) ? 'ahead' : 'diverged');
}
