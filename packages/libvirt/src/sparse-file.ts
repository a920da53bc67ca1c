import { type FileHandle, open } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { callbackify } from 'node:util';
import type { Hole } from './stream.ts';

/** What is looked at for zeros as one piece: smaller holes are not worth a packet. */
const BLOCK = 64 * 1024;
const READ_AT_ONCE = 1024 * 1024;
const zeros: Buffer = Buffer.alloc(BLOCK);

/**
 * A file's content for a sparse upload: blocks of 64 KiB that are all zero become holes.
 *
 * @example
 * await pipeline(readSparse('disk.raw'), await volume.openUpload({ sparse: true }));
 */
export async function* readSparse(path: string): AsyncGenerator<Buffer | Hole, void, undefined> {
  await using file = await open(path, 'r');
  let holeBytes = 0;
  for (let position = 0; ;) {
    const bytes = await readFully(file, position);
    if (bytes.length === 0) break;
    position += bytes.length;
    for (const { isHole, part } of runsOf(bytes)) {
      if (isHole) {
        holeBytes += part.length;
        continue;
      }
      if (holeBytes > 0) yield { holeBytes };
      holeBytes = 0;
      yield part;
    }
  }
  if (holeBytes > 0) yield { holeBytes };
}

/** A short read is not the end of the file. */
async function readFully(file: FileHandle, position: number): Promise<Buffer> {
  const buffer = Buffer.allocUnsafe(READ_AT_ONCE);
  let size = 0;
  while (size < buffer.length) {
    const { bytesRead } = await file.read(buffer, size, buffer.length - size, position + size);
    if (bytesRead === 0) break;
    size += bytesRead;
  }
  return buffer.subarray(0, size);
}

/** Neighbouring blocks of the same sort as one part each. */
function* runsOf(bytes: Buffer): Generator<{ isHole: boolean; part: Buffer }, void, undefined> {
  for (let start = 0; start < bytes.length;) {
    const isHole = isZero(bytes, start);
    let end = start + BLOCK;
    while (end < bytes.length && isZero(bytes, end) === isHole) end += BLOCK;
    yield { isHole, part: bytes.subarray(start, end) };
    start = end;
  }
}

function isZero(bytes: Buffer, at: number): boolean {
  const block = bytes.subarray(at, at + BLOCK);
  return block.equals(zeros.subarray(0, block.length));
}

/**
 * Writes what a sparse download gives into a new file, which has the same holes. An existing file is
 * replaced.
 *
 * @example
 * await pipeline(await volume.openDownload({ sparse: true }), writeSparse('disk.raw'));
 */
export function writeSparse(path: string): Writable {
  let file: FileHandle | undefined;
  let position = 0;
  const start = async (): Promise<void> => {
    file = await open(path, 'w');
  };
  const write = async (chunk: Buffer | Hole): Promise<void> => {
    if (!Buffer.isBuffer(chunk)) {
      position += chunk.holeBytes;
      return;
    }
    for (let at = 0; at < chunk.length;) {
      const { bytesWritten = 0 } =
        (await file?.write(chunk, at, chunk.length - at, position)) ?? {};
      at += bytesWritten;
      position += bytesWritten;
    }
  };
  /** A hole at the end is only a length. */
  const finish = async (): Promise<void> => file?.truncate(position);
  const close = async (): Promise<void> => file?.close();
  return new Writable({
    objectMode: true,
    construct: callbackify(start),
    write: (chunk: Buffer | Hole, _encoding, done) => callbackify(write)(chunk, done),
    final: callbackify(finish),
    destroy: (error, done) => callbackify(close)((cause) => done(error ?? cause)),
  });
}
