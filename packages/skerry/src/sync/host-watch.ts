// A folder of the host, watched: says what has changed in it. When the folder itself goes, that is no removal of all that
// was in it: it is waited for, and what changed is told when it is back.
import { statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Entry, HostTree, type HostTreeOptions } from './host-tree.ts';
import { folderOf } from './paths.ts';
import { TreeWatcher } from './watch-tree.ts';

/** Changed paths, with what they were. */
export type Before = Map<string, Entry | undefined>;

export interface HostWatchOptions extends Pick<HostTreeOptions, 'root' | 'exclude'> {
  readonly onChange: (before: Before) => void;
  /** Why nothing can be told for now; undefined: it can again. */
  readonly onAway: (reason: string | undefined) => void;
  /** Changes in some folders are not seen, and why. */
  readonly onLimit: (reason: string) => void;
}

/** Who removes so many at once may be about to remove all of it, the folder last. */
const MANY = 10;
const SETTLE_MS = 200;
/** As long as removing a large folder may take. */
const SETTLE_MOST_MS = 60_000;
const LOOK_MS = 1000;
/** How often what could not be read is tried again: not all that hinders it says when it is gone. */
const UNREADABLE_MS = 5000;

export class HostWatch {
  readonly tree: HostTree;
  readonly #options: HostWatchOptions;
  #watcher: TreeWatcher | undefined;
  readonly #closed = new AbortController();
  /** One look at a time. */
  #looking: Promise<unknown> = Promise.resolve();
  #root: string | undefined;
  #problem: string | undefined;
  /** Not told yet. */
  #held: Before = new Map();
  #retry: NodeJS.Timeout | undefined;

  constructor(options: HostWatchOptions) {
    this.#options = options;
    this.tree = new HostTree({
      ...options,
      onFolder: (path) => this.#watcher?.add(path),
      onFolderGone: (path) => this.#watcher?.remove(path),
    });
  }

  /** Why the folder cannot be read now. */
  get problem(): string | undefined {
    return this.#problem;
  }

  /** Begins to watch. `scan` of the tree comes next. */
  start(): void {
    this.#watcher?.close();
    this.#watcher = new TreeWatcher({
      root: this.tree.root,
      onChange: (folders) => void this.#changed(folders),
      onLimit: this.#options.onLimit,
    });
  }

  close(): void {
    this.#closed.abort();
    clearTimeout(this.#retry);
    this.#watcher?.close();
    this.#watcher = undefined;
  }

  /** Looks at all of it again. Gives what has changed, which is not told otherwise; nothing where it is away. */
  look(): Promise<Before> {
    return this.#next(() => (this.#problem === undefined ? this.#scan(undefined) : this.#return()));
  }

  async #changed(folders: ReadonlySet<string> | undefined): Promise<void> {
    const before = await this.#next(async () =>
      this.#problem === undefined ? this.#scan(folders) : new Map(),
    );
    if (before.size > 0 && !this.#closed.signal.aborted) this.#options.onChange(before);
  }

  #next(work: () => Promise<Before>): Promise<Before> {
    const done = this.#looking.then(work);
    this.#looking = done.catch(() => {});
    return done;
  }

  /** What was held as well, unless the folder is gone: then all is held. */
  async #scan(folders: ReadonlySet<string> | undefined): Promise<Before> {
    try {
      const root = rootOf(this.tree.root);
      const isOther = this.#root !== undefined && root !== this.#root;
      this.#root = root;
      // Its watches look at the folder that was there.
      if (isOther) this.start();
      this.#hold(await (folders && !isOther ? this.tree.rescan(folders) : this.tree.scan()));
      if (isOther || this.#removed() >= MANY) await this.#settle();
      if (rootOf(this.tree.root) !== root) return this.#scan(undefined);
    } catch (error) {
      this.#away(error);
      return new Map();
    }
    this.#retryUnreadable();
    const all = this.#held;
    this.#held = new Map();
    return all;
  }

  #retryUnreadable(): void {
    const { unreadable } = this.tree;
    if (this.#retry || unreadable.size === 0 || this.#closed.signal.aborted) return;
    const again = (): void => {
      this.#retry = undefined;
      // Of a file its folder says so, of a folder it does itself.
      void this.#changed(new Set([...unreadable.keys()].flatMap((path) => [path, folderOf(path)])));
    };
    this.#retry = setTimeout(again, UNREADABLE_MS).unref();
  }

  /** Until nothing goes or comes back any more for a moment; what is new besides is not waited for. */
  async #settle(): Promise<void> {
    const end = performance.now() + SETTLE_MOST_MS;
    for (let known = -1; known !== this.#removed() && performance.now() < end;) {
      known = this.#removed();
      await sleep(SETTLE_MS, undefined, { signal: this.#closed.signal });
      this.#hold(await this.tree.scan());
    }
  }

  /** Looks whether it is back. */
  async #return(): Promise<Before> {
    try {
      this.#root = rootOf(this.tree.root);
      this.start();
      this.#hold(await this.tree.scan());
      await this.#settle();
    } catch {
      return new Map();
    }
    this.#problem = undefined;
    this.#options.onAway(undefined);
    this.#retryUnreadable();
    const all = this.#held;
    this.#held = new Map();
    return all;
  }

  #away(cause: unknown): void {
    if (this.#closed.signal.aborted || this.#problem !== undefined) return;
    this.#problem = `the folder ${this.tree.root} ${folderTrouble(cause)}: machines keep what they have until it is back`;
    this.#options.onAway(this.#problem);
    void this.#wait().catch(() => {});
  }

  async #wait(): Promise<void> {
    const { signal } = this.#closed;
    while (this.#problem !== undefined) {
      await sleep(LOOK_MS, undefined, { signal });
      const before = await this.look();
      if (before.size > 0) this.#options.onChange(before);
    }
  }

  #hold(before: Before): void {
    for (const [path, old] of before) if (!this.#held.has(path)) this.#held.set(path, old);
  }

  #removed(): number {
    let count = 0;
    for (const [path, old] of this.#held) if (old && !this.tree.entries.has(path)) count++;
    return count;
  }
}

/** Why a folder cannot be read, in words that go on after its name. Pure. */
export function folderTrouble(cause: unknown): string {
  const { code, message = String(cause) } = cause as Partial<NodeJS.ErrnoException>;
  if (code === 'ENOENT') return 'is gone';
  if (code === 'ENOTDIR') return 'is not a folder';
  if (code === 'EACCES' || code === 'EPERM') return 'may not be read by you';
  return `cannot be read (${code ?? message})`;
}

/** Which folder it is. @throws ENOENT, ENOTDIR */
function rootOf(path: string): string {
  const stats = statSync(path, { bigint: true });
  if (!stats.isDirectory()) throw Object.assign(new Error('no folder'), { code: 'ENOTDIR' });
  return `${stats.dev} ${stats.ino}`;
}
