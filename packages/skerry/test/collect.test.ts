// Labs, images and templates as files only: nothing of them runs.
import { mkdir, mkdtemp, readdir, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fillTemplate, TEMPLATE_RECORD } from './template-files.ts';
import { imagesDir } from '../src/image/store.ts';
import { metadataXml } from '../src/machine/metadata.ts';
import { hostInputs } from '../src/template/key.ts';
import { makeTemplate, type TemplateRecord, templatesDir } from '../src/template/store.ts';
import { run } from '../src/util/run.ts';
import { collect, templateStatus } from '../src/lab/collect.ts';
import { storeKept } from '../src/lab/kept-store.ts';
import {
  pruneUnusedImages,
  removeUnusedImage,
  removeUnusedTemplate,
} from '../src/lab/image-use.ts';

const NAMED = 'a'.repeat(64);
const OLD = 'b'.repeat(64);
let root = '';
let libvirt = '';

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'skerry-gc-'));
  process.env.SKERRY_DATA_DIR = join(root, 'data');
  process.env.SKERRY_STATE_DIR = join(root, 'state');
  const env = { ...process.env, PATH: `${process.env.PATH ?? ''}:/usr/sbin:/sbin` };
  const { stdout } = await run('libvirtd', ['--version'], { env }).catch(() => ({ stdout: '' }));
  libvirt = /\d+\.\d+\.\d+/.exec(stdout)?.[0] ?? '9.0.0';
  for (const digest of [NAMED, OLD]) await putImage(digest);
  await mkdir(join(imagesDir(), 'names'));
  await writeFile(join(imagesDir(), 'names', 'debian-12'), NAMED);
});
afterEach(() => rm(root, { recursive: true }));

async function putImage(digest: string): Promise<void> {
  const dir = join(imagesDir(), digest);
  await mkdir(dir, { recursive: true });
  for (const file of ['disk.qcow2', 'vmlinux']) await writeFile(join(dir, file), file);
  const record = { format: 1, definitionHash: '', disk: 'disk.qcow2', kernel: 'vmlinux' };
  const rest = { kernelArgs: '', virtualSizeBytes: 8, built: '2026-01-01T00:00:00.000Z' };
  await writeFile(join(dir, 'image.json'), JSON.stringify({ ...record, ...rest }));
}

let keys = 0;
async function put(record: Partial<TemplateRecord> = {}): Promise<string> {
  const key = String((keys += 1)).padStart(16, '0');
  const host = hostInputs(libvirt);
  const fill = (dir: string): Promise<TemplateRecord> =>
    fillTemplate(dir, { imageDigest: NAMED, host, ...record });
  const made = await makeTemplate(imagesDir(), key, fill);
  return made?.id ?? expect.fail('somebody else is making it');
}

/** A lab that is off, with one machine. */
async function putLab(name: string, image: string, template?: string): Promise<void> {
  const dir = join(root, 'state', 'labs', `${name}-123456`);
  const record = { id: `${name}-123456`, name, file: '/nowhere', dir: '/nowhere' };
  await mkdir(join(dir, 'libvirt', 'etc', 'qemu'), { recursive: true });
  await writeFile(join(dir, 'lab.json'), JSON.stringify(record));
  const mark = { lab: record.id, machine: 'one', image, template, facts: {} };
  const xml = `<domain><metadata>${metadataXml(mark)}</metadata></domain>`;
  await writeFile(join(dir, 'libvirt', 'etc', 'qemu', 'one.xml'), xml);
}

const templates = async (): Promise<string[]> =>
  (await readdir(templatesDir(imagesDir()))).filter((entry) => !entry.startsWith('.')).sort();
const images = async (): Promise<string[]> =>
  (await readdir(imagesDir())).filter((entry) => entry.length === 64).sort();

test('gc removes stale and damaged templates and old images, and keeps the good ones', async () => {
  const good = await put();
  const ofOldImage = await put({ imageDigest: OLD });
  const ofOtherQemu = await put({ host: { ...hostInputs(libvirt), qemu: 'another' } });
  const damaged = await put();
  await truncate(join(templatesDir(imagesDir()), damaged, 'memory'), 10);
  const { templates: gone, images: goneImages, freedBytes } = await collect({});
  expect(Object.fromEntries(gone.map(({ id, reason }) => [id, reason]))).toEqual({
    [ofOldImage]: 'debian-12 was built anew or removed since',
    [ofOtherQemu]: 'made with another QEMU',
    [damaged]: expect.stringContaining('memory is damaged') as string,
  });
  expect(goneImages.map(({ digest }) => digest)).toEqual([OLD]);
  expect(freedBytes).toBeGreaterThan(3 * 4096);
  expect(await templates()).toEqual([good]);
  expect(await images()).toEqual([NAMED]);
  expect(await collect({})).toMatchObject({ templates: [], images: [], freedBytes: 0 });
});

test('gc keeps what a machine uses, however old or damaged it is, and the image under it', async () => {
  const old = await put({ imageDigest: OLD });
  const damaged = await put({ imageDigest: OLD });
  await rm(join(templatesDir(imagesDir()), damaged, 'template.json'));
  await putLab('storage', OLD, old);
  await putLab('cloud', OLD, damaged);
  expect(await collect({ all: true })).toMatchObject({ templates: [], images: [] });
  expect(await templates()).toEqual([old, damaged].sort());
  expect(await images()).toEqual([NAMED, OLD]);
  expect(await pruneUnusedImages()).toEqual([]);
});

test('gc keeps what only a snapshot needs', async () => {
  const id = await put({ imageDigest: OLD });
  await putLab('storage', OLD, id);
  const dir = join(root, 'state', 'labs', 'storage-123456');
  const file = join(dir, 'libvirt', 'etc', 'qemu', 'one.xml');
  const machine = {
    name: 'one',
    state: 'shutoff',
    memoryMiB: 1,
    xml: await readFile(file, 'utf8'),
  };
  const record = { format: 1, name: 'before', taken: '', pauseMs: 0, machines: [machine] };
  await mkdir(join(dir, 'snapshots', 'before'), { recursive: true });
  await writeFile(join(dir, 'snapshots', 'before', 'snapshot.json'), JSON.stringify(record));
  await rm(file);
  expect(await collect({ all: true })).toMatchObject({ templates: [], images: [] });
  await expect(removeUnusedTemplate(id)).rejects.toMatchObject({ code: 'TEMPLATE_IN_USE' });
});

/** A provisioned lab that is kept, of one machine. */
async function putKept(key: string, file: string, image: string, template: string): Promise<void> {
  const mark = { lab: 'storage-123456', machine: 'one', image, template, facts: {} };
  const xml = `<domain><metadata>${metadataXml(mark)}</metadata></domain>`;
  const machine = { name: 'one', state: 'running', memoryMiB: 1, xml };
  const snapshot = { format: 1, name: '.kept', taken: '', pauseMs: 0, machines: [machine] };
  const host = hostInputs(libvirt);
  const record = { format: 1, lab: 'storage-123456', name: 'storage', file, key, host } as const;
  await storeKept({ ...record, made: '', images: [image] }, async ({ snapshotsDir }) => {
    await mkdir(join(snapshotsDir, '.kept'), { recursive: true });
    await writeFile(join(snapshotsDir, '.kept', 'snapshot.json'), JSON.stringify(snapshot));
  });
}

test('gc removes provisioned labs that are of no use, with what only they need; others keep it', async () => {
  const [wanted, unwanted, old] = [await put(), await put(), await put({ imageDigest: OLD })];
  const file = join(root, 'skerry.config.ts');
  await writeFile(file, '');
  await putKept('good', file, NAMED, wanted);
  await putLab('storage', NAMED);
  expect((await collect({ all: true, dryRun: true })).kept).toHaveLength(1);
  await expect(removeUnusedTemplate(wanted)).rejects.toMatchObject({ code: 'TEMPLATE_IN_USE' });
  expect(await collect({ dryRun: true })).toMatchObject({ kept: [], templates: [{ id: old }] });
  await putKept('gone', '/nowhere/skerry.config.ts', OLD, old);
  const { kept, images: goneImages } = await collect({});
  expect(kept).toMatchObject([{ id: 'storage-123456.gone', reason: 'its lab file is gone' }]);
  expect(goneImages.map(({ digest }) => digest)).toEqual([OLD]);
  expect(await templates()).toEqual([wanted, unwanted].sort());
  expect(await readdir(join(root, 'state', 'provisioned'))).toEqual(['storage-123456.good']);
});

test('gc --all also removes good templates that nobody uses', async () => {
  const [used, unused] = [await put(), await put()];
  await putLab('storage', NAMED, used);
  const { templates: gone } = await collect({ all: true });
  expect(gone).toMatchObject([{ id: unused, reason: 'nobody uses it' }]);
  expect(await templates()).toEqual([used]);
});

test('gc --dry-run says the same and removes nothing', async () => {
  await put({ imageDigest: OLD });
  await mkdir(join(templatesDir(imagesDir()), '.making-0123456789abcdef.xyz'));
  const said = await collect({ dryRun: true });
  expect(said.templates).toHaveLength(1);
  expect(said.leftovers).toMatchObject([{ folder: '.making-0123456789abcdef.xyz' }]);
  expect(await templates()).toHaveLength(1);
  expect(await images()).toEqual([NAMED, OLD]);
  expect(await collect({})).toEqual(said);
  expect(await readdir(templatesDir(imagesDir()))).toEqual([]);
});

test('a template in use is not removed, and the error names the labs', async () => {
  const id = await put();
  await putLab('storage', NAMED, id);
  await putLab('cloud', NAMED, id);
  await expect(removeUnusedTemplate(id)).rejects.toMatchObject({
    code: 'TEMPLATE_IN_USE',
    message: expect.stringMatching(/storage, cloud|cloud, storage/) as string,
    exitCode: 4,
  });
  await expect(removeUnusedImage('debian-12')).rejects.toMatchObject({ code: 'IMAGE_IN_USE' });
  expect(await templates()).toEqual([id]);
  expect(await templateStatus()).toMatchObject([{ id, usedBy: ['cloud', 'storage'] }]);
});

test('an image is in use by the machines of its templates, whatever they say of their image', async () => {
  const id = await put();
  await putLab('storage', OLD, id);
  await expect(removeUnusedImage('debian-12')).rejects.toMatchObject({ code: 'IMAGE_IN_USE' });
});

test('a template that nobody uses is removed, once', async () => {
  const id = await put();
  await removeUnusedTemplate(id);
  expect(await templates()).toEqual([]);
  await expect(removeUnusedTemplate(id)).rejects.toMatchObject({ code: 'TEMPLATE_MISSING' });
});

test('templates of an image that was removed are of no use, and gc removes them', async () => {
  const id = await put();
  await removeUnusedImage('debian-12');
  expect(await templateStatus()).toMatchObject([
    { id, template: { image: TEMPLATE_RECORD.image }, obsolete: expect.any(String) as string },
  ]);
  expect((await collect({})).templates).toMatchObject([{ id }]);
});
