import type { SuperprojectEntry } from './changelog/superproject-log.ts';

/** Two components and how often the same commit of the superproject moved both. */
export interface CoupledPair {
  readonly paths: readonly [string, string];
  /** Commits that moved both. */
  readonly together: number;
  /** Commits that moved the first, and the second. */
  readonly each: readonly [number, number];
  /** Of the commits that moved one of them, the part that moved both, from 0 to 1 (Jaccard index). */
  readonly share: number;
  /**
   * How many times more often they moved together than two would that have nothing to do with each other. Components
   * that move every night have a high share and a lift of 1: that says nothing.
   */
  readonly lift: number;
  /** The newest commits that moved both, at most 3. */
  readonly examples: readonly string[];
}

export interface Coupling {
  /** Commits that moved a component, without those that moved too many. */
  readonly commits: number;
  /** Commits that moved more than `most` components: such a day says nothing of pairs. */
  readonly ignored: number;
  /** The strongest first. */
  readonly pairs: readonly CoupledPair[];
}

export interface CouplingRules {
  /** Commits that must have moved both; 3 unless told. */
  readonly least?: number;
  /** Components that one commit may move to count; 100 unless told. */
  readonly most?: number;
  /** From 0 to 1; 0.5 unless told. */
  readonly share?: number;
  /** 1.5 unless told. */
  readonly lift?: number;
}

/**
 * Which components move in the same commits of the superproject, as evidence that they had better be one repository. A
 * component that is added or removed does not count as moved.
 *
 * @param history of one branch, newest first: what `readLog` gives
 */
export function findCoupling(
  history: readonly Pick<SuperprojectEntry, 'id' | 'moves'>[],
  { least = 3, most = 100, share: minShare = 0.5, lift: minLift = 1.5 }: CouplingRules = {},
): Coupling {
  const moved = history
    .map(({ id, moves }) => ({ id, paths: movedPaths(moves) }))
    .filter(({ paths }) => paths.length > 0);
  const counted = moved.filter(({ paths }) => paths.length <= most);
  const single = new Map<string, number>();
  const both = new Map<string, { together: number; examples: string[] }>();
  for (const { id, paths } of counted)
    for (const [at, path] of paths.entries()) {
      single.set(path, (single.get(path) ?? 0) + 1);
      for (const other of paths.slice(at + 1)) note(both, `${path}\0${other}`, id);
    }
  const pairs = [...both].flatMap(([key, { together, examples }]): CoupledPair[] => {
    const [a = '', b = ''] = key.split('\0');
    const [ofA, ofB] = [single.get(a) ?? 0, single.get(b) ?? 0];
    const share = together / (ofA + ofB - together);
    const lift = (together * counted.length) / (ofA * ofB);
    if (together < least || share < minShare || lift < minLift) return [];
    return [{ paths: [a, b], together, each: [ofA, ofB], share, lift, examples }];
  });
  pairs.sort((x, y) => y.share - x.share || y.together - x.together || (key(x) < key(y) ? -1 : 1));
  return { commits: counted.length, ignored: moved.length - counted.length, pairs };
}

function movedPaths(moves: SuperprojectEntry['moves']): string[] {
  return moves
    .filter(({ from, to }) => from !== undefined && to !== undefined)
    .map(({ path }) => path)
    .sort();
}

function note(
  both: Map<string, { together: number; examples: string[] }>,
  pair: string,
  id: string,
): void {
  const found = both.get(pair) ?? { together: 0, examples: [] };
  found.together++;
  if (found.examples.length < 3) found.examples.push(id);
  both.set(pair, found);
}

function key({ paths }: CoupledPair): string {
  return paths.join('\0');
}
