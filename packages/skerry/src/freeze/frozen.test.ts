import { mkdtemp, open, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PAGE, syntheticSave, type SyntheticStream } from '../../test/synthetic-stream.ts';
import { checkFrozen, freeze, type FrozenRecord, writeThawFile } from './frozen.ts';
import { HEAD_BYTES, parseSaveHead } from './save-image.ts';

const MEMORY_MIB = 1;
const STREAM: SyntheticStream = {
  blocks: [
    ['pc.ram', MEMORY_MIB * 2 ** 20],
    ['pc.bios', PAGE],
  ],
  sections: [
    [
      { block: 'pc.ram', at: 0, data: Buffer.alloc(PAGE, 'first') },
      { block: 'pc.ram', at: 7 * PAGE, data: Buffer.alloc(PAGE, 'second') },
      { block: 'pc.bios', at: 0, data: 3 },
    ],
  ],
  devices: Buffer.from('devices'),
};

interface Frozen extends AsyncDisposable {
  readonly dir: string;
  readonly record: FrozenRecord;
}

async function frozen(save: Buffer = syntheticSave(STREAM)): Promise<Frozen> {
  const dir = await mkdtemp(join(tmpdir(), 'skerry-frozen-'));
  await using undo = new AsyncDisposableStack();
  undo.defer(() => rm(dir, { recursive: true }));
  const saved = join(dir, 'saved');
  await writeFile(saved, save);
  const record = await freeze({ saved, dir, memoryMiB: MEMORY_MIB, blockName: 'memory-file' });
  const moved = undo.move();
  return { dir, record, [Symbol.asyncDispose]: () => moved.disposeAsync() };
}

/** Changes one byte, checks, and changes it back. */
async function checkAltered(dir: string, file: string, at: number): Promise<unknown> {
  const flip = async (): Promise<void> => {
    await using handle = await open(join(dir, file), 'r+');
    const { buffer } = await handle.read(Buffer.alloc(1), 0, 1, at);
    await handle.write(Buffer.from([(buffer[0] ?? 0) ^ 1]), 0, 1, at);
  };
  await flip();
  try {
    return await checkFrozen(dir).catch((error: unknown) => error);
  } finally {
    await flip();
  }
}

test('what was frozen is whole, takes no room where memory is zero, and only its owner reads it', async () => {
  await using machine = await frozen();
  expect(await checkFrozen(machine.dir)).toEqual(machine.record);
  expect(machine.record.extents).toEqual([0, PAGE, 7 * PAGE, PAGE]);
  const { size, blocks, mode } = await stat(join(machine.dir, 'memory'));
  expect(size).toBe(MEMORY_MIB * 2 ** 20);
  expect(blocks * 512).toBeLessThan(size / 8);
  expect(mode & 0o777).toBe(0o600);
});

test('one bit of the memory, of its holes or of the state that is another is found', async () => {
  await using machine = await frozen();
  const { dir } = machine;
  const { size: stateBytes } = await stat(join(dir, 'state'));
  const inData = [0, 1, PAGE - 1, 7 * PAGE, 7 * PAGE + 123, 8 * PAGE - 1];
  const inHoles = [PAGE, 3 * PAGE + 77, 7 * PAGE - 1, 8 * PAGE, MEMORY_MIB * 2 ** 20 - 1];
  for (const at of [...inData, ...inHoles])
    expect(await checkAltered(dir, 'memory', at), `memory at ${at}`).toMatchObject({
      code: 'FROZEN_DAMAGED',
      message: expect.stringContaining(join(dir, 'memory')) as string,
    });
  for (let at = 0; at < stateBytes; at += 1)
    expect(await checkAltered(dir, 'state', at), `state at ${at}`).toMatchObject({
      code: 'FROZEN_DAMAGED',
      message: expect.stringContaining(join(dir, 'state')) as string,
    });
  // Zeros in a hole are as good as a hole.
  expect(await checkFrozen(dir)).toEqual(machine.record);
});

test('a change in a hole is found also where the file takes less room than it did', async () => {
  await using machine = await frozen();
  const { dir, record } = machine;
  // As after a copy to another disk.
  const roomy = { ...record, blocks: record.blocks + 8 };
  await writeFile(join(dir, 'frozen.json'), JSON.stringify(roomy));
  expect(await checkFrozen(dir)).toEqual(roomy);
  expect(await checkAltered(dir, 'memory', 3 * PAGE)).toMatchObject({ code: 'FROZEN_DAMAGED' });
});

test.each<[string, string, (path: string) => Promise<void>]>([
  ['memory that is cut off', 'memory', (path) => truncate(path, MEMORY_MIB * 2 ** 20 - 1)],
  ['memory that is too long', 'memory', (path) => truncate(path, MEMORY_MIB * 2 ** 20 + 1)],
  ['memory that is empty', 'memory', (path) => truncate(path, 0)],
  ['memory that is missing', 'memory', (path) => rm(path)],
  ['a state that is cut off', 'state', (path) => truncate(path, 20)],
  ['a state that is missing', 'state', (path) => rm(path)],
  ['a record that is missing', 'frozen.json', (path) => rm(path)],
  ['half a record', 'frozen.json', (path) => truncate(path, 30)],
  ['an empty record', 'frozen.json', (path) => writeFile(path, '{}')],
  ['a record of nothing', 'frozen.json', (path) => writeFile(path, 'null')],
])('%s is an error that names the file', async (_, file, harm) => {
  await using machine = await frozen();
  await harm(join(machine.dir, file));
  await expect(checkFrozen(machine.dir)).rejects.toMatchObject({
    code: 'FROZEN_DAMAGED',
    message: expect.stringContaining(join(machine.dir, file)) as string,
  });
});

test.each<[string, (save: Buffer) => Buffer]>([
  ['libvirt has not finished', (save) => (save.write('LibvirtQemudPart'), save)],
  ['is cut off in its head', (save) => save.subarray(0, 50)],
  ['is cut off in its memory', (save) => save.subarray(0, 4000)],
  ['is empty', () => Buffer.alloc(0)],
])('a save image that %s is not frozen', async (_, harm) => {
  await expect(frozen(harm(syntheticSave(STREAM)))).rejects.toMatchObject({
    code: 'FROZEN_UNKNOWN',
    message: expect.stringContaining('saved') as string,
  });
});

test('the file to thaw from is a save image with the new XML and the frozen state', async () => {
  await using machine = await frozen();
  const path = join(machine.dir, 'thaw');
  await writeThawFile(machine.dir, path, '<domain>another</domain>', true);
  const thaw = await readFile(path);
  const head = parseSaveHead(thaw);
  expect(head).toEqual({ xmlBytes: '<domain>another</domain>'.length + 1, wasRunning: true });
  const state = await readFile(join(machine.dir, 'state'));
  expect(thaw.subarray(HEAD_BYTES + (head?.xmlBytes ?? 0)).equals(state)).toBe(true);
  expect((await stat(path)).mode & 0o777).toBe(0o600);
});
