import type { Central } from './central.ts';

/** How a central stands, for people and programs. */
export interface StandView {
  readonly name: string;
  /**
   * `alone`: there is no other. `active`: it acts. `cut-off`: it would, but reaches neither the other one nor more than half
   * of the hypervisors. `standby`: the other one acts.
   */
  readonly role: 'alone' | 'active' | 'cut-off' | 'standby';
  readonly term: number;
  /** Since when whoever is active is; in milliseconds since 1970. */
  readonly since: number;
  readonly active: string;
  readonly other: {
    readonly name: string;
    readonly url: string;
    /** Whether it was heard in the last seconds. */
    readonly heard: boolean;
    /** For a standby: changes that it does not have; null when that is not known. */
    readonly behind: number | null;
    /** Whether it would become active by itself, if this one were gone. */
    readonly ready: boolean;
  } | null;
  /** What is wrong, in words; empty when nothing is. */
  readonly problem: string;
}

export function standView({ leadership, pair, name }: Central): StandView {
  const { term, since, active, role } = leadership.kept;
  const { peer, isActing } = leadership;
  const cutOff = isActing ? 'active' : 'cut-off';
  return {
    name,
    role: !peer ? 'alone' : role === 'standby' ? 'standby' : cutOff,
    term,
    since,
    active: peer ? active : name,
    other: peer
      ? {
          name: peer.name,
          url: peer.url,
          heard: pair?.isHeard ?? false,
          behind: role === 'active' ? (pair?.behind ?? null) : null,
          ready: leadership.isKnownHeir,
        }
      : null,
    problem: [pair?.problem, leadership.problem].filter(Boolean).join('; '),
  };
}
