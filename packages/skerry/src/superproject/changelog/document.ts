import { isoTime, type LogEntry } from './commit-log.ts';

/** What happened to a component between two superproject commits. */
export type ChangeKind = 'forward' | 'rewound' | 'added' | 'removed' | 'changed' | 'unread';

/** One component with what was learned of it, before repetitions are taken out. */
export interface ComponentChange {
  /** Below the superproject's root; `libs/a/deps/b` for a nested one. */
  readonly path: string;
  readonly name: string;
  /** `rewound`: the new pin does not come after the old one. `unread`: its commits could not be had. */
  readonly kind: ChangeKind;
  readonly from: string | undefined;
  readonly to: string | undefined;
  readonly url: string;
  readonly urlBefore?: string | undefined;
  readonly pathBefore?: string | undefined;
  /** What the new pin has and the old one has not, newest first. */
  readonly commits: readonly LogEntry[];
  /** What the old pin had and the new one has not; only of a rewound one. */
  readonly dropped: readonly LogEntry[];
  /** The path of the component it is nested in. */
  readonly within?: string | undefined;
  /** What the reader has to know besides. */
  readonly notes: readonly string[];
}

/** Commits that stand in another section already. */
export interface Repeated {
  readonly path: string;
  readonly count: number;
}

export interface ChangelogSection extends ComponentChange {
  readonly repeated: readonly Repeated[];
}

/** A cross-repository changelog. */
export interface Changelog {
  readonly url: string;
  readonly from: { readonly ref: string; readonly commit: string };
  readonly to: { readonly ref: string; readonly commit: string };
  readonly sections: readonly ChangelogSection[];
  /** Components that are the same in both. */
  readonly unchanged: number;
}

/**
 * Puts the document together: each commit once. A component that is there more than once, such as a library that is a
 * component itself and nested in another, has its commits under the first and a pointer under the others. Components of
 * the superproject itself go before nested ones.
 */
export function buildChangelog(
  head: Omit<Changelog, 'sections'>,
  changes: readonly ComponentChange[],
): Changelog {
  const shownAt = new Map<string, string>();
  const order = [...changes].sort((a, b) => depth(a) - depth(b));
  const sections = order.map((change): ChangelogSection => {
    const repeated = new Map<string, number>();
    const isNew = ({ id }: LogEntry): boolean => {
      const path = shownAt.get(id);
      if (path === undefined) shownAt.set(id, change.path);
      else repeated.set(path, (repeated.get(path) ?? 0) + 1);
      return path === undefined;
    };
    const commits = change.commits.filter(isNew);
    return {
      ...change,
      commits,
      repeated: [...repeated].map(([path, count]) => ({ path, count })),
    };
  });
  return { ...head, sections };
}

function depth({ within }: ComponentChange): number {
  return within === undefined ? 0 : 1 + within.split('/').length;
}

/** The document for programs: times are ISO 8601. */
export function changelogJson(log: Changelog): unknown {
  const entry = ({ seconds, ...rest }: LogEntry): unknown => ({ ...rest, date: isoTime(seconds) });
  const sections = log.sections.map((section) => ({
    ...section,
    commits: section.commits.map(entry),
    dropped: section.dropped.map(entry),
  }));
  return { ...log, sections };
}
