/** One entry of a tar archive; its path as the bytes git has. */
export interface TarEntry {
  readonly path: Buffer;
  readonly kind: 'file' | 'folder' | 'link';
  readonly isExecutable?: boolean;
  /** Bytes of a file. */
  readonly size?: number;
  /** Where a symbolic link leads to. */
  readonly target?: Buffer;
  /** Seconds since 1970. */
  readonly seconds: number;
}

const BLOCK = 512;
const MAX_OCTAL = 8 ** 11;
/** Two blocks of zeros end an archive. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

/**
 * The header of an entry in the ustar format of POSIX.1-2001 pax(1), with an extended header only where a name, a target
 * or a size does not fit. Depends on the entry alone: owner 0, fixed modes.
 */
export function tarHeader(entry: TarEntry): Buffer {
  const { path, kind, target, size = 0 } = entry;
  const name = kind === 'folder' ? Buffer.concat([path, Buffer.from('/')]) : path;
  const records: Buffer[] = [];
  if (name.length > 100) records.push(paxRecord('path', name));
  if (target && target.length > 100) records.push(paxRecord('linkpath', target));
  if (size >= MAX_OCTAL) records.push(paxRecord('size', Buffer.from(String(size))));
  const main = block(entry, name, target);
  if (records.length === 0) return main;
  const body = Buffer.concat(records);
  const extended = block(
    { path, kind: 'file', size: body.length, seconds: entry.seconds },
    Buffer.from('pax'),
    undefined,
    'x',
  );
  return Buffer.concat([extended, body, tarPadding(body.length), main]);
}

/** The zeros that fill up the last block of a content. */
export function tarPadding(size: number): Buffer {
  return Buffer.alloc((BLOCK - (size % BLOCK)) % BLOCK);
}

const TYPES = { file: '0', link: '2', folder: '5' } as const;
const MODES = { file: 0o644, link: 0o777, folder: 0o755 } as const;

function block(
  { kind, isExecutable, size = 0, seconds }: TarEntry,
  name: Buffer,
  target: Buffer | undefined,
  type: string = TYPES[kind],
): Buffer {
  const header = Buffer.alloc(BLOCK);
  name.copy(header, 0, 0, Math.min(100, name.length));
  const mode = isExecutable ? 0o755 : MODES[kind];
  const bytes = kind === 'file' && size < MAX_OCTAL ? size : 0;
  const time = Math.min(Math.max(0, Math.floor(seconds)), MAX_OCTAL - 1);
  header.write(octal(mode, 7), 100);
  header.write(octal(0, 7), 108);
  header.write(octal(0, 7), 116);
  header.write(octal(bytes, 11), 124);
  header.write(octal(time, 11), 136);
  header.write('        ', 148);
  header.write(type, 156);
  target?.copy(header, 157, 0, Math.min(100, target.length));
  header.write('ustar\u000000', 257);
  header.write('root', 265);
  header.write('root', 297);
  header.write(octal(0, 7), 329);
  header.write(octal(0, 7), 337);
  let sum = 0;
  for (const byte of header) sum += byte;
  header.write(`${octal(sum, 6)}\0 `, 148);
  return header;
}

function octal(value: number, width: number): string {
  return value.toString(8).padStart(width, '0');
}

/** `length key=value\n`, where the length counts its own digits too. */
function paxRecord(key: string, value: Buffer): Buffer {
  const rest = Buffer.concat([Buffer.from(` ${key}=`), value, Buffer.from('\n')]);
  let length = rest.length + 1;
  while (String(length).length + rest.length !== length)
    length = String(length).length + rest.length;
  return Buffer.concat([Buffer.from(String(length)), rest]);
}
