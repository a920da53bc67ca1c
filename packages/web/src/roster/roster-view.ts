// The rows of the list, as they are now, for what is drawn and for the keyboard.
import { cloud } from '../store/cloud.ts';
import { type Filter, parseFilter } from '../store/filter.ts';
import { type Order, orderOf, type RosterRow, rosterRows } from '../store/roster.ts';
import { collapsed, filterText, grouping, selected } from '../store/ui.ts';

export const rosterView = {
  scrollTo: (() => {}) as (row: number) => void,
};

let order: Order | undefined;

export function rowsFor(filter: Filter): RosterRow[] {
  const state = cloud.get();
  order = orderOf(state, order, grouping.get());
  return rosterRows(order, state.entities, filter, new Set(collapsed.get()));
}

/** Those that match what is typed, also when it is not painted yet. */
export function rowsNow(): RosterRow[] {
  return rowsFor(parseFilter(filterText.get()));
}

/** The machines of the list as it is: those that match the filter, of hypervisors that are not folded. */
export function shownVms(): string[] {
  // By tag, a machine may be there more than once.
  return [...new Set(rowsNow().flatMap(({ kind, id }) => (kind === 'vm' ? [id] : [])))];
}

/** Selects all of them, beside those that are selected already. */
export function selectShown(): void {
  selected.update((all) => new Set([...all, ...shownVms()]));
}
