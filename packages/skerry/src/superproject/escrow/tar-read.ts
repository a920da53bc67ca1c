import { createHash } from 'node:crypto';
import { type FileHandle, open } from 'node:fs/promises';

/** One entry as it is in an archive. */
export interface ReadTarEntry {
  readonly path: Buffer;
  readonly kind: 'file' | 'folder' | 'link' | 'other';
  readonly isExecutable: boolean;
  readonly size: number;
  /** SHA-256 of the content of a file, or of the target of a link; '' of others. */
  readonly sha256: string;
}

const BLOCK = 512;
const PIECE = 1024 * 1024;
const KINDS: Readonly<Record<string, ReadTarEntry['kind']>> = { 0: 'file', 2: 'link', 5: 'folder' };

/**
 * Reads an archive of tarHeader's format: ustar with pax headers. Unpacks nothing. Ends at the end mark, or without an error
 * where the file ends or is no archive any more: who compares sees what is missing.
 */
export async function* readTar(file: string): AsyncGenerator<ReadTarEntry> {
  const handle = await open(file, 'r');
  try {
    let extended = new Map<string, Buffer>();
    for (let at = 0; ;) {
      const header = await readAt(handle, at, BLOCK);
      if (header.length < BLOCK || !hasSum(header)) return;
      at += BLOCK;
      const type = header.toString('latin1', 156, 157);
      const size = Number(extended.get('size') ?? Number.parseInt(field(header, 124, 12), 8)) || 0;
      if (type === 'x') {
        extended = parseRecords(await readAt(handle, at, size));
      } else {
        const target = extended.get('linkpath') ?? bytes(header, 157, 100);
        const kind = KINDS[type] ?? 'other';
        yield {
          path: extended.get('path') ?? bytes(header, 0, 100),
          kind,
          size,
          isExecutable: (Number.parseInt(field(header, 100, 8), 8) & 0o100) !== 0,
          sha256:
            kind === 'file'
              ? await hashAt(handle, at, size)
              : kind === 'link'
                ? sha256(target)
                : '',
        };
        extended = new Map();
      }
      at += Math.ceil(size / BLOCK) * BLOCK;
    }
  } finally {
    await handle.close();
  }
}

function hasSum(header: Buffer): boolean {
  let sum = 8 * 32;
  for (const [at, byte] of header.entries()) if (at < 148 || at >= 156) sum += byte;
  return sum === Number.parseInt(field(header, 148, 8), 8);
}

async function readAt(handle: FileHandle, at: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  const { bytesRead } = await handle.read(buffer, 0, length, at);
  return buffer.subarray(0, bytesRead);
}

async function hashAt(handle: FileHandle, at: number, size: number): Promise<string> {
  const hash = createHash('sha256');
  for (let done = 0; done < size;) {
    const piece = await readAt(handle, at + done, Math.min(PIECE, size - done));
    if (piece.length === 0) break;
    hash.update(piece);
    done += piece.length;
  }
  return hash.digest('hex');
}

function parseRecords(body: Buffer): Map<string, Buffer> {
  const records = new Map<string, Buffer>();
  for (let at = 0; at < body.length;) {
    const space = body.indexOf(32, at);
    const length = Number(body.toString('latin1', at, space));
    if (space < 0 || !(length > 0)) break;
    const equals = body.indexOf(61, space);
    const value = Buffer.from(body.subarray(equals + 1, at + length - 1));
    records.set(body.toString('latin1', space + 1, equals), value);
    at += length;
  }
  return records;
}

function field(header: Buffer, at: number, length: number): string {
  return bytes(header, at, length).toString('latin1').trim();
}

function bytes(header: Buffer, at: number, length: number): Buffer {
  const whole = header.subarray(at, at + length);
  const end = whole.indexOf(0);
  return Buffer.from(end < 0 ? whole : whole.subarray(0, end));
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}
