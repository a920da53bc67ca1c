import { gzipSync, zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';

import { unpackLz4 } from './lz4.ts';
import { extractVmlinux } from './vmlinux.ts';

const ELF = Buffer.from(`\x7fELF${'kernel '.repeat(1000)}`, 'latin1');

/** A bzImage of two setup sectors, its payload a little further on. */
function bzImage(payload: Buffer): Buffer {
  const head = Buffer.alloc(3 * 512 + 64);
  head.writeUInt8(2, 0x1f1);
  head.write('HdrS', 0x202, 'latin1');
  head.writeUInt32LE(64, 0x248);
  head.writeUInt32LE(payload.length + 4, 0x24c);
  return Buffer.concat([head, payload, Buffer.from([1, 2, 3, 4]), Buffer.alloc(100)]);
}

function lz4(...blocks: readonly number[][]): Buffer {
  const parts = blocks.map((block) => {
    const size = Buffer.alloc(4);
    size.writeUInt32LE(block.length);
    return Buffer.concat([size, Buffer.from(block)]);
  });
  return Buffer.concat([Buffer.from([0x02, 0x21, 0x4c, 0x18]), ...parts]);
}

const chars = (text: string): number[] => [...Buffer.from(text, 'latin1')];

test.each([
  ['gzip', gzipSync(ELF)],
  ['zstd', zstdCompressSync(ELF)],
])('the kernel comes out of a %s bzImage', (_, payload) => {
  expect(extractVmlinux(bzImage(payload))?.equals(ELF)).toBe(true);
});

test('the kernel comes out of an lz4 bzImage', () => {
  // Seven literals, then a match of 3 + 4 that overlaps itself, then five literals.
  const payload = lz4([0x73, ...chars('\x7fELFabc'), 3, 0, 0x50, ...chars('defgh')]);
  expect(extractVmlinux(bzImage(payload))?.toString('latin1')).toBe('\x7fELFabcabcabcadefgh');
});

test('what we cannot unpack, or is no kernel, is left to the caller', () => {
  expect(extractVmlinux(bzImage(Buffer.from('\xfd7zXZ\0...', 'latin1')))).toBeUndefined();
  expect(extractVmlinux(bzImage(gzipSync('not ELF')))).toBeUndefined();
  expect(extractVmlinux(Buffer.alloc(1024))).toBeUndefined();
});

test('lengths over 14 go on in further bytes, and blocks follow each other', () => {
  const long = 'x'.repeat(15 + 255 + 5);
  expect(unpackLz4(lz4([0xf0, 255, 5, ...chars(long)], [0x10, ...chars('y')])).toString()).toBe(
    `${long}y`,
  );
});

test.each([
  ['another magic', Buffer.from('abcdefgh')],
  ['a block cut short', lz4([0x10, 65]).subarray(0, 9)],
  ['a match before the start', lz4([0x10, 65, 9, 0, 0x00])],
])('damaged lz4 is refused: %s', (_, data) => {
  expect(() => unpackLz4(data)).toThrow(/LZ4|range/);
});
