import { useDeferredValue, useMemo } from 'react';
import { parseFilter } from '../store/filter.ts';
import { useCloud } from '../store/cloud.ts';
import { NothingYet } from '../overview/NothingYet.tsx';
import { collapsed, filterText, grouping } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Empty } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { BulkBar } from './BulkBar.tsx';
import { FilterField } from './FilterField.tsx';
import { rowsFor } from './roster-view.ts';
import { RosterRows } from './RosterRows.tsx';

/** All hypervisors and machines. */
export function Roster() {
  // Each key is seen at once; the list follows when there is time.
  const text = useDeferredValue(useObservable(filterText));
  const folded = useObservable(collapsed);
  const by = useObservable(grouping);
  const filter = useMemo(() => parseFilter(text), [text]);
  const shape = useCloud((state) => state.shape);
  // A filter by state looks at every change; any other one only when rows come or go.
  const changing = useCloud((state) => (filter.byState ? state.entities : null));
  const phase = useCloud((state) => state.phase.is);
  // What is not an argument says when the rows are others.
  const rows = useMemo(() => rowsFor(filter), [shape, changing, filter, folded, by]);
  const isEmpty = rows.length === 0 && phase !== 'connecting';
  return (
    <aside className="roster" aria-label="Machines">
      <FilterField />
      <RosterRows {...{ rows, by }} filtered={filter.terms.length > 0}>
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
      </RosterRows>
      <BulkBar />
    </aside>
  );
}
