import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { allSettled } from '../../util/all-settled.ts';
import { SkerryError } from '../../util/errors.ts';
import { fetchRange } from '../changelog/fetch-commits.ts';
import { fetchRefs, hasAll } from '../fetch-ids.ts';
import { hasComponents } from '../fetch-pin.ts';
import { tryGit } from '../git.ts';
import type { Network } from '../network.ts';
import { superprojectAt } from '../read-superproject.ts';
import { listRefs, type Refs } from '../remote-refs.ts';
import { Scratch } from '../scratch.ts';
import { keepRef, trackedBranch } from '../tracked.ts';
import { canBeHad } from './can-be-had.ts';
import { each } from './each.ts';
import { hasCommit } from './objects-here.ts';

/** As many as a host is asked at once, at most; each starts a few processes, too. */
const WIDTH = 32;

/** A pin that has to be on its remote. */
export interface PinToVerify {
  readonly name: string;
  readonly path: string;
  readonly remote: string;
  readonly pin: string;
  /** A branch of its remote that may lead to it; the default branch unless told. */
  readonly branch?: string | undefined;
  /** A repository that may have its history; without one more has to be asked of the remote. */
  readonly cwd?: string | undefined;
}

/** A pin that a fresh clone would not get, with why. */
export interface DanglingPin extends PinToVerify {
  readonly reason: string;
}

/**
 * Which pins are not on their remotes. Never answered from this computer's objects alone: they have what was made here and
 * pushed nowhere. One connection each; where history here does not tell two more, and others for a pin that is not on the
 * branch it was pinned from.
 *
 * @throws what runGit throws, when a remote cannot be asked
 */
export async function danglingPins(
  network: Network,
  pins: readonly PinToVerify[],
  onProgress?: (text: string) => void,
): Promise<readonly DanglingPin[]> {
  await using scratch = await Scratch.create();
  let done = 0;
  const nested = await each(pins, WIDTH, (one) => withNested(one, network.signal));
  const all = nested.flat();
  const answers = await each(all, WIDTH, async (one) => {
    const reason = await whyDangling(network, scratch, one);
    onProgress?.(`verifying ${++done}/${all.length}`);
    return reason === undefined ? [] : [{ ...one, reason }];
  });
  return answers.flat();
}

/** A pin with those of its own components, as far as the objects here tell of them. */
async function withNested(one: PinToVerify, signal?: AbortSignal): Promise<PinToVerify[]> {
  const { cwd, remote: url, pin, name, path } = one;
  const isHere = cwd !== undefined && (await hasCommit(pin, { cwd, signal }));
  if (!isHere || !(await hasComponents(cwd, pin))) return [one];
  const { components } = await superprojectAt(cwd, { url, commit: pin });
  const nested = components.flatMap((component): PinToVerify[] => {
    if (component.pin === undefined) return [];
    const dir = join(cwd, component.path);
    return [
      {
        name: `${name}/${component.name}`,
        path: `${path}/${component.path}`,
        remote: component.remote,
        pin: component.pin,
        branch: trackedBranch(component, undefined),
        cwd: existsSync(join(dir, '.git')) ? dir : undefined,
      },
    ];
  });
  const deeper = await allSettled(nested.map((each) => withNested(each, signal)));
  return [one, ...deeper.flat()];
}

/** Why a fresh clone would not get a pin, now or after a garbage collection; undefined where it would. */
async function whyDangling(
  network: Network,
  scratch: Scratch,
  question: PinToVerify,
): Promise<string | undefined> {
  const { cwd = localRepository(question.remote) } = question;
  return WORDS[await standingOf(network, scratch, { ...question, cwd })];
}

const WORDS = {
  kept: undefined,
  loose: 'it is on no branch or tag of its remote',
  gone: 'its remote has no such commit',
} as const;

/**
 * How a pin stands at its remote: a branch, a tag or its keep ref leads to it; it can be had, but nothing there keeps it:
 * gone at the next garbage collection; or it is not there.
 *
 * @throws what runGit throws, when the remote cannot be asked
 */
export async function standingOf(
  network: Network,
  scratch: Scratch,
  { name, remote: url, pin, branch, cwd }: Omit<PinToVerify, 'path'>,
): Promise<keyof typeof WORDS> {
  const patterns = ['HEAD', 'refs/heads/*', 'refs/tags/*', keepRef(pin)];
  const { refs } = await listRefs(network, url, patterns, name);
  if ([...refs.values()].includes(pin)) return 'kept';
  const known = cwd === undefined ? undefined : await isOnRefs(pin, refs, cwd, network.signal);
  if (known ?? (await isOnRemote(network, scratch, { url, about: name, pin, branch, refs })))
    return 'kept';
  return (await canBeHad(network, scratch, { url, about: name, pin, refs })) ? 'loose' : 'gone';
}

interface RemoteQuestion {
  readonly url: string;
  readonly about: string;
  readonly pin: string;
  readonly branch: string | undefined;
  readonly refs: Refs;
}

/**
 * Whether a branch or tag of a remote leads to a pin. First the branch that it was pinned from is looked at, of which only
 * the commits after the pin are fetched; then all, which may be many.
 */
async function isOnRemote(
  network: Network,
  scratch: Scratch,
  { url, about, pin, branch, refs }: RemoteQuestion,
): Promise<boolean> {
  const tip = refs.get(`refs/heads/${branch}`) ?? refs.get('HEAD');
  try {
    const range = { url, about, from: pin, to: tip ?? pin };
    if (tip !== undefined && (await fetchRange(network, scratch, range)).isForward) return true;
  } catch (error) {
    // A host of protocol v0, or one without filters, or one that has no such commit: all of it shows.
    if (!(error instanceof SkerryError) || error.code !== 'SP_GIT') throw error;
  }
  return isInGraph(network, scratch, { url, about, pin });
}

/** Fetches all commits that the branches and tags of a remote lead to, without folders and files, and looks for the pin. */
async function isInGraph(
  network: Network,
  scratch: Scratch,
  { url, about, pin }: Pick<RemoteQuestion, 'url' | 'about' | 'pin'>,
): Promise<boolean> {
  const gitDir = await scratch.repository(pin);
  await fetchRefs(network, { url, about, gitDir }, 'tree:0');
  return hasAll(gitDir, [pin]);
}

/** Undefined where the objects here do not tell: the remote may have newer commits than they know, or a shallow clone lacks the way. */
async function isOnRefs(
  pin: string,
  refs: Refs,
  cwd: string,
  signal: AbortSignal | undefined,
): Promise<boolean | undefined> {
  if (!(await hasCommit(pin, { cwd, signal }))) return undefined;
  const ids = [...new Set(refs.values())];
  const input = [pin, ...ids.map((id) => `^${id}`), ''].join('\n');
  const args = ['rev-list', '--max-count=1', '--ignore-missing', '--stdin'];
  const { stdout } = await tryGit(args, { cwd, signal, input });
  if (stdout.length === 0) return true;
  const shallow = await tryGit(['rev-parse', '--is-shallow-repository'], { cwd, signal });
  if (shallow.stdout.toString().trim() === 'true') return undefined;
  const check = ['cat-file', '--batch-check=%(objecttype)'];
  const found = await tryGit(check, { cwd, signal, input: ids.map((id) => `${id}\n`).join('') });
  return found.stdout.toString().includes('missing') ? undefined : false;
}

/** A remote that is a folder here answers for itself. */
function localRepository(url: string): string | undefined {
  return url.startsWith('/') && existsSync(url) ? url : undefined;
}
