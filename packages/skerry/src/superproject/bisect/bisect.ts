import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { SkerryError } from '../../util/errors.ts';
import { lockFile } from '../../util/file-lock.ts';
import { cacheDir } from '../../util/paths.ts';
import { LOG_ARGS, type LogEntry, parseLog } from '../changelog/commit-log.ts';
import { locate, type Origin } from '../changelog/resolve-commit.ts';
import { isBefore } from '../checkout/objects-here.ts';
import { runGit } from '../git.ts';
import type { Network } from '../network.ts';
import { type Superproject, superprojectAt } from '../read-superproject.ts';
import { commitOf, listRefs } from '../remote-refs.ts';
import { type Configuration, Memory } from './memory.ts';
import { searchCommits, searchSteps } from './search.ts';
import { runTest, type Verdict } from './verdict.ts';
import { Workspace } from './workspace.ts';

export interface BisectOptions {
  readonly good: string;
  readonly bad: string;
  readonly command: readonly string[];
  /** Test only commits with such a tag: `master-nightly-*`. */
  readonly tags?: string | undefined;
  /** Begin anew instead of going on from where an earlier run was interrupted. */
  readonly isAnew?: boolean | undefined;
  readonly onStep?: ((text: string) => void) | undefined;
}

const VERDICTS = 'verdicts';

/** A component that broke it, or that may have. */
export interface Suspect {
  /** `.` for the superproject's own files. */
  readonly path: string;
  /** None where it was added. */
  readonly from: string | undefined;
  /** None where it was removed. */
  readonly to: string | undefined;
}

export interface BisectResult {
  /** The newest superproject commit that was found good. */
  readonly good: string;
  readonly bad: LogEntry;
  /** What the bad one is called: the tag that was looked for, or the name it was given. */
  readonly name: string | undefined;
  /** Commits that could not be tested: the first bad one may be among them. */
  readonly untested: readonly string[];
  /** What broke it: one component; more where it could not be told which. */
  readonly suspects: readonly Suspect[];
  /** The first bad commit of the one component. */
  readonly commit: LogEntry | undefined;
  /** Commits of that component that could not be tested. */
  readonly untestedCommits: readonly string[];
  /** Tests that were run now. */
  readonly runs: number;
  /** Answers that an earlier, interrupted run had found. */
  readonly remembered: number;
}

interface Work {
  readonly network: Network;
  readonly origin: Origin;
  readonly options: BisectOptions;
  readonly workspace: Workspace;
  readonly memory: Memory;
  readonly dir: string;
  readonly read: Map<string, Superproject>;
  runs: number;
}

/** A step on the way from the good state to the bad one: one component, or the superproject's own files. */
type Step = Suspect & { readonly remote: string };

/**
 * Finds what broke a superproject: first which of its commits, then which of the components that one moved, then which
 * commit in there. Runs in a clone of its own. Interrupted, the same call goes on from there.
 *
 * @throws SP_BISECT_SWAPPED, SP_BISECT_END, SP_BISECT_COMMAND, SP_REF_MISSING, LOCK_TIMEOUT, and what runGit throws
 */
export async function bisect(
  network: Network,
  origin: Origin,
  options: BisectOptions,
): Promise<BisectResult> {
  const [good, bad] = await locate(network, origin, [options.good, options.bad]);
  const ends = [good?.commit ?? '', bad?.commit ?? ''] as const;
  const key = JSON.stringify([origin.url, ...ends, options.command, options.tags]);
  const name = createHash('sha256').update(key).digest('hex').slice(0, 16);
  const dir = join(cacheDir(), 'superproject-bisect', name);
  await using _lock = await lockFile(`${dir}.lock`, {
    holder: 'another bisection like this one',
    timeoutMs: 1000,
    signal: network.signal,
  });
  if (options.isAnew) await rm(dir, { recursive: true, force: true });
  const work: Work = {
    ...{ network, origin, options, dir, runs: 0, read: new Map() },
    workspace: new Workspace(dir, network, origin),
    memory: await Memory.open(join(dir, VERDICTS)),
  };
  const result = await search(work, ends);
  await rm(dir, { recursive: true, force: true, maxRetries: 3 });
  await rm(`${dir}.lock`, { force: true });
  return result;
}

async function search(work: Work, [good, bad]: readonly [string, string]): Promise<BisectResult> {
  const { network, options, workspace } = work;
  const remembered = work.memory.size;
  const gitDir = await workspace.fetchSuper([good, bad]);
  await refuseSwapped(work, gitDir, [good, bad]);
  await testEnds(work, [good, bad]);
  const tagged = await taggedCommits(work);
  const found = await searchCommits(
    {
      ...{ gitDir, good, bad, isFirstParent: true, signal: network.signal },
      only: tagged && new Set(tagged.keys()),
    },
    async (commit, left) => {
      options.onStep?.(`superproject ${commit.slice(0, 12)}, one of ${left}`);
      return test(work, await configurationAt(work, commit));
    },
  );
  const guilty = await searchComponents(work, found);
  const inside = await searchInside(work, found, guilty);
  return {
    good: found.good,
    bad: await entryOf(gitDir, found.bad),
    name: tagged?.get(found.bad) ?? (found.bad === bad ? options.bad : undefined),
    untested: found.suspects,
    suspects: guilty.map(({ path, from, to }) => ({ path, from, to })),
    commit: inside?.commit,
    untestedCommits: inside?.untested ?? [],
    runs: work.runs,
    remembered,
  };
}

/** @throws SP_BISECT_SWAPPED */
async function refuseSwapped(
  { network: { signal }, options }: Work,
  gitDir: string,
  [good, bad]: readonly [string, string],
): Promise<void> {
  if (!(await isBefore(bad, good, { cwd: gitDir, signal }))) return;
  const how = good === bad ? 'the same commit' : 'older';
  throw new SkerryError('SP_BISECT_SWAPPED', {
    data: { good: options.good, bad: options.bad, how },
  });
}

/** An end that is not what it is said to be makes every answer wrong. @throws SP_BISECT_END */
async function testEnds(work: Work, [good, bad]: readonly [string, string]): Promise<void> {
  const { good: goodName, bad: badName, command, onStep } = work.options;
  const ends = [
    { is: 'good', name: goodName, commit: good },
    { is: 'bad', name: badName, commit: bad },
  ] as const;
  for (const { is, name, commit } of ends) {
    onStep?.(`${name}, which should be ${is}`);
    const verdict = await test(work, await configurationAt(work, commit));
    if (verdict === is) continue;
    const found = verdict === 'skip' ? 'cannot be tested' : `is ${verdict}`;
    // Who mends his test and tries again is not to get the old answer.
    await rm(join(work.dir, VERDICTS), { force: true });
    const data = { name, is, found, command: command.join(' ') };
    throw new SkerryError('SP_BISECT_END', { data });
  }
}

/** Which of the steps between two superproject commits breaks it: taken one after the other, in the order of paths. */
async function searchComponents(
  work: Work,
  { good, bad }: { good: string; bad: string },
): Promise<readonly Step[]> {
  const steps = await stepsBetween(work, good, bad);
  const { good: before, bad: after } = await searchSteps(steps.length, async (count) => {
    const names = steps.slice(0, count).map(({ path }) => path);
    work.options.onStep?.(`with ${names.join(', ')} as in ${bad.slice(0, 12)}`);
    return test(work, await mixture(work, { good, bad }, steps.slice(0, count)));
  });
  return steps.slice(before, after);
}

/** The first bad commit of the guilty component, where it is one that went forward. */
async function searchInside(
  work: Work,
  ends: { good: string; bad: string },
  guilty: readonly Step[],
): Promise<{ commit: LogEntry; untested: readonly string[] } | undefined> {
  const [step] = guilty;
  const { network, workspace } = work;
  if (!step || guilty.length !== 1 || step.path === '.') return undefined;
  const { path, from, to, remote } = step;
  if (from === undefined || to === undefined) return undefined;
  const gitDir = await workspace.fetchComponent(path, remote, [from, to]);
  if (!(await isBefore(from, to, { cwd: gitDir, signal: network.signal }))) return undefined;
  const steps = await stepsBetween(work, ends.good, ends.bad);
  const before = steps.slice(
    0,
    steps.findIndex((each) => each.path === path),
  );
  const base = await mixture(work, ends, before);
  const found = await searchCommits(
    { gitDir, good: from, bad: to, isFirstParent: false, signal: network.signal },
    (commit, left) => {
      work.options.onStep?.(`${path} ${commit.slice(0, 12)}, one of ${left}`);
      return test(work, { ...base, pins: new Map([...base.pins, [path, commit]]) });
    },
  );
  return { commit: await entryOf(gitDir, found.bad), untested: found.suspects };
}

async function test(work: Work, configuration: Configuration): Promise<Verdict> {
  const { memory, workspace, network, options } = work;
  const known = memory.of(configuration);
  if (known !== undefined) return known;
  await workspace.checkout(configuration, await remotesOf(work, configuration));
  const verdict = await runTest({
    command: options.command,
    cwd: workspace.root,
    env: { SKERRY_BISECT_COMMIT: configuration.commit },
    signal: network.signal,
  });
  work.runs++;
  await memory.keep(configuration, verdict);
  options.onStep?.(`  ${verdict}`);
  return verdict;
}

/** The good state with the first steps taken. */
async function mixture(
  work: Work,
  { good, bad }: { good: string; bad: string },
  taken: readonly Step[],
): Promise<Configuration> {
  const from = await configurationAt(work, good);
  const isOwnTaken =
    taken.some(({ path }) => path === '.') || !(await hasOwnChanges(work, good, bad));
  const pins = new Map(from.pins);
  for (const { path, to } of taken)
    if (path === '.') continue;
    else if (to === undefined) pins.delete(path);
    else pins.set(path, to);
  return { commit: isOwnTaken ? bad : good, pins };
}

async function stepsBetween(work: Work, good: string, bad: string): Promise<Step[]> {
  const [before, now] = [await readAt(work, good), await readAt(work, bad)];
  const old = new Map(before.components.map((each) => [each.path, each]));
  const fresh = new Map(now.components.map((each) => [each.path, each]));
  const paths = [...new Set([...old.keys(), ...fresh.keys()])].sort();
  const own: Step = { path: '.', from: good, to: bad, remote: work.origin.url };
  const moved = paths.flatMap((path): Step[] => {
    const [from, to] = [old.get(path)?.pin, fresh.get(path)?.pin];
    const remote = (fresh.get(path) ?? old.get(path))?.remote ?? '';
    return from === to ? [] : [{ path, from, to, remote }];
  });
  const isOwn = moved.length === 0 || (await hasOwnChanges(work, good, bad));
  return isOwn ? [own, ...moved] : moved;
}

/** Whether files of the superproject itself differ, besides pins and `.gitmodules`. */
async function hasOwnChanges({ workspace }: Work, good: string, bad: string): Promise<boolean> {
  const args = ['diff-tree', '-r', '--raw', '-z', '--no-renames', good, bad];
  const fields = (await runGit(args, { cwd: workspace.root })).toString().split('\0');
  return fields.some(
    (field, at) =>
      field.startsWith(':') &&
      !/^:(160000 |\d+ 160000 )/.test(field) &&
      fields[at + 1] !== '.gitmodules',
  );
}

async function configurationAt(work: Work, commit: string): Promise<Configuration> {
  const { components } = await readAt(work, commit);
  const pins = components.flatMap(({ path, pin }) =>
    pin === undefined ? [] : [[path, pin] as const],
  );
  return { commit, pins: new Map(pins) };
}

async function readAt({ read, workspace, origin }: Work, commit: string): Promise<Superproject> {
  const known = read.get(commit);
  if (known) return known;
  const found = await superprojectAt(workspace.root, { url: origin.url, commit });
  read.set(commit, found);
  return found;
}

/** Where each component comes from: what the commit says; of a mixture, what any commit that was read says. */
async function remotesOf(work: Work, { commit }: Configuration): Promise<Map<string, string>> {
  const all = [...work.read.values(), await readAt(work, commit)];
  return new Map(
    all.flatMap(({ components }) => components.map(({ path, remote }) => [path, remote])),
  );
}

/** Commits with a tag of the pattern, and the tag. */
async function taggedCommits({
  network,
  origin,
  options,
}: Work): Promise<Map<string, string> | undefined> {
  if (options.tags === undefined) return undefined;
  const { refs } = await listRefs(network, origin.url, [`refs/tags/${options.tags}`]);
  return new Map(
    [...refs.keys()].flatMap((ref) => {
      const tag = ref.replace(/\^\{\}$/, '');
      const commit = commitOf(refs, tag);
      return commit === undefined ? [] : [[commit, tag.slice('refs/tags/'.length)] as const];
    }),
  );
}

async function entryOf(gitDir: string, commit: string): Promise<LogEntry> {
  const [entry] = parseLog(
    await runGit([...LOG_ARGS, '--max-count=1', commit, '--'], { cwd: gitDir }),
  );
  if (!entry) throw new Error('a commit has an entry');
  return entry;
}
