import { runGit } from '../git.ts';
import type { Verdict } from './verdict.ts';

export interface CommitRange {
  readonly gitDir: string;
  readonly good: string;
  readonly bad: string;
  /** Only the commits of the branch itself, not those merged into it. */
  readonly isFirstParent: boolean;
  /** Commits that may be tested; all unless told. */
  readonly only?: ReadonlySet<string> | undefined;
  readonly signal?: AbortSignal | undefined;
}

export interface FoundCommit {
  /** The newest that is good, of those that were tested on the way. */
  readonly good: string;
  readonly bad: string;
  /** Those that may be the first bad one as well, because they could not be tested. */
  readonly suspects: readonly string[];
}

/** Looks for the first bad commit between a good and a bad one, in a history with merges too, with few tests. */
export async function searchCommits(
  range: CommitRange,
  test: (commit: string, left: number) => Promise<Verdict>,
): Promise<FoundCommit> {
  const goods = [range.good];
  const skipped = new Set<string>();
  let { bad } = range;
  for (;;) {
    const list = (await candidates(range, bad, goods)).filter(
      (commit) => commit !== bad && (range.only?.has(commit) ?? true),
    );
    const next = list.find((commit) => !skipped.has(commit));
    if (next === undefined) return { good: goods.at(-1) ?? range.good, bad, suspects: list };
    const verdict = await test(next, list.length);
    if (verdict === 'good') goods.push(next);
    else if (verdict === 'bad') bad = next;
    else skipped.add(next);
  }
}

/** Commits that may be the first bad one; those first that halve the rest best (git-rev-list(1) --bisect-all). */
async function candidates(
  { gitDir, isFirstParent, signal }: CommitRange,
  bad: string,
  goods: readonly string[],
): Promise<string[]> {
  const args = [
    ...['rev-list', '--bisect-all'],
    ...(isFirstParent ? ['--first-parent'] : []),
    ...[bad, '--not', ...goods],
  ];
  const out = (await runGit(args, { cwd: gitDir, signal })).toString();
  return out.split('\n').flatMap((line) => line.split(' ', 1)[0] || []);
}

export interface FoundStep {
  /** How many steps were still good. */
  readonly good: number;
  /** How many were bad at least: one more than `good`, unless some could not be tested. */
  readonly bad: number;
}

/**
 * The same over steps 0 to `count`, of which 0 is good and all of them are bad. One that cannot be tested is passed over for
 * the nearest one that can.
 */
export async function searchSteps(
  count: number,
  test: (step: number) => Promise<Verdict>,
): Promise<FoundStep> {
  const skipped = new Set<number>();
  let [good, bad] = [0, count];
  for (;;) {
    const middle = (good + bad) / 2;
    const left = Array.from({ length: bad - good - 1 }, (_, at) => good + 1 + at);
    const next = left
      .filter((step) => !skipped.has(step))
      .sort((a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b)[0];
    if (next === undefined) return { good, bad };
    const verdict = await test(next);
    if (verdict === 'good') good = next;
    else if (verdict === 'bad') bad = next;
    else skipped.add(next);
  }
}
