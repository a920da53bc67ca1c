import { allSettled } from '../../util/all-settled.ts';
import { SkerryError, SkerryErrors } from '../../util/errors.ts';
import { Changes } from '../checkout/changes.ts';
import { lockCheckout } from '../checkout/lock.ts';
import { type Checkout, readCheckout } from '../checkout/checkout.ts';
import { runGit } from '../git.ts';
import type { Network } from '../network.ts';
import { readBranch } from '../read-branch.ts';
import { listRefs } from '../remote-refs.ts';
import { Scratch } from '../scratch.ts';
import { keepRef } from '../tracked.ts';
import {
  checkConflicts,
  checkDot,
  checkHalves,
  checkLeftOvers,
  checkOverrides,
} from './check-checkout.ts';
import { checkDetached, checkRefspecs } from './check-clones.ts';
import {
  checkBots,
  checkFileProtocol,
  checkJobs,
  checkNames,
  checkUnwritten,
  checkWorktrees,
} from './check-habits.ts';
import { checkPins } from './check-pins.ts';
import { checkAbsolute, checkBranches, checkUnreadable } from './check-remotes.ts';
import type { Answer, Check, Finding, Patient, PatientComponent } from './patient.ts';

const CHECKS: readonly Check[] = [
  ...[checkUnreadable, checkPins, checkDetached, checkUnwritten, checkRefspecs, checkOverrides],
  ...[checkDot, checkBranches, checkAbsolute, checkConflicts, checkHalves, checkLeftOvers],
  ...[checkFileProtocol, checkJobs, checkWorktrees, checkBots, checkNames],
];

export interface DoctorOptions {
  /** The root of a checkout; else the superproject's url. */
  readonly at: { readonly root: string } | { readonly url: string };
  /** The superproject's branch; by itself the one checked out, or the remote's default branch. */
  readonly branch?: string | undefined;
  readonly onProgress?: ((text: string) => void) | undefined;
}

export interface Diagnosis {
  /** How many components it has; none where `.gitmodules` is refused. */
  readonly components: number | undefined;
  /** By pain. */
  readonly findings: readonly Finding[];
}

/** Looks for all pains. Changes nothing. @throws what runGit throws, when the superproject itself cannot be read */
export async function diagnose(network: Network, options: DoctorOptions): Promise<Diagnosis> {
  await using scratch = await Scratch.create();
  // Not without await: the scratch folder would go while it is worked in.
  return await examine(network, scratch, options);
}

export interface Mended extends Diagnosis {
  /** Those that are gone. */
  readonly fixed: readonly Finding[];
  /** Why others are not. */
  readonly errors: readonly SkerryError[];
  readonly commands: readonly string[];
}

/**
 * Looks, mends what can be mended, and looks again: `fixed` is what is not found any more. With `dryRun` it only collects
 * the commands.
 */
export async function mend(
  network: Network,
  options: DoctorOptions & { readonly dryRun?: boolean | undefined },
): Promise<Mended> {
  const root = 'root' in options.at ? options.at.root : '';
  const isDryRun = options.dryRun === true || root === '';
  await using _lock = await lockCheckout(network, root, { command: 'doctor', isDryRun });
  await using scratch = await Scratch.create();
  const before = await examine(network, scratch, options);
  const changes = new Changes(network, options.dryRun);
  const errors: SkerryError[] = [];
  for (const { fix } of before.findings)
    try {
      await fix?.(changes);
    } catch (error) {
      if (!(error instanceof SkerryError)) throw error;
      errors.push(error);
    }
  const { commands } = changes;
  if (options.dryRun || commands.length === 0) return { ...before, fixed: [], errors, commands };
  const after = await examine(network, scratch, options);
  const key = ({ pain, path, message }: Finding): string => `${pain} ${path} ${message}`;
  const still = new Set(after.findings.map(key));
  const fixed = before.findings.filter((one) => one.fix && !still.has(key(one)));
  return { ...after, fixed, errors, commands };
}

async function examine(
  network: Network,
  scratch: Scratch,
  { at, branch, onProgress }: DoctorOptions,
): Promise<Diagnosis> {
  try {
    const seen =
      'root' in at
        ? await ofCheckout(network, at.root, branch)
        : await ofUrl(network, scratch, at.url, branch);
    const answers = await ask(network, seen.components, onProgress);
    const patient: Patient = { ...seen, network, scratch, answers };
    const findings: Finding[] = [];
    for (const check of CHECKS) findings.push(...(await check(patient)));
    return { components: seen.components.length, findings: findings.toSorted(byPain) };
  } catch (error) {
    network.signal?.throwIfAborted();
    return { components: undefined, findings: refusals(error) };
  }
}

function byPain(one: Finding, other: Finding): number {
  return Number(one.pain.slice(5)) - Number(other.pain.slice(5));
}

type Seen = Omit<Patient, 'network' | 'scratch' | 'answers'>;

async function ofCheckout(
  network: Network,
  root: string,
  branch: string | undefined,
): Promise<Seen> {
  const checkout: Checkout = await readCheckout(root, network.signal);
  const out = await runGit(['ls-files', '-z'], { cwd: root, signal: network.signal });
  const { url, components, head } = checkout;
  return { url, branch: branch ?? head.branch, checkout, components, files: pathsOf(out) };
}

async function ofUrl(
  network: Network,
  scratch: Scratch,
  url: string,
  wanted: string | undefined,
): Promise<Seen> {
  const { branch, superproject } = await readBranch(network, scratch, { url, branch: wanted });
  const { gitDir, commit, components } = superproject;
  const out = await runGit(['ls-tree', '-r', '-z', '--name-only', commit], { cwd: gitDir });
  return { url, branch, checkout: undefined, components, files: pathsOf(out) };
}

function pathsOf(out: Buffer): readonly string[] {
  return out.toString().split('\0').filter(Boolean);
}

/** One connection for each component; a remote that cannot be read is an answer too. */
async function ask(
  network: Network,
  components: readonly PatientComponent[],
  onProgress?: (text: string) => void,
): Promise<ReadonlyMap<string, Answer>> {
  let done = 0;
  const answers = await allSettled(
    components.map(async ({ name, path, remote, pin }): Promise<[string, Answer]> => {
      const keep = pin === undefined ? [] : [keepRef(pin)];
      const patterns = ['HEAD', 'refs/heads/*', 'refs/tags/*', ...keep];
      try {
        const { refs, head } = await listRefs(network, remote, patterns, name);
        return [name, { refs, head: head?.replace('refs/heads/', '') }];
      } catch (error) {
        if (!(error instanceof SkerryError)) throw error;
        return [name, { refs: new Map(), head: undefined, error }];
      } finally {
        onProgress?.(`${++done}/${components.length} ${path}`);
      }
    }),
  );
  return new Map(answers);
}

/** What the strict reader refuses is what doctor was asked for; everything else stays an error. */
function refusals(error: unknown): readonly Finding[] {
  const all = error instanceof SkerryErrors ? error.errors : [error];
  return all.map((one): Finding => {
    if (!(one instanceof SkerryError)) throw error;
    const { code, message, place, hint } = one;
    const where = place ? `${place.file}:${place.line}:${place.column}: ` : '';
    const text = `${where}${message}`;
    if (code === 'SP_GITLINK_STRAY')
      return { pain: 'pain-11', level: 'problem', message: text, hint };
    if (code !== 'SP_GITMODULES_INVALID' && code !== 'SP_GITMODULES_LINK') throw error;
    const pain = / its (path|name) is (that of|inside)/.test(message) ? 'pain-22' : 'pain-23';
    return { pain, level: 'problem', message: text, hint };
  });
}
