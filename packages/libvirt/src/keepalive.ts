/** How a connection notices that the daemon is gone or hung. */
export interface KeepAliveOptions {
  /** Ping when nothing was received for this long. Default 5000. */
  readonly intervalMs?: number;
  /** Give up after this many pings in a row got no sign of life. Default 5. */
  readonly count?: number;
}

export const PING = 1;
export const PONG = 2;

/**
 * Counts silent intervals. It counts ticks, not time: a process that was stopped or busy for a
 * minute sees one late tick and then its packets, and does not mistake itself for a dead daemon.
 */
export class KeepAlive {
  readonly #timer: NodeJS.Timeout;
  readonly #count: number;
  readonly #ping: () => void;
  readonly #dead: () => void;
  #heard = true;
  #misses = 0;
  #paused = false;

  constructor(options: KeepAliveOptions, ping: () => void, dead: () => void) {
    this.#count = options.count ?? 5;
    this.#ping = ping;
    this.#dead = dead;
    this.#timer = setInterval(() => this.#tick(), options.intervalMs ?? 5000);
    this.#timer.unref();
  }

  /** Any packet counts as life. */
  heard(): void {
    this.#heard = true;
    this.#misses = 0;
  }

  /** While we do not read, silence proves nothing. */
  pause(paused: boolean): void {
    this.#paused = paused;
    this.heard();
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #tick(): void {
    if (this.#paused) return;
    if (this.#heard) {
      this.#heard = false;
      return;
    }
    if (this.#misses >= this.#count) {
      this.#dead();
      return;
    }
    this.#misses += 1;
    this.#ping();
  }
}
