import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readSparse, writeSparse } from './sparse-file.ts';
import type { Hole } from './stream.ts';

const KIB = 1024;
let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-sparse-'));
});
afterAll(() => rm(folder, { recursive: true }));

function sizesOf(chunks: readonly (Buffer | Hole)[]): string[] {
  return chunks.map((c) => (Buffer.isBuffer(c) ? `${c.length} bytes` : `hole of ${c.holeBytes}`));
}

test.each<[string, number[], string[]]>([
  ['nothing', [], []],
  ['data', [3 * KIB], ['3072 bytes']],
  ['a hole at the end', [64 * KIB, -100 * KIB], ['65536 bytes', 'hole of 102400']],
  ['only a hole', [-5000 * KIB], ['hole of 5120000']],
  [
    'holes between data, also across what is read at once',
    [64 * KIB, -2048 * KIB, 70 * KIB],
    ['65536 bytes', 'hole of 2097152', '71680 bytes'],
  ],
  ['zeros too few for a hole', [KIB, -KIB, KIB], ['3072 bytes']],
])('%s is read, and written with the same holes', async (_, parts, expected) => {
  const [from, to] = [join(folder, 'from'), join(folder, 'to')];
  const size = parts.reduce((sum, part) => sum + Math.abs(part), 0);
  const content = Buffer.concat(parts.map((n) => Buffer.alloc(Math.abs(n), n > 0 ? 7 : 0)));
  await writeFile(from, content);
  await truncate(from, size);
  expect(sizesOf(await Readable.from(readSparse(from)).toArray())).toEqual(expected);
  await pipeline(readSparse(from), writeSparse(to));
  expect((await readFile(to)).equals(content)).toBe(true);
  const dataBytes = parts.reduce((sum, part) => sum + Math.max(part, 0), 0);
  expect((await stat(to)).blocks * 512).toBeLessThan(dataBytes + 256 * KIB);
});

test('a file that is not there is an error of the pipeline', async () => {
  const to = join(folder, 'never');
  await expect(pipeline(readSparse(join(folder, 'gone')), writeSparse(to))).rejects.toMatchObject({
    code: 'ENOENT',
  });
  const nowhere = writeSparse(join(folder, 'gone', 'to'));
  await expect(pipeline([Buffer.from('x')], nowhere)).rejects.toMatchObject({ code: 'ENOENT' });
});
