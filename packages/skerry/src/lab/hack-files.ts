// Which daemons are made of which files. Pure.
import { join, relative } from 'node:path';
import ignore, { type Ignore } from 'ignore';
import type { DaemonSpec, TreeSpec } from '../lab-file/spec-sync.ts';
import { fromText, toBytes, toText } from '../sync/paths.ts';

/** The files of a tree: their paths in it, as src/sync has them. */
export type FilesOf = (tree: TreeSpec) => Iterable<string>;

/** Words of a daemon's `watch` that no file fits. */
export interface Unmatched {
  readonly daemon: string;
  readonly patterns: readonly string[];
}

export class DaemonFiles {
  readonly #dir: string;
  readonly #daemons: readonly DaemonSpec[];
  readonly #trees: readonly TreeSpec[];
  readonly #rules = new Map<DaemonSpec, Ignore>();

  /**
   * @param dir the folder of the lab file
   * @param trees those that are pushed
   */
  constructor(dir: string, daemons: readonly DaemonSpec[], trees: readonly TreeSpec[]) {
    this.#dir = dir;
    this.#daemons = daemons;
    this.#trees = trees;
  }

  /** What a path of a tree is called here: relative to the lab file. */
  nameOf(tree: TreeSpec, path: string): string {
    return join(relative(this.#dir, tree.from), toText(path));
  }

  /** Whether a daemon is made of a file of that name. */
  isWatched(name: string): boolean {
    return this.#daemons.some((daemon) => this.#isMadeOf(daemon, name));
  }

  /** What no file of the trees fits, by daemon; `!` takes back and is not looked at. */
  unmatched(names: readonly string[]): Unmatched[] {
    const paths = names.filter((name) => !name.startsWith('../')).map(fromText);
    return this.#daemons.flatMap(({ name: daemon, watch = [] }) => {
      const patterns = watch.filter((pattern) => {
        if (/^(?:!|#|\s*$)/.test(pattern)) return false;
        const rules = ignore({ ignorecase: false }).add(fromText(pattern));
        return !paths.some((path) => rules.ignores(path));
      });
      return patterns.length > 0 ? [{ daemon, patterns }] : [];
    });
  }

  /** Daemons that are made of one of these files. */
  affectedBy(names: readonly string[]): DaemonSpec[] {
    return this.#daemons.filter((daemon) => names.some((name) => this.#isMadeOf(daemon, name)));
  }

  /**
   * The files in a machine that a daemon is made of, absolute. Where a build makes it of files that are not there, all
   * files of the trees there.
   * @param made by the build: it is made of those, too
   */
  inMachine(
    daemon: DaemonSpec,
    machine: string,
    filesOf: FilesOf,
    made: ReadonlySet<string> = new Set(),
  ): string[] {
    const here = this.#trees.filter(({ on }) => on.includes(machine));
    const some = (isWanted: (name: string) => boolean): string[] =>
      here.flatMap((tree) =>
        [...filesOf(tree)]
          .filter((path) => isWanted(this.nameOf(tree, path)))
          .map((path) => toBytes(tree.to, path).toString('utf8')),
      );
    const files = some((name) => made.has(name) || this.#isMadeOf(daemon, name));
    return files.length === 0 && daemon.build !== undefined ? some(() => true) : files;
  }

  /** Without `watch` it is made of all files of the trees in its machines, if it is no unit of the machine's own. */
  #isMadeOf(daemon: DaemonSpec, name: string): boolean {
    const { watch, unit, on } = daemon;
    if (watch === undefined)
      return (
        unit === undefined &&
        this.#trees.some(
          (tree) => this.#isIn(tree, name) && tree.on.some((machine) => on.includes(machine)),
        )
      );
    if (name.startsWith('../')) return false;
    let rules = this.#rules.get(daemon);
    if (!rules) {
      rules = ignore({ ignorecase: false }).add(watch.map(fromText).join('\n'));
      this.#rules.set(daemon, rules);
    }
    return rules.ignores(fromText(name));
  }

  #isIn(tree: TreeSpec, name: string): boolean {
    const folder = relative(this.#dir, tree.from);
    return folder === '' ? !name.startsWith('../') : name.startsWith(`${folder}/`);
  }
}
