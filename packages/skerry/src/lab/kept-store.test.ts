import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  findKept,
  keptLeftovers,
  type KeptRecord,
  listKept,
  obsolete,
  removeKept,
  storeKept,
  sweepKept,
} from './kept-store.ts';

let root: string;
const before = process.env.SKERRY_STATE_DIR;
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'skerry-kept-'));
  process.env.SKERRY_STATE_DIR = root;
});
afterEach(async () => {
  if (before === undefined) delete process.env.SKERRY_STATE_DIR;
  else process.env.SKERRY_STATE_DIR = before;
  await rm(root, { recursive: true });
});

const record = (key: string, more: Partial<KeptRecord> = {}): KeptRecord => ({
  ...{ format: 1, lab: 'lab-000001', name: 'lab', file: '/srv/lab/skerry.config.ts', key },
  ...{ made: '2026-01-02T03:04:05.000Z', images: ['one'], host: { qemu: '1', cpu: '2' } },
  ...more,
});
const store = (key: string, more: Partial<KeptRecord> = {}): Promise<void> =>
  storeKept(record(key, more), ({ dir }) => writeFile(join(dir, 'content'), key));
const folders = (): Promise<string[]> => readdir(join(root, 'provisioned'));

test('one is found by lab and key, with all that was put into it', async () => {
  await store('k1');
  const found = await findKept('lab-000001', 'k1');
  expect(found).toMatchObject(record('k1'));
  expect(await readdir(found?.paths.dir ?? '')).toEqual(['content', 'kept.json']);
  expect(await findKept('lab-000002', 'k1')).toBeUndefined();
});

test('a failed one leaves nothing, and what was there stays', async () => {
  await store('k1');
  const failing = storeKept(record('k1'), async ({ dir }) => {
    await writeFile(join(dir, 'half'), '');
    throw new Error('disk full');
  });
  await expect(failing).rejects.toThrow('disk full');
  expect(await folders()).toEqual(['lab-000001.k1']);
  expect(await readdir(join(root, 'provisioned/lab-000001.k1'))).toContain('content');
});

test('what a killed one left is swept by the next of the same lab, and no other', async () => {
  for (const lab of ['lab-000001', 'lab-000002'])
    await mkdir(join(root, 'provisioned', `.keeping-${lab}.4194999`), { recursive: true });
  await store('k1');
  expect(await folders()).toEqual(['.keeping-lab-000002.4194999', 'lab-000001.k1']);
  expect(await keptLeftovers()).toHaveLength(1);
  await sweepKept('lab-000002');
  expect(await keptLeftovers()).toEqual([]);
});

test('of one lab the two used last are kept; those of others stay', async () => {
  await store('other', { lab: 'lab-000002' });
  for (const [at, key] of ['k1', 'k2', 'k3'].entries()) {
    await store(key);
    const when = new Date(Date.now() - 10_000 + at);
    await utimes(join(root, 'provisioned', `lab-000001.${key}`, 'kept.json'), when, when);
  }
  expect((await listKept()).map(({ id }) => id).sort()).toEqual([
    'lab-000001.k2',
    'lab-000001.k3',
    'lab-000002.other',
  ]);
  await removeKept('lab-000001.k2');
  await removeKept('lab-000001.k2');
  expect(await folders()).toEqual(['lab-000001.k3', 'lab-000002.other']);
});

const DAY_MS = 24 * 60 * 60_000;

test.each([
  ['good', {}, {}, undefined],
  ['of a lab file that is gone', {}, { exists: () => false }, 'its lab file is gone'],
  ['of an old image', { images: ['one', 'old'] }, {}, 'its image was built anew since'],
  ['of another QEMU', { host: { qemu: '0' } }, {}, 'made with another QEMU, libvirt or CPU'],
  ['of another QEMU, maybe', { host: { qemu: '0' } }, { host: undefined }, undefined],
  ['not used for long', {}, { timeMs: 31 * DAY_MS }, 'not used for 30 days'],
])('one %s', (_, kept, now, reason) => {
  const { file, images, host } = record('k');
  expect(
    obsolete(
      { file, images, host, usedMs: 0, ...kept },
      { timeMs: DAY_MS, images: new Set(['one']), host, exists: () => true, ...now },
    ),
  ).toBe(reason);
});
