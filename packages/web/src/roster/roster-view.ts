// What the keyboard needs to know of the roster that is on the screen.
import { cloud } from '../store/cloud.ts';
import type { RosterRow } from '../store/roster.ts';
import type { CloudState } from '../store/state.ts';

export const rosterView = {
  rows: [] as readonly RosterRow[],
  scrollTo: (() => {}) as (row: number) => void,
  state: (): CloudState => cloud.get(),
};
