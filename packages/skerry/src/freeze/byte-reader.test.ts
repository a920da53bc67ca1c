import { randomBytes } from 'node:crypto';
import { mkdtemp, open, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ByteReader } from './byte-reader.ts';

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-reader-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function holding(bytes: Buffer): Promise<string> {
  const path = join(folder, randomBytes(4).toString('hex'));
  await writeFile(path, bytes);
  return path;
}

test('numbers, names and addresses come in the order of the file, from where it is told to begin', async () => {
  const bytes = Buffer.from('ffff01000000020003616263800000001000100a', 'hex');
  await using file = await open(await holding(bytes));
  const reader = new ByteReader(file, 2);
  expect(await reader.fill(1)).toBe(bytes.length - 2);
  expect(reader.u8()).toBe(1);
  expect(reader.u32()).toBe(2);
  expect(reader.u8()).toBe(0);
  expect(reader.name()).toBe('abc');
  expect(reader.address()).toEqual({ at: 2 ** 63 + 0x10001000, flags: 0x00a });
  expect(await reader.fill(1)).toBe(0);
  expect(() => reader.u8()).toThrow(RangeError);
});

test('a file of many pieces comes whole', async () => {
  const bytes = randomBytes(9 * 2 ** 20 + 17);
  await using file = await open(await holding(bytes));
  const reader = new ByteReader(file, 0);
  const pieces: Buffer[] = [];
  for (let size = 1; (await reader.fill(size)) > 0; size = (size * 7) % 100_003) {
    const ready = Math.min(size, await reader.fill(size));
    pieces.push(Buffer.from(reader.bytes(ready)));
  }
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
});

test('an end in the middle of a number is an error, and nothing is taken', async () => {
  await using file = await open(await holding(Buffer.from([1, 2, 3])));
  const reader = new ByteReader(file, 0);
  expect(await reader.fill(4)).toBe(3);
  expect(() => reader.u32()).toThrow('the file ends too early');
  expect(reader.bytes(3)).toEqual(Buffer.from([1, 2, 3]));
});
