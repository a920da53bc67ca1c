import { createHash } from 'node:crypto';
import { SkerryError } from '../../util/errors.ts';
import { runGit } from '../git.ts';
import { ObjectReader } from './object-reader.ts';

/** A repository's tree, with the trees of its components in it. */
export interface SourceNode {
  readonly gitDir: string;
  readonly commit: string;
  /** When the commit was made, in seconds since 1970. */
  readonly seconds: number;
  /** Its components by their path in it. */
  readonly components: ReadonlyMap<string, SourceNode>;
}

/** What was found at one path of the whole tree. */
export interface SourceEntry {
  /** Below the whole tree's root, as bytes. */
  readonly path: Buffer;
  readonly mode: '100644' | '100755' | '120000' | '160000' | '040000';
  /** Its git object: of a component the pinned commit, none of a folder. */
  readonly id: string;
  readonly size: number;
  readonly seconds: number;
  /** The content of a file or link, piece by piece. */
  readonly chunks: AsyncIterable<Buffer> | undefined;
}

interface TreeLine {
  readonly mode: string;
  readonly id: string;
  readonly path: Buffer;
}

/**
 * All entries of the whole source tree in a fixed order: git's own, with each component's tree where it is pinned. Gives
 * the content as git has it, before any conversion of line ends.
 *
 * @throws SP_ESCROW_PATH for a name that would lead out of the tree or into .git
 */
export async function* walkSource(
  node: SourceNode,
  signal?: AbortSignal,
  above: Buffer = Buffer.alloc(0),
): AsyncGenerator<SourceEntry> {
  const lines = await treeLines(node, signal);
  const blobs = lines.filter(({ mode }) => mode !== '040000' && mode !== '160000');
  await using reader = new ObjectReader(
    node.gitDir,
    blobs.map(({ id }) => id),
    signal,
  );
  for (const { mode, id, path: own } of lines) {
    const path = Buffer.concat([above, own]);
    const about = { path, seconds: node.seconds };
    if (mode === '040000') {
      yield { ...about, mode, id: '', size: 0, chunks: undefined };
    } else if (mode === '160000') {
      yield { ...about, mode, id, size: 0, chunks: undefined };
      const component = node.components.get(own.toString());
      const below = Buffer.concat([path, Buffer.from('/')]);
      if (component) yield* walkSource(component, signal, below);
    } else {
      const { size, chunks } = await reader.next();
      yield { ...about, mode: modeOf(mode), id, size, chunks };
    }
  }
}

async function treeLines(
  { gitDir, commit }: SourceNode,
  signal?: AbortSignal,
): Promise<TreeLine[]> {
  const args = ['ls-tree', '-r', '-t', '-z', '--full-tree', commit];
  const out = await runGit(args, { cwd: gitDir, signal });
  const lines: TreeLine[] = [];
  const seen = new Set<string>();
  for (let at = 0, end = out.indexOf(0); end >= 0; at = end + 1, end = out.indexOf(0, at)) {
    const tab = out.indexOf(9, at);
    const [mode = '', , id = ''] = out.toString('latin1', at, tab).split(' ');
    const path = Buffer.from(out.subarray(tab + 1, end));
    const key = path.toString('latin1');
    if (seen.has(key) || isHostile(key)) throw hostile(commit, path);
    seen.add(key);
    lines.push({ mode, id, path });
  }
  return lines;
}

/** git itself refuses to check such names out; a tar archive would not. */
function isHostile(path: string): boolean {
  return path
    .split('/')
    .some((part) => part === '' || part === '.' || part === '..' || /^(\.git|git~1)$/i.test(part));
}

function hostile(commit: string, path: Buffer): SkerryError {
  return new SkerryError('SP_ESCROW_PATH', {
    data: { commit: commit.slice(0, 12), path: encodePath(path) },
  });
}

/** Old commits have files with group write permission; git treats them as plain ones. */
function modeOf(mode: string): '100644' | '100755' | '120000' {
  return mode === '100755' || mode === '120000' ? mode : '100644';
}

/**
 * A path in printable ASCII without spaces, from which its bytes can be had again: all others, and `%`, as `%XX`.
 *
 * @example encodePath(Buffer.from('a b')) // 'a%20b'
 */
export function encodePath(path: Buffer): string {
  return path
    .toString('latin1')
    .replace(/[^!-~]|%/g, (sign) => `%${sign.charCodeAt(0).toString(16).padStart(2, '0')}`);
}

/** One line for an entry: mode, object id, SHA-256 of the content, bytes, path. The proof that does not rest on SHA-1. */
export function formatEntry(
  { mode, id, size, path }: Pick<SourceEntry, 'mode' | 'id' | 'size' | 'path'>,
  sha256: string,
): string {
  return `${mode} ${id || '-'} ${sha256 || '-'} ${size} ${encodePath(path)}\n`;
}

/** The SHA-256 of a content, to which every piece is passed on as well. */
export async function hashChunks(
  chunks: AsyncIterable<Buffer>,
  also: (piece: Buffer) => Promise<void> | void,
): Promise<string> {
  const hash = createHash('sha256');
  for await (const piece of chunks) {
    hash.update(piece);
    await also(piece);
  }
  return hash.digest('hex');
}
