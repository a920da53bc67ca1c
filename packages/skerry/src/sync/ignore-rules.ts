// Which files of a tree are left out: the lab file's `exclude`, .git, files that are being pulled, and what .gitignore
// says in each folder (gitignore(5)). Paths are bytes, as git has them too.
import { readFileSync } from 'node:fs';
import ignore, { type Ignore } from 'ignore';
import { folderOf, fromText, toBytes } from './paths.ts';
import { TEMPS } from './pull-temp.ts';

const NAME = '.gitignore';

export class IgnoreRules {
  readonly #root: string;
  readonly #excluded: Ignore;
  /** By folder; undefined where it has no .gitignore. */
  readonly #byFolder = new Map<string, Ignore | undefined>();

  /** @param exclude patterns in the words of .gitignore, which nothing in the tree can take back */
  constructor(root: string, exclude: readonly string[]) {
    this.#root = root;
    this.#excluded = rulesOf(['.git', TEMPS, ...exclude.map(fromText)].join('\n'));
    const own = read(toBytes(root, '.git/info/exclude'));
    if (own !== undefined) this.#byFolder.set('.git', rulesOf(own));
  }

  /** Whether a path is left out. The folders above it are not: nobody looks into those. */
  isIgnored(path: string, isFolder: boolean): boolean {
    const asked = isFolder ? `${path}/` : path;
    if (this.#excluded.ignores(asked)) return true;
    for (let folder = folderOf(path); ; folder = folderOf(folder)) {
      const rules = this.#rulesIn(folder);
      const within = folder === '' ? asked : asked.slice(folder.length + 1);
      const found = rules?.test(within);
      if (found?.ignored) return true;
      if (found?.unignored) return false;
      if (folder === '') break;
    }
    return this.#byFolder.get('.git')?.ignores(asked) === true;
  }

  /** Whether rules are in this file. */
  isRules(path: string): boolean {
    return path === NAME || path.endsWith(`/${NAME}`);
  }

  /** The .gitignore of this folder may have changed. */
  reload(folder: string): void {
    this.#byFolder.delete(folder);
  }

  #rulesIn(folder: string): Ignore | undefined {
    if (this.#byFolder.has(folder)) return this.#byFolder.get(folder);
    const text = read(toBytes(this.#root, folder === '' ? NAME : `${folder}/${NAME}`));
    const rules = text === undefined ? undefined : rulesOf(text);
    this.#byFolder.set(folder, rules);
    return rules;
  }
}

function rulesOf(text: string): Ignore {
  return ignore({ ignorecase: false }).add(text);
}

function read(file: Buffer): string | undefined {
  try {
    return readFileSync(file, 'latin1');
  } catch {
    return undefined;
  }
}
