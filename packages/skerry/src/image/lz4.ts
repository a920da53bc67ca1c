const MAGIC = 0x184c2102;
const BLOCK_LIMIT = 8 * 1024 * 1024;

/**
 * Unpacks LZ4's legacy frame, the one Linux kernels are packed with. node:zlib has every packing a distribution's
 * kernel uses but this one.
 */
export function unpackLz4(data: Buffer): Buffer {
  if (data.readUInt32LE(0) !== MAGIC) throw new Error('not an LZ4 legacy frame');
  const blocks: Buffer[] = [];
  for (let at = 4; at + 4 <= data.length;) {
    const size = data.readUInt32LE(at);
    if (at + 4 + size > data.length) throw new Error('the LZ4 data ends too early');
    blocks.push(unpackBlock(data.subarray(at + 4, at + 4 + size)));
    at += 4 + size;
  }
  return Buffer.concat(blocks);
}

/** A block is a row of (literals, match) pairs; the last pair has literals only. */
function unpackBlock(block: Buffer): Buffer {
  const out = Buffer.alloc(BLOCK_LIMIT);
  let end = 0;
  let at = 0;
  const byte = (): number => block.readUInt8(at++);
  const length = (nibble: number): number => {
    let total = nibble;
    if (nibble < 15) return total;
    for (let more = 255; more === 255; total += more) more = byte();
    return total;
  };
  while (at < block.length) {
    const token = byte();
    const literals = length(token >> 4);
    block.copy(out, end, at, at + literals);
    at += literals;
    end += literals;
    if (at >= block.length) break;
    const distance = byte() | (byte() << 8);
    const match = length(token & 15) + 4;
    if (distance === 0 || distance > end || end + match > BLOCK_LIMIT)
      throw new Error('the LZ4 data is damaged');
    copyMatch(out, end, { distance, match });
    end += match;
  }
  return out.subarray(0, end);
}

/** A match may overlap what it writes: then the bytes of one distance repeat. */
function copyMatch(
  out: Buffer,
  end: number,
  { distance, match }: { distance: number; match: number },
): void {
  for (let done = 0; done < match;) {
    const count = Math.min(match - done, distance + done);
    out.copyWithin(end + done, end - distance, end - distance + count);
    done += count;
  }
}
