/** One member of an initramfs archive. Owner is root, time is 0: equal members give equal bytes. */
export type CpioEntry =
  | {
      readonly kind: 'file';
      readonly path: string;
      readonly mode: number;
      readonly data: Uint8Array;
    }
  | { readonly kind: 'directory'; readonly path: string; readonly mode: number }
  | { readonly kind: 'symlink'; readonly path: string; readonly target: string }
  | {
      readonly kind: 'device';
      readonly path: string;
      readonly mode: number;
      readonly major: number;
      readonly minor: number;
    };

const TYPE_BITS = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  device: 0o020000,
} as const;
const TRAILER = 'TRAILER!!!';

/**
 * Packs members into the "newc" cpio format, the one the kernel unpacks as its first root. A directory must come
 * before what it holds. Written here and not taken from a library because it has to work for an ordinary user
 * (device nodes) and be the same to the byte each time.
 */
export function formatCpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.flatMap((entry, index) => formatEntry(entry, index + 1));
  return Buffer.concat([
    ...parts,
    header({ inode: 0, mode: 0, links: 1, size: 0, name: TRAILER }),
    name(TRAILER),
  ]);
}

function formatEntry(entry: CpioEntry, inode: number): Buffer[] {
  const data = contentOf(entry);
  const head = header({
    inode,
    mode: TYPE_BITS[entry.kind] | (entry.kind === 'symlink' ? 0o777 : entry.mode),
    links: entry.kind === 'directory' ? 2 : 1,
    size: data.length,
    name: entry.path,
    ...(entry.kind === 'device' && { major: entry.major, minor: entry.minor }),
  });
  return [head, name(entry.path), padded(data, 0)];
}

function contentOf(entry: CpioEntry): Uint8Array {
  if (entry.kind === 'file') return entry.data;
  return Buffer.from(entry.kind === 'symlink' ? entry.target : '');
}

interface Header {
  readonly inode: number;
  readonly mode: number;
  readonly links: number;
  readonly size: number;
  readonly name: string;
  readonly major?: number;
  readonly minor?: number;
}

const HEADER_BYTES = 110;

function header(h: Header): Buffer {
  const nameBytes = Buffer.byteLength(h.name) + 1;
  // inode mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  const fields = [
    h.inode,
    h.mode,
    0,
    0,
    h.links,
    0,
    h.size,
    0,
    0,
    h.major ?? 0,
    h.minor ?? 0,
    nameBytes,
    0,
  ];
  return Buffer.from(
    `070701${fields.map((n) => n.toString(16).toUpperCase().padStart(8, '0')).join('')}`,
  );
}

function name(path: string): Buffer {
  return padded(Buffer.from(`${path}\0`), HEADER_BYTES);
}

/** Fills up to a multiple of four, counted from `offset` bytes before the data. */
function padded(data: Uint8Array, offset: number): Buffer {
  return Buffer.concat([data, Buffer.alloc(-(data.length + offset) & 3)]);
}
