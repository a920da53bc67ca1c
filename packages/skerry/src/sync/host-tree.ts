// What is in a folder of the host, kept up to date folder by folder. Links are never followed.
import { lstatSync, readdirSync, readlinkSync } from 'node:fs';
import { setImmediate as breathe } from 'node:timers/promises';
import { IgnoreRules } from './ignore-rules.ts';
import { depthOf, folderOf, join, toBytes } from './paths.ts';
import { unreadable } from './send-file.ts';
import { isFile, isFolder, stampOf } from './stamp.ts';

export interface Entry {
  readonly stamp: string;
  /** A file that was renamed keeps it. */
  readonly inode: bigint;
  /** When its inode was changed, in nanoseconds since 1970: nobody can set that by hand. */
  readonly changedNs: bigint;
}

/**
 * Whether another file has come into the place of one that looked the same: npm gives all files of all versions one date, and
 * two that are written within one tick of the clock have one as well. Where a file system gives a file another inode at each
 * look, its change tells that it is the same.
 */
export function isReplaced(old: Entry | undefined, now: Entry | undefined): boolean {
  return (
    old !== undefined &&
    isFile(now?.stamp) &&
    old.stamp === now?.stamp &&
    old.inode !== now.inode &&
    old.changedNs !== now.changedNs
  );
}

export interface HostTreeOptions {
  /** Absolute, of this host. */
  readonly root: string;
  /** In the words of .gitignore. */
  readonly exclude: readonly string[];
  /** Called before a folder is read, so that nothing is missed that happens in it from then on. */
  readonly onFolder?: (path: string) => void;
  /** Called when a folder is there no more. */
  readonly onFolderGone?: (path: string) => void;
}

/** So many folders are read before others may run. */
const BREATH = 50;

export class HostTree {
  readonly #options: HostTreeOptions;
  readonly #rules: IgnoreRules;
  readonly #entries = new Map<string, Entry>();
  readonly #names = new Map<string, Set<string>>();
  readonly #special = new Set<string>();
  readonly #unreadable = new Map<string, string>();

  constructor(options: HostTreeOptions) {
    this.#options = options;
    this.#rules = new IgnoreRules(options.root, options.exclude);
  }

  get root(): string {
    return this.#options.root;
  }

  /** All there is, by path. */
  get entries(): ReadonlyMap<string, Entry> {
    return this.#entries;
  }

  /** Sockets, pipes and devices, which are left out. */
  get special(): ReadonlySet<string> {
    return this.#special;
  }

  /** Paths that cannot be read now, and why: what was in them last is kept as it was. */
  get unreadable(): ReadonlyMap<string, string> {
    return this.#unreadable;
  }

  /** Whether nothing is known of it: it is in a folder that cannot be read, or such a folder itself. */
  isUnknown(path: string): boolean {
    if (this.#unreadable.size === 0) return false;
    for (let one = path; one !== ''; one = folderOf(one))
      if (this.#unreadable.has(one)) return one !== path || !this.#entries.has(path);
    return false;
  }

  isIgnored(path: string, folder: boolean): boolean {
    return this.#rules.isIgnored(path, folder);
  }

  /** Reads all of it. Gives the paths that are new, changed or gone, with what they were. */
  async scan(): Promise<Map<string, Entry | undefined>> {
    return this.rescan([''], true);
  }

  /** Reads these folders anew; with `deep` also those in them. Folders that are new are read whole. */
  async rescan(folders: Iterable<string>, deep = false): Promise<Map<string, Entry | undefined>> {
    const before = new Map<string, Entry | undefined>();
    const todo = [...folders].map((folder) => ({ folder, deep }));
    todo.sort((a, b) => depthOf(a.folder) - depthOf(b.folder));
    for (let read = 1, next = todo.shift(); next; next = todo.shift(), read++) {
      todo.push(...this.#readFolder(next.folder, next.deep, before));
      if (read % BREATH === 0) await breathe();
    }
    return before;
  }

  /** Gives the folders in it that have to be read next. */
  #readFolder(
    folder: string,
    deep: boolean,
    before: Map<string, Entry | undefined>,
  ): { folder: string; deep: boolean }[] {
    if (folder !== '' && !isFolder(this.#entries.get(folder)?.stamp)) {
      // Its parent's turn, which comes by itself.
      return [];
    }
    this.#options.onFolder?.(folder);
    const names = this.#namesIn(folder);
    if (names === 'unreadable') return [];
    if (names === 'gone') {
      this.#dropAll(folder, before);
      return [];
    }
    const known = this.#names.get(folder) ?? new Set();
    const next: { folder: string; deep: boolean }[] = [];
    const kept = new Set<string>();
    const rules = join(folder, '.gitignore');
    const rulesBefore = this.#entries.get(rules)?.stamp;
    if (names.includes('.gitignore') || rulesBefore !== undefined) this.#rules.reload(folder);
    for (const name of names) {
      const path = join(folder, name);
      const entry = this.#look(path);
      if (!entry && this.#isKept(path)) kept.add(name);
      if (!entry || this.#rules.isIgnored(path, isFolder(entry.stamp))) continue;
      kept.add(name);
      const old = this.#entries.get(path);
      if (old?.stamp !== entry.stamp || isReplaced(old, entry)) remember(before, path, old);
      const isNew =
        !old || isFolder(old.stamp) !== isFolder(entry.stamp) || old.inode !== entry.inode;
      if (old && isFolder(old.stamp) && isNew) this.#dropAll(path, before);
      this.#entries.set(path, entry);
      const isTriedAgain =
        this.#unreadable.has(path) || (this.#unreadable.size > 0 && old?.stamp !== entry.stamp);
      if (isFolder(entry.stamp) && (deep || isNew || isTriedAgain))
        next.push({ folder: path, deep: true });
    }
    for (const name of known) if (!kept.has(name)) this.#drop(join(folder, name), before);
    this.#names.set(folder, kept);
    const rulesNow = this.#entries.get(rules)?.stamp;
    if (rulesNow !== rulesBefore && !deep && before.size > 0) {
      // What is left out below has changed.
      return [{ folder, deep: true }];
    }
    return next;
  }

  #namesIn(folder: string): string[] | 'gone' | 'unreadable' {
    try {
      const names = readdirSync(toBytes(this.root, folder), { encoding: 'buffer' });
      this.#unreadable.delete(folder);
      return names.map((name) => name.toString('latin1'));
    } catch (error) {
      if (folder === '') throw error;
      return this.#isUnreadable(folder, error) ? 'unreadable' : 'gone';
    }
  }

  #look(path: string): Entry | undefined {
    const bytes = toBytes(this.root, path);
    try {
      const stats = lstatSync(bytes, { bigint: true });
      const stamp = stampOf(stats, () => readlinkSync(bytes, 'buffer').toString('latin1'));
      if (stamp === undefined) this.#special.add(path);
      else this.#special.delete(path);
      // Of a folder that is known when it is read.
      if (!isFolder(stamp)) this.#unreadable.delete(path);
      return stamp === undefined
        ? undefined
        : { stamp, inode: stats.ino, changedNs: stats.ctimeNs };
    } catch (error) {
      this.#special.delete(path);
      this.#isUnreadable(path, error);
      return undefined;
    }
  }

  /** Whether it is still there, for all that is known, and part of the tree. */
  #isKept(path: string): boolean {
    if (!this.#unreadable.has(path)) return false;
    const old = this.#entries.get(path);
    const isFound = old !== undefined || !this.#rules.isIgnored(path, true);
    if (!isFound) this.#unreadable.delete(path);
    return isFound;
  }

  /** Whether something is still there, for all that is known. */
  #isUnreadable(path: string, error: unknown): boolean {
    const { code } = error as NodeJS.ErrnoException;
    const reason = code === 'ENOTDIR' ? undefined : unreadable(error);
    if (reason === undefined) this.#unreadable.delete(path);
    else this.#unreadable.set(path, reason);
    return reason !== undefined;
  }

  /** Something is gone, and all that was in it. */
  #drop(path: string, before: Map<string, Entry | undefined>): void {
    const old = this.#entries.get(path);
    this.#unreadable.delete(path);
    if (!old) return;
    remember(before, path, old);
    if (isFolder(old.stamp)) this.#dropAll(path, before);
    this.#entries.delete(path);
    this.#names.get(folderOf(path))?.delete(path.slice(path.lastIndexOf('/') + 1));
  }

  #dropAll(folder: string, before: Map<string, Entry | undefined>): void {
    for (const name of this.#names.get(folder) ?? []) this.#drop(join(folder, name), before);
    this.#names.delete(folder);
    this.#options.onFolderGone?.(folder);
  }
}

/** What it was before the first of several changes. */
function remember(
  before: Map<string, Entry | undefined>,
  path: string,
  old: Entry | undefined,
): void {
  if (!before.has(path)) before.set(path, old);
}
