// Templates that are damaged, stale or refused: up says so and brings the machine up, and others notice nothing.
import { createHash } from 'node:crypto';
import { open, readFile, rename, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { finish } from '../support/cli.ts';
import { testLab, type TestLab } from '../support/lab.ts';
import { SMALL } from '../support/small.ts';
import type { OwnStore } from '../support/store.ts';

interface Frozen {
  extents: number[];
  stateSha256: string;
}

/** A kind of which no template is damaged. */
const OTHER = { ...SMALL, memory: 272 };

type Damage = readonly [what: string, harm: (dir: string) => Promise<unknown>, reason: RegExp];

const DAMAGES: readonly Damage[] = [
  ['a cut-off memory', (dir) => truncate(join(dir, 'memory'), 1e6), /memory is damaged: it has/],
  [
    'one altered byte',
    async (dir) => alter(join(dir, 'memory'), middleOfData(await frozenOf(dir))),
    /memory is damaged: its SHA-256/,
  ],
  [
    'one altered byte where memory is zero',
    async (dir) => alter(join(dir, 'memory'), middleOfHole(await frozenOf(dir))),
    /memory is damaged: something was written/,
  ],
  ['no state', (dir) => rm(join(dir, 'state')), /state is damaged: it is missing/],
  ['an altered disk', (dir) => alter(join(dir, 'disk.qcow2'), 300_000), /disk.qcow2 is damaged/],
  ['no record', (dir) => rm(join(dir, 'template.json')), /template.json is damaged/],
];
/** Each is an `up` with a template of its own: `npm test` takes every second one. */
const TRIED = DAMAGES.filter((_, at) => process.env.SKERRY_CAMPAIGN || at % 2 === 0);

export function fallback(running: () => TestLab, store: () => OwnStore): void {
  const folder = async (): Promise<string> => join(store().templatesDir, await newest(store()));

  test.each(TRIED)('with %s up says so and makes a new one', async (_, harm, reason) => {
    const before = await store().templates();
    await harmCopy(await folder(), harm);
    await using lab = await testLab(SMALL, store());
    const { code, stderr } = await lab.skerry(['up']);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(reason);
    expect(stderr).toContain('one: making a new template');
    expect(await lab.ok(['exec', '--', 'hostname'])).toBe('one\n');
    expect((await store().templates()).length).toBe(before.length + 1);
    await lab.destroyWhole();
  });

  test('one that was made for another QEMU is stale, and up says so', async () => {
    await using lab = await testLab(OTHER, store());
    await lab.ok(['up']);
    await lab.ok(['destroy', '--yes']);
    await rename(await folder(), join(store().templatesDir, '0123456789abcdef-012345'));
    const { code, stderr } = await lab.skerry(['up']);
    expect(code, stderr).toBe(0);
    expect(stderr).toContain('QEMU, libvirt or the kernel has changed: making a new template');
    await lab.destroyWhole();
  });

  test('one that is whole but that QEMU refuses: up says so and boots', async () => {
    const dir = await folder();
    const state = join(dir, 'state');
    // The name of a device: QEMU knows none of that name.
    await alter(state, (await readFile(state)).indexOf('virtio-net'), 10);
    const record = await frozenOf(dir);
    record.stateSha256 = createHash('sha256')
      .update(await readFile(state))
      .digest('hex');
    await writeFile(join(dir, 'frozen.json'), JSON.stringify(record));
    await using lab = await testLab(OTHER, store());
    const { code, stdout, stderr } = await lab.skerry(['up', '--timings']);
    expect(code, stderr).toBe(0);
    expect(stderr).toMatch(/one: booting, for it could not be thawed \(/);
    expect(stdout).toMatch(/one +boot +\d+ ms/);
    expect(await lab.ok(['exec', '--', 'hostname'])).toBe('one\n');
    await lab.destroyWhole();
  });

  test('up --cold boots, though there is one', async () => {
    const before = await store().templates();
    await using lab = await testLab(OTHER, store());
    const said = await lab.ok(['up', '--cold', '--timings']);
    expect(said).toMatch(/one +boot +\d+ ms/);
    expect(said).not.toMatch(/thaw|template|freeze/);
    expect(await store().templates()).toEqual(before);
    await lab.destroyWhole();
  });

  test('machines that were thawed from what is damaged now run on, and boot again', async () => {
    expect(await running().ok(['exec', '--', 'true'])).toBe('');
    await running().ok(['halt']);
    await running().ok(['up']);
    expect((await running().status()).machines.map(({ state }) => state)).toEqual([
      'running',
      'running',
    ]);
  });

  test('gc removes all that nobody uses, and keeps the one in use, damaged as it is', async () => {
    const said = JSON.parse(await running().ok(['image', 'gc', '--all', '--json'])) as {
      templates: object[];
      freedBytes: number;
    };
    expect(said.templates.length).toBeGreaterThan(TRIED.length - 1);
    expect(said.freedBytes).toBeGreaterThan(100e6);
    expect(await store().templates()).toHaveLength(1);
    expect(await store().leftovers()).toEqual([]);
    await running().ok(['exec', '--', 'true']);
  });
}

/** In a copy that takes its place: machines that run have the files open, and would see a change. */
async function harmCopy(dir: string, harm: (dir: string) => Promise<unknown>): Promise<void> {
  const copied = await finish(['cp', '-a', '--sparse=always', dir, `${dir}.new`]);
  expect(copied.code, copied.stderr).toBe(0);
  await harm(`${dir}.new`);
  await rename(dir, `${dir}.old`);
  await rename(`${dir}.new`, dir);
  await rm(`${dir}.old`, { recursive: true });
}

async function newest(store: OwnStore): Promise<string> {
  const ids = await store.templates();
  const stats = await Promise.all(ids.map((id) => stat(join(store.templatesDir, id))));
  const times = stats.map(({ birthtimeMs }) => birthtimeMs);
  return ids[times.indexOf(Math.max(...times))] ?? '';
}

async function frozenOf(dir: string): Promise<Frozen> {
  return JSON.parse(await readFile(join(dir, 'frozen.json'), 'utf8')) as Frozen;
}

function middleOfData({ extents }: Frozen): number {
  const at = 2 * Math.floor(extents.length / 4);
  return (extents[at] ?? 0) + Math.floor((extents[at + 1] ?? 0) / 2);
}

function middleOfHole({ extents }: Frozen): number {
  for (let at = 0; at + 2 < extents.length; at += 2) {
    const end = (extents[at] ?? 0) + (extents[at + 1] ?? 0);
    const next = extents[at + 2] ?? 0;
    if (next > end) return Math.floor((end + next) / 2);
  }
  throw new Error('the memory has no hole');
}

/** Turns bits over. */
async function alter(path: string, at: number, count = 1): Promise<void> {
  await using file = await open(path, 'r+');
  const { buffer } = await file.read(Buffer.alloc(count), 0, count, at);
  await file.write(
    buffer.map((byte) => byte ^ 0xff),
    0,
    count,
    at,
  );
}
