// Large files of a tree go to a machine one after the other, in pieces, so that small ones pass in between. One that
// changes all the time is sent no more than a quarter of the time. One that is being written is not put in its place before
// it is whole, if that does not take long.
import type { Refusal, TreeAgent } from './agent.ts';
import { attributes, withLength } from './messages.ts';
import { fileStamp, LARGE, openFile, sendLarge, sendSmall, unreadable } from './send-file.ts';
import { isSameContent, parseFileStamp } from './stamp.ts';
import type { Tally } from './tally.ts';

export interface LargeFilesOptions {
  readonly agent: TreeAgent;
  /** The folder of this host. */
  readonly root: string;
  /** What is in the machine. */
  readonly remote: ReadonlyMap<string, string>;
  /** What a path is there from now on. */
  readonly onStamp: (path: string, stamp: string) => void;
  readonly tally: Tally;
  readonly onSent: (sent: SentFile) => void;
}

/** What became of one file. */
export interface SentFile {
  readonly path: string;
  /** Empty where nothing had to be sent. */
  readonly stamp: string;
  readonly bytes: number;
  readonly durationMs: number;
  readonly refusal?: Refusal;
}

interface Item {
  readonly path: string;
  readonly size: number;
  readonly done: PromiseWithResolvers<SentFile>;
  state: 'waiting' | 'resting' | 'sending' | 'sent';
  timer?: NodeJS.Timeout;
  /** What is sent. */
  stamp?: string;
  isUnwanted?: boolean;
  isAgain?: boolean;
  /** Somebody waits for it: it is put in its place though it may change meanwhile. */
  isAwaited?: boolean;
  refusal?: Refusal;
}

/** Its true state is not known. */
export const UNKNOWN = '?';
/** After each time it is sent a file rests so many times as long as that took, if it has changed again. */
const REST = 3;
const REST_MOST_MS = 60_000;
/** So long a file that changes while it is sent is not put in its place. */
const WRITING_MS = 10_000;

export class LargeFiles {
  readonly #options: LargeFilesOptions;
  readonly #items = new Map<string, Item>();
  /** Until when files rest that were sent. */
  readonly #rests = new Map<string, number>();
  /** Since when files change while they are sent. */
  readonly #writtenSince = new Map<string, number>();
  #isRunning = false;
  #isClosed = false;

  constructor(options: LargeFilesOptions) {
    this.#options = options;
    void options.agent.ended.then((error) => this.#close(error));
  }

  /** It is new or another now: `stamp`. */
  add(path: string, size: number, stamp?: string): void {
    const known = this.#items.get(path);
    const isUnderWay = known?.state === 'sending' || known?.state === 'sent';
    if (isUnderWay && (stamp === undefined || known.stamp !== stamp)) known.isAgain = true;
    if (known || this.#isClosed) return;
    const done = Promise.withResolvers<SentFile>();
    done.promise.catch(() => {});
    const item: Item = { path, size, done, state: 'waiting' };
    this.#items.set(path, item);
    this.#options.tally.add(path, size);
    const restMs = (this.#rests.get(path) ?? 0) - performance.now();
    if (restMs <= 0) {
      this.#rests.delete(path);
      return void this.#run();
    }
    item.state = 'resting';
    item.timer = setTimeout(() => this.#wake(item), restMs);
    item.timer.unref();
  }

  /** It is no large file any more, or is sent in another way. */
  drop(path: string): void {
    const item = this.#items.get(path);
    this.#writtenSince.delete(path);
    if (!item || item.state === 'sent') return;
    if (item.state === 'sending') {
      this.#options.agent.sendAside('Q');
      item.isUnwanted = true;
    }
    this.#finish(item, { stamp: '', bytes: 0, durationMs: 0 });
  }

  has(path: string): boolean {
    return this.#items.has(path);
  }

  get paths(): Iterable<string> {
    return this.#items.keys();
  }

  /** Takes a refusal that is of one of these. */
  refuse(refusal: Refusal): boolean {
    const item = this.#items.get(refusal.path);
    if (!item || (item.state !== 'sending' && item.state !== 'sent')) return false;
    item.refusal = refusal;
    // The machine has thrown it away.
    item.isUnwanted = true;
    return true;
  }

  /** Resolves when the machine has what is here now, as it is now; `isWanted`: only of those. */
  async flush(isWanted: (path: string) => boolean = () => true): Promise<SentFile[]> {
    const paths = [...this.#items.keys()].filter(isWanted);
    const first = await this.#round(paths);
    // What changed while it was sent; what changes again is not waited for.
    return [...first, ...(await this.#round(paths, true))];
  }

  /** @param isLast they are sent once more and not again */
  #round(paths: readonly string[], isLast = false): Promise<SentFile[]> {
    const items = paths.flatMap((path) => this.#items.get(path) ?? []);
    if (isLast) for (const item of items) item.isAwaited = true;
    for (const item of items) if (item.state === 'resting') this.#wake(item);
    return Promise.all(items.map(({ done }) => done.promise));
  }

  #wake(item: Item): void {
    clearTimeout(item.timer);
    item.state = 'waiting';
    void this.#run();
  }

  async #run(): Promise<void> {
    if (this.#isRunning) return;
    this.#isRunning = true;
    const next = (): Item | undefined => {
      for (const item of this.#items.values()) if (item.state === 'waiting') return item;
      return undefined;
    };
    for (let item = next(); item && !this.#isClosed; item = next()) {
      item.state = 'sending';
      await this.#send(item).catch((error: unknown) => this.#close(error as Error));
    }
    this.#isRunning = false;
  }

  async #send(item: Item): Promise<void> {
    const { agent, root, remote, onStamp } = this.#options;
    const { path } = item;
    const began = performance.now();
    let [stamp, bytes] = ['', 0];
    try {
      await using file = await openFile(root, path);
      const found = await fileStamp(file);
      if (item.isUnwanted) return;
      item.stamp = found;
      const there = remote.get(path);
      if (found === there) item.isAgain = false;
      else if (isSameContent(found, there)) {
        agent.sendAside('A', withLength(path), attributes(parseFileStamp(found)));
        stamp = found;
        this.#stored(item, stamp);
      } else ({ stamp, bytes } = await this.#sendContent(item, file, found));
      if ((await fileStamp(file)) !== found) item.isAgain = true;
      else this.#writtenSince.delete(path);
    } catch (error) {
      const reason = unreadable(error);
      if (reason !== undefined) item.refusal = { path, reason };
    }
    // It was dropped, and is another's by now.
    if (this.#items.get(path) !== item) return;
    if (stamp === UNKNOWN) onStamp(path, stamp);
    item.state = 'sent';
    // The next one goes on its way meanwhile.
    agent.ask('p', 'P').then(
      () => this.#finish(item, { stamp, bytes, durationMs: performance.now() - began }),
      () => {},
    );
  }

  async #sendContent(
    item: Item,
    file: Awaited<ReturnType<typeof openFile>>,
    stamp: string,
  ): Promise<{ stamp: string; bytes: number }> {
    const { agent, tally } = this.#options;
    const { path } = item;
    const { size } = parseFileStamp(stamp);
    const options = {
      isAside: true,
      isUnwanted: () => item.isUnwanted === true,
      onStored: (stored: string) => this.#stored(item, stored),
    };
    const small = size <= LARGE && (await sendSmall(agent, path, file, options));
    if (small) return small;
    tally.resize(path, size);
    const sent = await sendLarge(agent, path, file, {
      ...{ ...options, stamp },
      onSent: (count) => tally.sent(path, count),
      isKept: async () => (await fileStamp(file)) === stamp || !this.#isBeingWritten(item),
    });
    if (sent === 'dropped') return { stamp: '', bytes: size };
    if (sent === 'short') item.isAgain = true;
    return { stamp: sent === 'whole' ? stamp : UNKNOWN, bytes: size };
  }

  /** In the same turn as the last piece: a push that comes next sees that it is there. */
  #stored(item: Item, stamp: string): void {
    this.#options.onStamp(item.path, stamp);
    item.state = 'sent';
  }

  /** It has changed while it was sent: whether it is left for the next time. */
  #isBeingWritten({ path, isAwaited }: Item): boolean {
    const now = performance.now();
    const since = this.#writtenSince.get(path) ?? now;
    this.#writtenSince.set(path, since);
    return !isAwaited && now - since < WRITING_MS;
  }

  #finish(item: Item, sent: Omit<SentFile, 'path'>): void {
    const { onStamp, tally, onSent } = this.#options;
    const { path, refusal } = item;
    clearTimeout(item.timer);
    this.#items.delete(path);
    tally.done(path);
    if (refusal) onStamp(path, UNKNOWN);
    const result = { path, ...sent, ...(refusal && { refusal }) };
    if (sent.bytes > 0) {
      const restMs = Math.min(sent.durationMs * REST, REST_MOST_MS);
      this.#rests.set(path, performance.now() + restMs);
      setTimeout(() => this.#rests.delete(path), restMs).unref();
    }
    // First of all: who waits for it is not to wait for the next time as well.
    item.done.resolve(result);
    if (sent.stamp !== '' || refusal) onSent(result);
    if (item.isAgain && !item.isUnwanted) this.add(path, item.size);
  }

  #close(error: Error): void {
    this.#isClosed = true;
    for (const item of this.#items.values()) {
      clearTimeout(item.timer);
      item.done.reject(error);
    }
    this.#items.clear();
  }
}
