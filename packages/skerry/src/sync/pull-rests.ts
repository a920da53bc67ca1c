// Paths of a pulled tree that are not fetched again at once: those that could not be had, and large files that go on changing.
import { LARGE } from './send-file.ts';

interface Rest {
  readonly untilMs: number;
  readonly waitMs: number;
  /** Why it could not be had. */
  readonly reason: string | undefined;
}

const FAILED_MS = { first: 5000, most: 60_000 };
/** As many times as it took, as where files are pushed. */
const TIMES = 3;

export class Rests {
  readonly #rests = new Map<string, Rest>();

  /** How it rests; undefined: it may be tried now. */
  of(path: string): Rest | undefined {
    const rest = this.#rests.get(path);
    return rest && performance.now() < rest.untilMs ? rest : undefined;
  }

  failed(path: string, reason: string): void {
    const before = this.#rests.get(path);
    const waitMs = before?.reason === undefined ? FAILED_MS.first : before.waitMs * 2;
    this.#rest(path, Math.min(waitMs, FAILED_MS.most), reason);
  }

  fetched(path: string, bytes: number, tookMs: number): void {
    if (bytes <= LARGE) this.#rests.delete(path);
    else this.#rest(path, Math.min(tookMs * TIMES, FAILED_MS.most), undefined);
  }

  /** Milliseconds until the first of these may be tried. */
  nextMs(paths: readonly string[]): number | undefined {
    const ends = paths.flatMap((path) => this.#rests.get(path)?.untilMs ?? []);
    return ends.length === 0 ? undefined : Math.max(0, Math.min(...ends) - performance.now());
  }

  #rest(path: string, waitMs: number, reason: string | undefined): void {
    this.#rests.set(path, { untilMs: performance.now() + waitMs, waitMs, reason });
  }
}
