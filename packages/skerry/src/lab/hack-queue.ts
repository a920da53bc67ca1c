// What was saved and is not tried yet, and what was tried and does not run. Pure: `hack-session.ts` feeds it.
import { dirname } from 'node:path';

/** What the next attempt is about. */
export interface Change {
  /** Saved since the last attempt began. */
  readonly paths: readonly string[];
  /** The same, with all that attempts before it did not bring to run. */
  readonly all: readonly string[];
  /** When the first of `paths` was seen. */
  readonly savedMs: number;
}

/** So often in a row a path is built again because it changed during a build. */
const MAX_ROUNDS = 4;

export class HackQueue {
  readonly #isWatched: (path: string) => boolean;
  readonly #isApart: (path: string) => boolean;
  /** What waits, with the moment it was seen. */
  readonly #waiting = new Map<string, number>();
  readonly #unproven = new Set<string>();
  /** Those of them that daemons are made of, and that were tried to the end. */
  readonly #failed = new Set<string>();
  #isBuilding = false;
  /** What changed while something was built: what the build makes, most of it. */
  #during = new Set<string>();
  /** The same of the build before. */
  #lastBuilt: ReadonlySet<string> = new Set();
  /** What changed while nothing was built: people save these. */
  readonly #byHand = new Set<string>();
  /** What ever changed while something was built, and the folders of that. */
  readonly #outputs = new Set<string>();
  readonly #outputFolders = new Set<string>();
  /** What broke off a build, until one has gone by without it: the second time it may be the build that writes it. */
  readonly #broke = new Set<string>();
  /** The content of what changed during a build, at its end. */
  readonly #sums = new Map<string, string>();
  readonly #rounds = new Map<string, number>();

  /**
   * @param isWatched whether some daemon is made of a path
   * @param isApart whether it goes by itself: nothing is tried with it
   */
  constructor(
    isWatched: (path: string) => boolean,
    isApart: (path: string) => boolean = () => false,
  ) {
    this.#isWatched = isWatched;
    this.#isApart = isApart;
  }

  /** Paths that wait. */
  get waiting(): string[] {
    return [...this.#waiting.keys()];
  }

  /** Whether something waits that daemons are made of: an attempt under way is of no use any more. */
  get hasNews(): boolean {
    return this.waiting.some((path) => this.#isWatched(path));
  }

  /** Tried, and not brought to run. */
  get unproven(): string[] {
    return [...this.#unproven];
  }

  /** Those of them that did not run as they are now. */
  get failed(): string[] {
    return [...this.#failed];
  }

  /** What changed during the last build. */
  get made(): ReadonlySet<string> {
    return this.#lastBuilt;
  }

  /** Whether people save it, and surely no build makes it. */
  isByHand(path: string): boolean {
    const isMade = this.#outputs.has(path) || this.#outputFolders.has(dirname(path));
    return this.#byHand.has(path) && !isMade;
  }

  /** True where an attempt under way shall be broken off for it. */
  saved(paths: readonly string[], nowMs: number): boolean {
    let isNews = false;
    for (const path of paths) {
      const isWatched = this.#isWatched(path);
      if (this.#isBuilding) {
        this.#during.add(path);
        this.#outputs.add(path);
        this.#outputFolders.add(dirname(path));
        if (!isWatched || !this.#byHand.has(path) || this.#broke.has(path)) continue;
        this.#broke.add(path);
      } else this.#byHand.add(path);
      this.#wait(path, nowMs);
      isNews ||= isWatched;
    }
    return isNews;
  }

  /** Begins an attempt with all that waits; undefined where nothing does. */
  take(): Change | undefined {
    if (this.#waiting.size === 0) return undefined;
    const paths = this.waiting;
    const savedMs = Math.min(...this.#waiting.values());
    this.#waiting.clear();
    for (const path of paths) {
      if (!this.#isApart(path)) this.#unproven.add(path);
      this.#failed.delete(path);
      this.#during.delete(path);
    }
    return { paths, all: this.unproven, savedMs };
  }

  /** The last attempt went well: all that was taken runs. */
  proven(): void {
    this.#unproven.clear();
    this.#failed.clear();
  }

  /** It went to its end, and does not run. */
  disproven(): void {
    for (const path of this.#unproven) if (this.#isWatched(path)) this.#failed.add(path);
  }

  buildBegins(): void {
    this.#isBuilding = true;
  }

  /** It was broken off. What changed meanwhile is looked at when the next one ends. */
  buildBroke(): void {
    this.#isBuilding = false;
  }

  /** What changed during the build and daemons are made of: `buildEnds` wants to know its content. */
  get written(): string[] {
    return [...this.#during].filter((path) => this.#isWatched(path));
  }

  /**
   * It went to its end. What was saved meanwhile waits from now on; what the build itself makes does not.
   * @param sums of the content of `written`
   * @returns paths that change in each build, and are not built again for that
   */
  buildEnds(sums: ReadonlyMap<string, string>, nowMs: number): string[] {
    const written = this.written;
    const endless: string[] = [];
    for (const path of [...this.#broke, ...this.#rounds.keys()])
      if (!this.#during.has(path)) {
        this.#broke.delete(path);
        this.#rounds.delete(path);
      }
    for (const path of written) {
      const sum = sums.get(path) ?? '';
      const isMade = this.#byHand.has(path)
        ? this.#sums.get(path) === sum
        : this.#lastBuilt.has(path);
      this.#sums.set(path, sum);
      if (isMade) continue;
      const rounds = (this.#rounds.get(path) ?? 0) + 1;
      this.#rounds.set(path, rounds);
      if (rounds > MAX_ROUNDS) endless.push(path);
      else this.#wait(path, nowMs);
    }
    this.#lastBuilt = this.#during;
    this.#during = new Set();
    this.#isBuilding = false;
    return endless;
  }

  #wait(path: string, nowMs: number): void {
    if (!this.#waiting.has(path)) this.#waiting.set(path, nowMs);
  }
}
