import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { parseFilter } from '../store/filter.ts';
import { useCloud } from '../store/cloud.ts';
import { NothingYet } from '../overview/NothingYet.tsx';
import { type Order, orderOf, rosterRows } from '../store/roster.ts';
import { collapsed, filterText, grouping } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Empty } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { BulkBar } from './BulkBar.tsx';
import { FilterField } from './FilterField.tsx';
import { GroupRow } from './GroupRow.tsx';
import { rosterView } from './roster-view.ts';
import { TagRow } from './TagRow.tsx';
import { VmRow } from './VmRow.tsx';

const GROUP_PX = 44;
// As tall as a finger needs where there is no mouse.
const VM_PX = matchMedia('(max-width: 760px)').matches ? 44 : 34;

/** All hypervisors and machines. Only the rows that are on the screen exist. */
export function Roster() {
  const text = useObservable(filterText);
  const folded = useObservable(collapsed);
  const by = useObservable(grouping);
  const filter = useMemo(() => parseFilter(text), [text]);
  const shape = useCloud((state) => state.shape);
  // A filter by state looks at every change; any other one only when rows come or go.
  const changing = useCloud((state) => (filter.byState ? state.entities : null));
  const phase = useCloud((state) => state.phase.is);
  const order = useRef<Order>(undefined);
  const entities = useCloud((state) => (filter.byState ? state.entities : null)) ?? changing;
  const rows = useMemo(() => {
    const state = rosterView.state();
    order.current = orderOf(state, order.current, by);
    return rosterRows(order.current, state.entities, filter, new Set(folded));
    // `shape` and `entities` say when the state is another one.
  }, [shape, entities, filter, folded, by]);
  rosterView.rows = rows;
  const scroller = useRef<HTMLDivElement>(null);
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => scroller.current,
    estimateSize: (at) => (rows[at]?.kind === 'group' ? GROUP_PX : VM_PX),
    getItemKey: (at) => rows[at]?.id ?? at,
    overscan: 12,
  });
  rosterView.scrollTo = (at) => virtual.scrollToIndex(at);
  const isEmpty = rows.length === 0 && phase !== 'connecting';
  return (
    <aside className="roster" aria-label="Machines">
      <FilterField />
      <div ref={scroller} className="roster-scroll" id="roster" tabIndex={-1}>
        <ul className="roster-rows" style={{ height: virtual.getTotalSize() }}>
          {virtual.getVirtualItems().map(({ index, key, start }) => {
            const row = rows[index];
            if (!row) return null;
            const style = { transform: `translateY(${start}px)` };
            return (
              <li key={key} className={`roster-item ${row.kind}`} style={style}>
                {row.kind === 'vm' ? (
                  <VmRow id={row.id} />
                ) : by === 'tag' ? (
                  <TagRow {...row} filtered={filter.terms.length > 0} />
                ) : (
                  <GroupRow name={row.name} shown={row.shown} filtered={filter.terms.length > 0} />
                )}
              </li>
            );
          })}
        </ul>
        {isEmpty && filter.terms.length > 0 && (
          <Empty
            icon="search"
            title="Nothing matches"
            action={<Button onClick={() => filterText.set('')}>Clear the filter</Button>}
          >
            Try a part of a name, <code>tag:web</code>, <code>state:paused</code> or{' '}
            <code>host:hv1</code>.
          </Empty>
        )}
        {isEmpty && filter.terms.length === 0 && <NothingYet />}
      </div>
      <BulkBar />
    </aside>
  );
}
