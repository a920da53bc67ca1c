import type { ConnectOptions } from './options.ts';

/** @internal */
export interface SnapshotActions {
  readonly restore: (options: ConnectOptions) => Promise<void>;
  readonly remove: () => Promise<void>;
}

/** A lab as it was at one instant, disks and memory of all its machines. It goes with the lab. */
export class LabSnapshot {
  /** Its name in the lab. */
  readonly name: string;
  /** How long the machines stood still for it, in milliseconds. */
  readonly pauseMs: number;
  readonly #restore: SnapshotActions['restore'];
  readonly #remove: SnapshotActions['remove'];

  /** @internal */
  constructor(
    { name, pauseMs }: { readonly name: string; readonly pauseMs: number },
    does: SnapshotActions,
  ) {
    this.name = name;
    this.pauseMs = pauseMs;
    this.#restore = does.restore;
    this.#remove = does.remove;
  }

  /**
   * Puts the lab back to that instant, as often as wanted: programs go on where they were, connections between the
   * machines too, and clocks are set right. Faults of the network stay as they are now.
   */
  restore(options: ConnectOptions = {}): Promise<void> {
    return this.#restore(options);
  }

  /** Gives its disk space back. The lab is not touched. */
  remove(): Promise<void> {
    return this.#remove();
  }
}
