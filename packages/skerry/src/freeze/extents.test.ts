import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { holesBetween, mergeExtents } from './extents.ts';

const SIZE = 40;

/** Which of the places 0..SIZE the extents cover. */
function covered(extents: readonly number[]): Set<number> {
  const places = new Set<number>();
  for (let at = 0; at < extents.length; at += 2) {
    const [start = 0, length = 0] = extents.slice(at, at + 2);
    for (let place = start; place < start + length; place += 1) places.add(place);
  }
  return places;
}

const anyExtents = fc
  .array(fc.tuple(fc.nat(SIZE - 6), fc.integer({ min: 1, max: 5 })), { maxLength: 12 })
  .map((pairs) => pairs.flat());

test('merged extents cover the same places, in order and apart from each other', () => {
  fc.assert(
    fc.property(anyExtents, (extents) => {
      const merged = mergeExtents(extents);
      expect(covered(merged)).toEqual(covered(extents));
      const edges = merged.flatMap((value, at) =>
        at % 2 === 0 ? [value, value + (merged[at + 1] ?? 0)] : [],
      );
      for (const [at, edge] of edges.entries())
        if (at > 0) expect(edge).toBeGreaterThan(edges[at - 1] ?? 0);
    }),
  );
});

test('extents and the holes between them are the whole file, each place once', () => {
  fc.assert(
    fc.property(anyExtents, (extents) => {
      const merged = mergeExtents(extents);
      const [data, holes] = [covered(merged), covered(holesBetween(merged, SIZE))];
      expect(data.size + holes.size).toBe(SIZE);
      expect(new Set([...data, ...holes]).size).toBe(SIZE);
    }),
  );
});
