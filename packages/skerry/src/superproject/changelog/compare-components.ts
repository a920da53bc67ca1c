import type { PinnedComponent } from '../read-superproject.ts';
import { shownUrl } from '../module-url.ts';

/** How one component differs between two commits of a superproject; the commits of a `moved` one are not looked at yet. */
export interface ComponentDifference {
  readonly name: string;
  /** Where it is now; where it was, for one that was removed. */
  readonly path: string;
  /** `changed`: pinned to the same commit, but its url or path is another one. */
  readonly kind: 'moved' | 'added' | 'removed' | 'changed';
  readonly from: string | undefined;
  readonly to: string | undefined;
  /** Without credentials. */
  readonly url: string;
  /** Its url before, where that changed. */
  readonly urlBefore: string | undefined;
  /** Its path before, where that changed. */
  readonly pathBefore: string | undefined;
  readonly before: PinnedComponent | undefined;
  readonly now: PinnedComponent | undefined;
}

export interface Comparison {
  /** In the order of paths. */
  readonly differences: readonly ComponentDifference[];
  readonly unchanged: number;
}

/**
 * Compares the components of two commits. A component is the same when it has the same name, which is what git goes by;
 * else when it stands at the same path. One that pins nothing is not there.
 */
export function compareComponents(
  before: readonly PinnedComponent[],
  now: readonly PinnedComponent[],
): Comparison {
  const old = before.filter(({ pin }) => pin !== undefined);
  const fresh = now.filter(({ pin }) => pin !== undefined);
  const pairs = pair(old, fresh);
  const paired = new Set(pairs.values());
  const removed = old.filter((component) => !paired.has(component));
  const all = [
    ...fresh.map((component) => differenceOf(pairs.get(component), component)),
    ...removed.map((component) => differenceOf(component, undefined)),
  ];
  const differences = all.filter((each) => each !== undefined).sort(byPath);
  return { differences, unchanged: all.length - differences.length };
}

/** New component to old one. */
function pair(
  old: readonly PinnedComponent[],
  fresh: readonly PinnedComponent[],
): Map<PinnedComponent, PinnedComponent> {
  const pairs = new Map<PinnedComponent, PinnedComponent>();
  const taken = new Set<PinnedComponent>();
  for (const key of ['name', 'path'] as const) {
    const byKey = new Map(
      old.filter((each) => !taken.has(each)).map((each) => [each[key], each] as const),
    );
    for (const component of fresh) {
      const match = byKey.get(component[key]);
      if (!match || taken.has(match) || pairs.has(component)) continue;
      pairs.set(component, match);
      taken.add(match);
    }
  }
  return pairs;
}

function differenceOf(
  before: PinnedComponent | undefined,
  now: PinnedComponent | undefined,
): ComponentDifference | undefined {
  const one = now ?? before;
  if (!one) return undefined;
  const url = shownUrl(one.remote);
  const both = before && now;
  const urlBefore = both && before.remote !== now.remote ? shownUrl(before.remote) : undefined;
  const pathBefore = both && before.path !== now.path ? before.path : undefined;
  const isMoved = both && before.pin !== now.pin;
  if (both && !isMoved && urlBefore === undefined && pathBefore === undefined) return undefined;
  const kind = both ? (isMoved ? 'moved' : 'changed') : now ? 'added' : 'removed';
  return {
    ...{ name: one.name, path: one.path, kind, url, urlBefore, pathBefore, before, now },
    from: before?.pin,
    to: now?.pin,
  };
}

function byPath(a: { path: string }, b: { path: string }): number {
  return Buffer.compare(Buffer.from(a.path), Buffer.from(b.path));
}
