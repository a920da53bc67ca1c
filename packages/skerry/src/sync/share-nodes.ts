// Which file a machine means. It knows files by numbers of ours, and goes on using them when this process began anew, or
// the machine came back from a snapshot. So they are the inode numbers of this host: what is not known is looked for.
import { type BigIntStats, lstatSync, readdirSync, realpathSync } from 'node:fs';
import { constants } from 'node:os';
import { join, toBytes } from './paths.ts';

/** What is answered instead of the file. */
export class Refused extends Error {
  readonly errno: number;

  constructor(code: keyof typeof constants.errno) {
    super(code);
    this.errno = constants.errno[code];
  }
}

export interface Found {
  /** In latin1, relative to the share. */
  readonly path: string;
  readonly stat: BigIntStats;
}

export const TOP = 1n;
/** A tree with more is not searched whole. */
const MOST = 300_000;

export class Nodes {
  readonly root: string;
  readonly #rootNode: bigint;
  readonly #paths = new Map<bigint, string>();

  /** @throws when the folder is not there */
  constructor(root: string) {
    this.root = realpathSync.native(root);
    this.#rootNode = nodeOf(this.stat(''));
  }

  bytes(path: string): Buffer {
    return toBytes(this.root, path);
  }

  stat(path: string): BigIntStats {
    return lstatSync(this.bytes(path), { bigint: true });
  }

  /** The file of that number as it is now. @throws Refused */
  find(node: bigint): Found {
    if (node === TOP) return { path: '', stat: this.stat('') };
    const known = this.#look(node, this.#paths.get(node));
    if (known) return known;
    this.#search('', { left: MOST });
    const found = this.#look(node, this.#paths.get(node));
    if (!found) throw new Refused('ESTALE');
    return found;
  }

  /** A name in a folder of that number: its path, whether there is such a file or not. @throws Refused */
  child(folder: bigint, name: string): string {
    if (name === '' || name === '.' || name === '..' || /[/\0]/.test(name))
      throw new Refused('EINVAL');
    const { path, stat } = this.find(folder);
    if (!stat.isDirectory()) throw new Refused('ENOTDIR');
    this.#refuseLinks(path);
    return join(path, name);
  }

  /** Takes note of a file, and gives its number. */
  note(path: string, stat: BigIntStats): bigint {
    const node = nodeOf(stat);
    if (node === this.#rootNode) return TOP;
    this.#paths.set(node, path);
    return node;
  }

  forget(node: bigint): void {
    this.#paths.delete(node);
  }

  #look(node: bigint, path: string | undefined): Found | undefined {
    if (path === undefined) return undefined;
    try {
      this.#refuseLinks(path.slice(0, Math.max(0, path.lastIndexOf('/'))));
      const stat = this.stat(path);
      if (nodeOf(stat) === node) return { path, stat };
    } catch {
      // Gone, or elsewhere by now.
    }
    this.#paths.delete(node);
    return undefined;
  }

  /** A machine may have put a link where a folder was: nothing is followed out of the share. */
  #refuseLinks(folder: string): void {
    if (folder === '') return;
    const path = this.bytes(folder);
    if (!realpathSync.native(path, { encoding: 'buffer' }).equals(path)) throw new Refused('ELOOP');
  }

  #search(folder: string, budget: { left: number }): void {
    let names: Buffer[];
    try {
      names = readdirSync(this.bytes(folder), { encoding: 'buffer' });
    } catch {
      return;
    }
    for (const name of names) {
      if (budget.left-- <= 0) return;
      const path = join(folder, name.toString('latin1'));
      try {
        const stat = this.stat(path);
        this.#paths.set(nodeOf(stat), path);
        if (stat.isDirectory()) this.#search(path, budget);
      } catch {
        // Gone meanwhile.
      }
    }
  }
}

/** Several file systems may be below one folder. 1 is the top, whatever its inode is. */
function nodeOf({ ino, dev }: BigIntStats): bigint {
  return BigInt.asUintN(64, (ino ^ (dev << 48n)) + 1n);
}
