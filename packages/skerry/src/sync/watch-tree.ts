// Says which folders of a tree something has happened in. One inotify watch a folder, through node:fs: names stay bytes,
// and nothing is watched that is left out.
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { toBytes } from './paths.ts';

export interface WatchOptions {
  readonly root: string;
  /** The folders in which something happened; undefined: the kernel may have lost events, so look at all of them. */
  readonly onChange: (folders: ReadonlySet<string> | undefined) => void;
  /** A folder that cannot be watched: changes in it are not seen. */
  readonly onLimit: (reason: string) => void;
}

/** An editor writes, renames and sets modes in a moment: that is one change. */
const QUIET_MS = 8;
const MAX_WAIT_MS = 100;
const QUEUE = '/proc/sys/fs/inotify/max_queued_events';

export class TreeWatcher {
  readonly #options: WatchOptions;
  readonly #watchers = new Map<string, FSWatcher>();
  #changed = new Set<string>();
  #events = 0;
  #firstMs = 0;
  #timer: NodeJS.Timeout | undefined;
  readonly #queueLimit = queueLimit();

  constructor(options: WatchOptions) {
    this.#options = options;
  }

  add(folder: string): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(toBytes(this.#options.root, folder), { encoding: 'buffer' }, () =>
        this.#happened(folder),
      );
      watcher.on('error', () => this.remove(folder));
      this.#watchers.set(folder, watcher);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code;
      if (code === 'ENOSPC' || code === 'EMFILE') this.#options.onLimit(code);
    }
  }

  remove(folder: string): void {
    this.#watchers.get(folder)?.close();
    this.#watchers.delete(folder);
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #happened(folder: string): void {
    this.#changed.add(folder);
    const now = performance.now();
    if (this.#events++ === 0) this.#firstMs = now;
    if (this.#timer && now - this.#firstMs > MAX_WAIT_MS) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#flush(), QUIET_MS);
  }

  #flush(): void {
    const changed = this.#changed;
    // Had the kernel's queue run over, it would have been full before.
    const isLossy = this.#events >= this.#queueLimit;
    this.#changed = new Set();
    this.#events = 0;
    this.#timer = undefined;
    this.#options.onChange(isLossy ? undefined : changed);
  }
}

function queueLimit(): number {
  try {
    return Number(readFileSync(QUEUE, 'utf8')) || Infinity;
  } catch {
    return Infinity;
  }
}
