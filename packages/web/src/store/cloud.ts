// The one store of the page, and how components read it.
import { observable } from './observable.ts';
import { type CloudState, EMPTY } from './state.ts';
import { useObservable } from './use-observable.ts';

export const cloud = observable<CloudState>(EMPTY);

/** A part of what is known of the cloud; `part` must give the same object for the same state. */
export function useCloud<Part>(part: (state: CloudState) => Part): Part {
  return useObservable(cloud, part);
}
