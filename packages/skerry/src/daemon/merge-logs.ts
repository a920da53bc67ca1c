import type { LogEntry } from './journal.ts';

/**
 * The entries of several machines in the order of time. Those of one machine stay in their own order, also where its clock
 * was set in between.
 */
export function mergeEntries(machines: readonly (readonly LogEntry[])[]): LogEntry[] {
  const at = machines.map(() => 0);
  const merged: LogEntry[] = [];
  for (;;) {
    let first: LogEntry | undefined;
    let from = -1;
    for (const [index, entries] of machines.entries()) {
      const entry = entries[at[index] ?? 0];
      if (entry && (!first || entry.atUs < first.atUs)) [first, from] = [entry, index];
    }
    if (!first) return merged;
    merged.push(first);
    at[from] = (at[from] ?? 0) + 1;
  }
}

/** Puts what several machines say as it happens in order: each entry is held back for a moment, for those that are late. */
export class LiveMerge {
  readonly #holdMs: number;
  readonly #onEntries: (entries: readonly LogEntry[]) => void;
  readonly #held = new Map<string, LogEntry[]>();
  #timer: NodeJS.Timeout | undefined;

  constructor(holdMs: number, onEntries: (entries: readonly LogEntry[]) => void) {
    this.#holdMs = holdMs;
    this.#onEntries = onEntries;
  }

  push(entry: LogEntry): void {
    const held = this.#held.get(entry.machine);
    if (held) held.push(entry);
    else this.#held.set(entry.machine, [entry]);
    this.#timer ??= setTimeout(() => this.flush(), this.#holdMs);
  }

  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const entries = mergeEntries([...this.#held.values()]);
    this.#held.clear();
    if (entries.length > 0) this.#onEntries(entries);
  }
}
