// How often passwords may be tried: each who fails has to wait longer before the next one. Counts and clocks alone; pure
// but for the map it keeps.

/** Tries that fail before the first wait, and the longest wait, in milliseconds. */
interface Rule {
  readonly free: number;
  readonly longestMs: number;
}

/** Of one name from one address: somebody has forgotten a password, or guesses it. */
const ONE: Rule = { free: 5, longestMs: 60_000 };
/** Of all names from one address: many people may be behind it, so it never waits long. */
const ALL: Rule = { free: 30, longestMs: 10_000 };
const FIRST_MS = 1000;
/** What failed that long ago counts no more. */
const FORGET_MS = 15 * 60_000;
/** So many are remembered; the oldest go first. */
const MOST = 10_000;

interface Failures {
  readonly count: number;
  readonly at: number;
}

export class LoginLimit {
  readonly #failures = new Map<string, Failures>();

  /**
   * Milliseconds to wait before that name may be tried from that address; 0: at once.
   *
   * @param now milliseconds since 1970
   */
  waitMs(address: string, user: string, now: number): number {
    return Math.max(this.#waitOf(`${address} ${user}`, ONE, now), this.#waitOf(address, ALL, now));
  }

  /** To be called before it is tried, as many may be tried at once; {@link succeeded} takes it back. */
  failed(address: string, user: string, now: number): void {
    for (const key of [`${address} ${user}`, address]) {
      const count = (this.#recent(key, now)?.count ?? 0) + 1;
      this.#failures.delete(key);
      this.#failures.set(key, { count, at: now });
    }
    for (const key of this.#failures.keys()) {
      if (this.#failures.size <= MOST) break;
      this.#failures.delete(key);
    }
  }

  /** What failed before for that name was a slip. What failed for others still counts. */
  succeeded(address: string, user: string): void {
    this.#failures.delete(`${address} ${user}`);
    const all = this.#failures.get(address);
    if (all) this.#failures.set(address, { ...all, count: all.count - 1 });
  }

  #waitOf(key: string, { free, longestMs }: Rule, now: number): number {
    const found = this.#recent(key, now);
    if (!found || found.count < free) return 0;
    const pauseMs = Math.min(longestMs, FIRST_MS * 2 ** Math.min(20, found.count - free));
    return Math.max(0, found.at + pauseMs - now);
  }

  #recent(key: string, now: number): Failures | undefined {
    const found = this.#failures.get(key);
    return found && now - found.at < FORGET_MS ? found : undefined;
  }
}
