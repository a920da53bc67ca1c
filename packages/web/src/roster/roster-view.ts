// What the keyboard needs to know of the roster that is on the screen.
import { cloud } from '../store/cloud.ts';
import type { RosterRow } from '../store/roster.ts';
import type { CloudState } from '../store/state.ts';
import { selected } from '../store/ui.ts';

export const rosterView = {
  rows: [] as readonly RosterRow[],
  scrollTo: (() => {}) as (row: number) => void,
  state: (): CloudState => cloud.get(),
};

/** The machines of the list as it is: those that match the filter, of hypervisors that are not folded. */
export function shownVms(): string[] {
  // By tag, a machine may be there more than once.
  return [...new Set(rosterView.rows.flatMap(({ kind, id }) => (kind === 'vm' ? [id] : [])))];
}

/** Selects all of them, beside those that are selected already. */
export function selectShown(): void {
  selected.update((all) => new Set([...all, ...shownVms()]));
}
