// What machines and hypervisors say of themselves.
import { observable } from './observable.ts';

export interface Shout {
  readonly entity: string;
  readonly text: string;
  readonly at: number;
}

const KEPT = 200;
export const shouts = observable<readonly Shout[]>([]);

export function takeShout({ entity, text, at }: Shout): void {
  shouts.update((all) => [...all, { entity, text, at }].slice(-KEPT));
}
