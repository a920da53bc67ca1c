import { useSyncExternalStore } from 'react';
import { cursor, opened, selected } from '../store/ui.ts';

const OPEN = 1;
const CURSOR = 2;
const SELECTED = 4;
const SELECTING = 8;

/** Whether a row's page is open, the cursor is on it, it is selected, or any is. */
export interface RowLook {
  readonly isOpen: boolean;
  readonly isCursor: boolean;
  readonly isSelected: boolean;
  readonly isSelecting: boolean;
}

/** In one subscription: a dozen rows come with each frame that is scrolled, and hooks are most of what a row costs. */
export function useRowLook(id: string): RowLook {
  const bits = useSyncExternalStore(subscribe, () => bitsOf(id));
  return {
    isOpen: (bits & OPEN) > 0,
    isCursor: (bits & CURSOR) > 0,
    isSelected: (bits & SELECTED) > 0,
    isSelecting: (bits & SELECTING) > 0,
  };
}

function bitsOf(id: string): number {
  const all = selected.get();
  return (
    (opened.get() === id ? OPEN : 0) |
    (cursor.get() === id ? CURSOR : 0) |
    (all.has(id) ? SELECTED : 0) |
    (all.size > 0 ? SELECTING : 0)
  );
}

function subscribe(listener: () => void): () => void {
  const stops = [opened, cursor, selected].map((each) => each.subscribe(listener));
  return () => {
    for (const stop of stops) stop();
  };
}
