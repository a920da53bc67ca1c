import type { Place } from '../util/errors.ts';
import type { FieldPath } from './finding.ts';

/** Where in the lab file each field is. */
export interface Positions {
  /** The place of a field, or of the nearest known thing around it. */
  placeOf(path: FieldPath, part: 'key' | 'value'): Place;
  /** Keys that one object has more than once; the path and place are those of the later one. */
  readonly duplicates: readonly DuplicateKey[];
}

interface DuplicateKey {
  readonly path: FieldPath;
  readonly place: Place;
  readonly firstLine: number;
}

/** A lab file as a tree of places, whatever language it is written in. */
export interface PositionNode {
  readonly at: Omit<Place, 'file'>;
  /** The entries of an object or list. Later ones win, as they do when the file is loaded. */
  readonly entries: readonly PositionEntry[];
}

export interface PositionEntry {
  readonly step: string | number;
  readonly keyAt: Omit<Place, 'file'>;
  readonly value: PositionNode;
  /** It came by a spread, merge or such, where to have a key twice is meant. */
  readonly isInherited?: boolean;
}

/** The entries of an object that another one takes over. */
export function inherited(node: PositionNode): PositionEntry[] {
  return node.entries.map(({ step, keyAt, value }) => ({ step, keyAt, value, isInherited: true }));
}

export function positionsOf(file: string, root: PositionNode): Positions {
  return {
    placeOf(path, part) {
      let node = root;
      let at = root.at;
      for (const [i, step] of path.entries()) {
        const only = node.entries[0];
        // One thing may be written as a list of one.
        if (typeof step === 'string' && only?.step === 0 && node.entries.length === 1)
          node = only.value;
        const entry = node.entries.findLast((e) => String(e.step) === String(step));
        if (entry === undefined) return { file, ...at };
        node = entry.value;
        at = i === path.length - 1 && part === 'value' ? node.at : entry.keyAt;
      }
      return { file, ...at };
    },
    duplicates: [...findDuplicates(file, root, [])],
  };
}

function* findDuplicates(
  file: string,
  node: PositionNode,
  path: FieldPath,
): Generator<DuplicateKey> {
  const first = new Map<string, number>();
  for (const { step, keyAt, value, isInherited } of node.entries) {
    if (isInherited === true) continue;
    const here = [...path, step];
    const firstLine = first.get(String(step));
    if (firstLine === undefined) first.set(String(step), keyAt.line);
    else yield { path: here, place: { file, ...keyAt }, firstLine };
    yield* findDuplicates(file, value, here);
  }
}
