import { createHash } from 'node:crypto';
import { mkdtemp, open, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import {
  PAGE,
  type SyntheticPage,
  type SyntheticStream,
  syntheticStream,
} from '../../test/synthetic-stream.ts';
import { splitStream, StreamError } from './split-stream.ts';

const MAIN = 'pc.ram';
const PAGES = 64;
const MEMORY = PAGES * PAGE;
const OFFSET = 100;
/** Hundreds of streams, each a file. */
const SLOW = { timeout: 60_000 };
const BLOCKS = [
  [MAIN, MEMORY],
  ['0000:00:02.0/vga.rom', 2 * PAGE],
  ['pc.bios', 4 * PAGE],
] as const;

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'skerry-split-'));
});
afterAll(() => rm(folder, { recursive: true }));

const page = (value: string): Buffer => Buffer.alloc(PAGE, value);

interface Split {
  readonly memory: Buffer;
  readonly state: Buffer;
  readonly extents: readonly number[];
  readonly sha256: string;
}

async function split(bytes: Buffer, memoryBytes = MEMORY, signal?: AbortSignal): Promise<Split> {
  const [from, to, rest] = ['stream', 'memory', 'state'].map((file) => join(folder, file));
  await writeFile(from ?? '', Buffer.concat([Buffer.alloc(OFFSET, 'head'), bytes]));
  await using source = await open(from ?? '');
  await using memory = await open(to ?? '', 'w+');
  await using state = await open(rest ?? '', 'w+');
  const { extents, memorySha256 } = await splitStream({
    ...{ source, offset: OFFSET, memoryBytes, blockName: 'file-of-memory', memory, state, signal },
  });
  return {
    memory: await readFile(to ?? ''),
    state: await readFile(rest ?? ''),
    extents,
    sha256: memorySha256,
  };
}

/** The stream of devices only, as QEMU shall get it: the firmware's pages in one section, each with its name. */
function stateOf({ blocks, sections, devices }: SyntheticStream): Buffer {
  const kept = sections.flat().filter(({ block }) => block !== MAIN);
  const renamed = blocks.map(
    ([name, bytes]) => [name === MAIN ? 'file-of-memory' : name, bytes] as const,
  );
  return syntheticStream({
    blocks: renamed,
    sections: [kept.map((one) => ({ ...one, brief: false }))],
    devices,
  }).bytes;
}

/** The machine's memory: of a page that comes twice the last counts. */
function memoryOf({ sections }: SyntheticStream): Buffer {
  const memory = Buffer.alloc(MEMORY);
  for (const { block, at, data } of sections.flat())
    if (block === MAIN) memory.fill(data, at, at + PAGE);
  return memory;
}

function expectWhole(stream: SyntheticStream, result: Split): void {
  const wanted = memoryOf(stream);
  expect(result.memory.equals(wanted)).toBe(true);
  expect(result.state.equals(stateOf(stream))).toBe(true);
  const hash = createHash('sha256');
  const seen = Buffer.alloc(MEMORY);
  for (let at = 0; at < result.extents.length; at += 2) {
    const [start = 0, length = 0] = result.extents.slice(at, at + 2);
    hash.update(wanted.subarray(start, start + length));
    wanted.copy(seen, start, start, start + length);
  }
  expect(result.sha256).toBe(hash.digest('hex'));
  // Nothing but zeros is outside.
  expect(seen.equals(wanted)).toBe(true);
}

const FULL: SyntheticStream = {
  blocks: BLOCKS,
  sections: [
    [
      { block: MAIN, at: 0, data: page('a') },
      { block: MAIN, at: PAGE, data: page('b'), brief: true },
      { block: MAIN, at: 9 * PAGE, data: 0, brief: true },
      { block: 'pc.bios', at: 0, data: page('c') },
      { block: 'pc.bios', at: PAGE, data: 0xff, brief: true },
    ],
    [
      { block: 'pc.bios', at: 2 * PAGE, data: 0, brief: true },
      { block: MAIN, at: 63 * PAGE, data: 0xf4 },
    ],
    [],
  ],
  devices: Buffer.from('the CPU, the disks, and what else there is'),
};

test('the memory becomes a file, and the rest a stream of devices', async () => {
  const result = await split(syntheticStream(FULL).bytes);
  expectWhole(FULL, result);
  expect(result.extents).toEqual([0, 2 * PAGE, 63 * PAGE, PAGE]);
});

test('pages that come again count as they come last, also where they are zero by then', async () => {
  const first: SyntheticPage[] = [1, 2, 3, 4].map((at) => ({
    ...{ block: MAIN, at: at * PAGE, data: page('old') },
  }));
  const again: SyntheticPage[] = [
    { block: MAIN, at: 2 * PAGE, data: page('new') },
    { block: MAIN, at: 3 * PAGE, data: 0 },
    { block: MAIN, at: 0, data: page('late') },
  ];
  const stream = { ...FULL, sections: [first, again] };
  const result = await split(syntheticStream(stream).bytes);
  expectWhole(stream, result);
  expect(result.extents).toEqual([0, 5 * PAGE]);
});

test('a run of more pages than are written at once comes whole', async () => {
  const pages = 600;
  const section = Array.from({ length: pages }, (_, at) => ({
    ...{ block: MAIN, at: at * PAGE, data: page(String(at % 10)), brief: true },
  }));
  const blocks = [[MAIN, pages * PAGE]] as const;
  const { bytes } = syntheticStream({ blocks, sections: [section], devices: Buffer.alloc(9e6) });
  const { memory, state } = await split(bytes, pages * PAGE);
  expect(memory.equals(Buffer.concat(section.map(({ data }) => data)))).toBe(true);
  expect(state.subarray(-9e6).equals(Buffer.alloc(9e6))).toBe(true);
});

const pages = fc.record({
  block: fc.constantFrom(MAIN, MAIN, MAIN, 'pc.bios'),
  at: fc.nat(3).map((at) => at * PAGE),
  data: fc.oneof(
    fc.constant(0),
    fc.integer({ min: 1, max: 255 }),
    fc.string({ minLength: 1, maxLength: 9 }).map((text) => Buffer.alloc(PAGE, text)),
  ),
  brief: fc.boolean(),
});
const far = pages.map((one) => (one.block === MAIN ? { ...one, at: one.at * 16 } : one));

test('memory and state together have exactly the pages of any stream', SLOW, async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.oneof(pages, far), { maxLength: 6 }), { minLength: 1, maxLength: 4 }),
      fc.uint8Array({ maxLength: 50 }),
      async (sections, devices) => {
        const stream = { blocks: BLOCKS, sections, devices: Buffer.from(devices) };
        expectWhole(stream, await split(syntheticStream(stream).bytes));
      },
    ),
  );
});

test('a stream that is cut off anywhere in the memory is an error', SLOW, async () => {
  const { bytes, memoryEnd } = syntheticStream(FULL);
  // Within a page every cut is like the next.
  const cuts = Array.from({ length: memoryEnd }, (_, at) => at);
  const pageBytes = new Set(['a', 'b', 'c'].flatMap((letter) => insideOf(bytes, page(letter))));
  for (const cut of cuts.filter((at) => !pageBytes.has(at)))
    await expect(split(bytes.subarray(0, cut)), `cut at ${cut}`).rejects.toThrow(StreamError);
});

test.each<[string, (bytes: Buffer) => unknown, RegExp]>([
  ['is none', (bytes) => bytes.fill(0, 0, 4), /magic word is 0/],
  ['is of another version', (bytes) => bytes.fill(9, 7, 8), /version is 9/],
  ['has no name of a machine', (bytes) => bytes.fill(1, 8, 9), /section is 1 instead of 7/],
  ['has another section first', (bytes) => bytes.write('rom', bytes.indexOf('ram')), /section rom/],
  ['has bad flags', (bytes) => bytes.fill(0x81, 104, 200), /is|ends/],
  ['has a bad footer', (bytes) => bytes.fill(0, bytes.indexOf(0x7e)), /footer is 0/],
])('a stream that %s is an error', async (_, harm, reason) => {
  const { bytes } = syntheticStream(FULL);
  harm(bytes);
  const error: unknown = await split(bytes).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(StreamError);
  expect(String(error)).toMatch(reason);
});

test('a page beyond the memory is an error', async () => {
  const section: SyntheticPage[] = [{ block: MAIN, at: MEMORY, data: page('x') }];
  const { bytes } = syntheticStream({ ...FULL, sections: [section] });
  await expect(split(bytes)).rejects.toThrow(/a page beyond the memory/);
});

test('a stream of a machine with other memory is an error', async () => {
  const { bytes } = syntheticStream(FULL);
  await expect(split(bytes, 2 * MEMORY)).rejects.toThrow(/no block of/);
});

test(
  'no change of any byte makes it hang, or fail with anything but a StreamError',
  SLOW,
  async () => {
    const { bytes } = syntheticStream({
      ...FULL,
      sections: [[{ block: MAIN, at: 0, data: 7 }], []],
    });
    for (let at = 0; at < bytes.length; at += 1) {
      const altered = Buffer.from(bytes);
      altered[at] = (altered[at] ?? 0) ^ 0x55;
      const error: unknown = await split(altered).catch((thrown: unknown) => thrown);
      if (error instanceof Error) expect(error, `altered at ${at}`).toBeInstanceOf(StreamError);
    }
  },
);

test('an abort ends it', async () => {
  const { bytes } = syntheticStream(FULL);
  await expect(split(bytes, MEMORY, AbortSignal.abort())).rejects.toMatchObject({
    name: 'AbortError',
  });
});

/** Where a piece is in the bytes, but for its first and last two. */
function insideOf(bytes: Buffer, piece: Buffer): number[] {
  const start = bytes.indexOf(piece);
  return Array.from({ length: piece.length - 4 }, (_, at) => start + 2 + at);
}
