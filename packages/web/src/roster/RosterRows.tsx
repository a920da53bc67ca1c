import { useVirtualizer } from '@tanstack/react-virtual';
import { type FocusEvent, memo, type ReactNode, useCallback, useLayoutEffect, useRef } from 'react';
import type { Grouping, RosterRow } from '../store/roster.ts';
import { GroupRow } from './GroupRow.tsx';
import { rosterView } from './roster-view.ts';
import { TagRow } from './TagRow.tsx';
import { VmRow } from './VmRow.tsx';

const GROUP_PX = 44;
// As tall as a finger needs where there is no mouse.
const VM_PX = matchMedia('(max-width: 760px)').matches ? 44 : 34;

export interface RosterRowsProps {
  readonly rows: readonly RosterRow[];
  readonly by: Grouping;
  readonly filtered: boolean;
  /** What is said where there are none. */
  readonly children: ReactNode;
}

/** Only the rows that are on the screen exist; one that leaves it is filled again with one that comes. */
export function RosterRows({ rows, by, filtered, children }: RosterRowsProps) {
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    // The same functions for the same rows: with others the virtualizer measures all of them anew.
    estimateSize: useCallback(
      (at: number) => (rows[at]?.kind === 'group' ? GROUP_PX : VM_PX),
      [rows],
    ),
    getItemKey: useCallback((at: number) => keyOf(rows[at]) ?? at, [rows]),
    overscan: 8,
  });
  rosterView.scrollTo = (at) => virtual.scrollToIndex(at);
  const items = virtual.getVirtualItems();
  const slots = useSlots(items.length);
  const focus = useFocusOfRow();
  return (
    <div ref={scroller} className="roster-scroll" id="roster" tabIndex={-1}>
      <ul className="roster-rows" style={{ height: virtual.getTotalSize() }} onFocus={focus}>
        {items.map(({ index, start }) => {
          const row = rows[index];
          return (
            row && (
              <Row
                key={`${row.kind} ${index % slots}`}
                {...{ row, start, filtered }}
                byTag={by === 'tag'}
              />
            )
          );
        })}
      </ul>
      {children}
    </div>
  );
}

function keyOf(row: RosterRow | undefined): string | undefined {
  return row?.kind === 'vm' ? `${row.group} ${row.id}` : row?.id;
}

/** How many rows there are to be filled: never fewer than before, since each would become another one. */
function useSlots(needed: number): number {
  const slots = useRef(0);
  if (needed > slots.current) slots.current = needed + 8;
  return slots.current;
}

/** A row that is filled with another machine loses the focus: Enter must not open what nobody chose. */
function useFocusOfRow(): (event: FocusEvent) => void {
  const focused = useRef<string>(undefined);
  useLayoutEffect(() => {
    const at = document.activeElement;
    if (at instanceof HTMLElement && rowOf(at) !== undefined && rowOf(at) !== focused.current)
      at.blur();
  });
  return ({ target }) => {
    focused.current = rowOf(target);
  };
}

/** The id of the row that an element is in. */
function rowOf(element: Element): string | undefined {
  return element.closest<HTMLElement>('.roster-item')?.dataset['row'];
}

interface RowProps {
  readonly row: RosterRow;
  /** Pixels from the top of the list. */
  readonly start: number;
  readonly filtered: boolean;
  readonly byTag: boolean;
}

const Row = memo(({ row, start, filtered, byTag }: RowProps) => (
  <li className={`roster-item ${row.kind}`} data-row={row.id} style={{ top: start }}>
    {row.kind === 'vm' ? (
      <VmRow id={row.id} />
    ) : byTag ? (
      <TagRow {...row} filtered={filtered} />
    ) : (
      <GroupRow name={row.name} shown={row.shown} filtered={filtered} />
    )}
  </li>
));
