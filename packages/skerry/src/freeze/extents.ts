// Where a sparse file has data: offsets and lengths, in turns, in bytes.
import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';

const BUFFER_BYTES = 2 ** 20;

/** The same places in order, each once. Pure. */
export function mergeExtents(extents: readonly number[]): number[] {
  const pairs = pairsOf(extents).sort(([a], [b]) => a - b);
  const merged: number[] = [];
  for (const [start, length] of pairs) {
    const [lastStart = 0, lastLength = 0] = merged.slice(-2);
    if (merged.length === 0 || start > lastStart + lastLength) merged.push(start, length);
    else merged[merged.length - 1] = Math.max(lastStart + lastLength, start + length) - lastStart;
  }
  return merged;
}

/** Where a file of `size` bytes has none, for extents in order. Pure. */
export function holesBetween(extents: readonly number[], size: number): number[] {
  const holes: number[] = [];
  let end = 0;
  for (const [start, length] of pairsOf(extents)) {
    if (start > end) holes.push(end, start - end);
    end = start + length;
  }
  if (size > end) holes.push(end, size - end);
  return holes;
}

/** SHA-256 over what is there, one after the other. */
export async function hashExtents(file: FileHandle, extents: readonly number[]): Promise<string> {
  const hash = createHash('sha256');
  await eachPiece(file, extents, (piece) => void hash.update(piece));
  return hash.digest('hex');
}

/** Whether nothing but zeros is there. */
export async function isZero(file: FileHandle, extents: readonly number[]): Promise<boolean> {
  const zeros = Buffer.alloc(BUFFER_BYTES);
  let zero = true;
  await eachPiece(file, extents, (piece) => {
    zero &&= piece.equals(zeros.subarray(0, piece.length));
  });
  return zero;
}

async function eachPiece(
  file: FileHandle,
  extents: readonly number[],
  use: (piece: Buffer) => void,
): Promise<void> {
  const buffer = Buffer.allocUnsafe(BUFFER_BYTES);
  for (const [start, length] of pairsOf(extents)) {
    for (let done = 0; done < length;) {
      const wanted = Math.min(BUFFER_BYTES, length - done);
      const { bytesRead } = await file.read(buffer, 0, wanted, start + done);
      if (bytesRead === 0) return;
      use(buffer.subarray(0, bytesRead));
      done += bytesRead;
    }
  }
}

function pairsOf(extents: readonly number[]): (readonly [start: number, length: number])[] {
  const starts = extents.filter((_, at) => at % 2 === 0);
  return starts.map((start, at) => [start, extents[2 * at + 1] ?? 0] as const);
}
