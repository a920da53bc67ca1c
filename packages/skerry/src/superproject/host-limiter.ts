import { setTimeout as sleep } from 'node:timers/promises';

export interface LimiterOptions {
  /** Connections to one host at once, to begin with; 8 unless told. */
  readonly first?: number;
  /** At most so many; 32 unless told. More only waits in line on the machine that runs this. */
  readonly most?: number;
  /** Tries of one piece of work that fails for a moment; 4 unless told. */
  readonly tries?: number;
  /** Milliseconds before the second try; doubled each time, with jitter; 300 unless told. */
  readonly pauseMs?: number;
  /** From 0 to 1; Math.random unless told. */
  readonly random?: () => number;
}

interface Host {
  limit: number;
  running: number;
  /** Until the first refusal each success makes room for one more; after it, one for each full round. */
  isSlowStart: boolean;
  successes: number;
  readonly waiting: (() => void)[];
}

/**
 * How many connections a host takes at once is not known beforehand (sshd's MaxStartups, rate limits of forges): begins
 * with few, adds while all goes well, halves when the host refuses, and tries again what was refused. The rule is TCP's:
 * additive increase, multiplicative decrease (RFC 5681).
 */
export class HostLimiter {
  readonly #hosts = new Map<string, Host>();
  readonly #options: Required<LimiterOptions>;

  constructor(options: LimiterOptions = {}) {
    const most = Math.max(1, options.most ?? 32);
    this.#options = {
      most,
      first: Math.min(most, options.first ?? 8),
      tries: options.tries ?? 4,
      pauseMs: options.pauseMs ?? 300,
      random: options.random ?? Math.random,
    };
  }

  /** Connections that `host` may have now. */
  limitOf(host: string): number {
    return this.#host(host).limit;
  }

  /**
   * Runs `work` when the host has room. What `isTransient` says of an error decides whether it is tried again; `work` is
   * told which try it is, from 1.
   */
  async run<T>(
    host: string,
    work: (attempt: number) => Promise<T>,
    options: {
      isTransient: (error: unknown) => boolean;
      signal?: AbortSignal | undefined;
      tries?: number;
    },
  ): Promise<T> {
    const tries = options.tries ?? this.#options.tries;
    for (let attempt = 1; ; attempt++) {
      const state = this.#host(host);
      await enter(state, options.signal);
      try {
        const result = await work(attempt);
        this.#succeeded(state);
        return result;
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!options.isTransient(error)) throw error;
        state.limit = Math.max(1, Math.floor(state.limit / 2));
        state.isSlowStart = false;
        state.successes = 0;
        if (attempt >= tries) throw error;
      } finally {
        leave(state);
      }
      const pause = this.#options.pauseMs * 2 ** (attempt - 1) * (0.5 + this.#options.random());
      await sleep(pause, undefined, options.signal ? { signal: options.signal } : {});
    }
  }

  #host(name: string): Host {
    let host = this.#hosts.get(name);
    if (!host) {
      host = {
        limit: this.#options.first,
        running: 0,
        isSlowStart: true,
        successes: 0,
        waiting: [],
      };
      this.#hosts.set(name, host);
    }
    return host;
  }

  #succeeded(host: Host): void {
    if (host.limit >= this.#options.most) return;
    if (!host.isSlowStart && ++host.successes < host.limit) return;
    host.successes = 0;
    host.limit++;
  }
}

async function enter(host: Host, signal: AbortSignal | undefined): Promise<void> {
  if (host.running >= host.limit) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const abort = (): void => {
      const at = host.waiting.indexOf(resolve);
      if (at >= 0) host.waiting.splice(at, 1);
      reject(signal?.reason instanceof Error ? signal.reason : new Error('aborted'));
    };
    host.waiting.push(resolve);
    signal?.addEventListener('abort', abort, { once: true });
    await promise.finally(() => signal?.removeEventListener('abort', abort));
  } else host.running++;
}

function leave(host: Host): void {
  host.running--;
  // Whoever is let in goes on a moment later: it is counted here, so that nobody slips in between.
  for (let next = host.waiting[0]; next && host.running < host.limit; next = host.waiting[0]) {
    host.waiting.shift();
    host.running++;
    next();
  }
}
