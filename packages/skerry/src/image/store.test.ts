import { mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';

import { definitionHash, requestedDefinition } from './definition.ts';
import { commit, type ImageRecord, isImageName, stage } from './image-files.ts';
import {
  buildImage,
  findImage,
  knownImages,
  listImages,
  pruneImages,
  removeImage,
} from './store.ts';

const RECORD: ImageRecord = {
  format: 1,
  definitionHash: 'f00d',
  disk: 'disk.qcow2',
  kernel: 'vmlinux',
  initrd: 'initrd',
  kernelArgs: 'quiet',
  virtualSizeBytes: 8,
  built: '2026-01-01T00:00:00.000Z',
};

async function emptyStore(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'skerry-store-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

async function put(store: string, name: string, content: string): Promise<string> {
  const staging = await stage(store, name);
  const dir = join(staging, 'image');
  await mkdir(dir);
  for (const file of ['disk.qcow2', 'vmlinux', 'initrd'])
    await writeFile(join(dir, file), `${file} ${content}`);
  const digest = await commit(store, name, { dir, record: RECORD });
  await rm(staging, { recursive: true });
  return digest;
}

test('an image is found under its name, in the folder of its digest', async () => {
  await using store = await emptyStore();
  const digest = await put(store.path, 'debian-12', 'a');
  expect(await findImage('debian-12', store.path)).toMatchObject({
    name: 'debian-12',
    digest,
    dir: join(store.path, digest),
    kernel: 'vmlinux',
    stale: true,
  });
});

test('equal content gives one folder, whatever the names', async () => {
  await using store = await emptyStore();
  const first = await put(store.path, 'one', 'a');
  expect(await put(store.path, 'two', 'a')).toBe(first);
  expect((await readdir(store.path)).sort()).toEqual([first, 'names'].sort());
});

test('a new build moves the name and keeps the old image until it is pruned', async () => {
  await using store = await emptyStore();
  const old = await put(store.path, 'one', 'a');
  const fresh = await put(store.path, 'one', 'b');
  expect((await findImage('one', store.path))?.digest).toBe(fresh);
  expect(await pruneImages(new Set([old]), store.path)).toEqual([]);
  expect(await pruneImages(new Set(), store.path)).toEqual([old]);
  expect((await findImage('one', store.path))?.digest).toBe(fresh);
});

test.each([
  ['without its disk', (dir: string) => rm(join(dir, 'disk.qcow2'))],
  ['without its record', (dir: string) => rm(join(dir, 'image.json'))],
  ['with half a record', (dir: string) => writeFile(join(dir, 'image.json'), '{"format":1')],
  [
    'with a record of a later Skerry',
    (dir: string) => writeFile(join(dir, 'image.json'), '{"format":2}'),
  ],
  ['without its folder', (dir: string) => rm(dir, { recursive: true })],
])('an image %s is not there', async (_, harm) => {
  await using store = await emptyStore();
  const digest = await put(store.path, 'one', 'a');
  await harm(join(store.path, digest));
  expect(await findImage('one', store.path)).toBeUndefined();
  expect(await listImages(store.path)).toEqual([]);
});

test('what a killed build left is removed by the next build of that name, and only of that', async () => {
  await using store = await emptyStore();
  const left = await stage(store.path, 'one');
  await writeFile(join(left, 'disk.raw'), 'half');
  const other = await stage(store.path, 'one-b');
  await stage(store.path, 'one');
  const entries = (await readdir(store.path)).map((entry) => join(store.path, entry));
  expect(entries).not.toContain(left);
  expect(entries).toContain(other);
});

test('removing a name leaves the image to other names of it', async () => {
  await using store = await emptyStore();
  const digest = await put(store.path, 'one', 'a');
  await put(store.path, 'two', 'a');
  await removeImage('one', store.path);
  expect((await listImages(store.path)).map((image) => image.name)).toEqual(['two']);
  await removeImage('two', store.path);
  expect(await readdir(store.path)).not.toContain(digest);
  await expect(removeImage('two', store.path)).rejects.toMatchObject({ code: 'IMAGE_NOT_BUILT' });
});

test('an unknown image is refused with the names there are', async () => {
  await using store = await emptyStore();
  await expect(buildImage('debain-12', {}, store.path)).rejects.toMatchObject({
    code: 'IMAGE_UNKNOWN',
    hint: expect.stringContaining('debian-12') as string,
  });
  expect(await readdir(store.path)).toEqual([]);
});

test('a build that is aborted before it starts leaves nothing', async () => {
  await using store = await emptyStore();
  await expect(
    buildImage('debian-12', { signal: AbortSignal.abort() }, store.path),
  ).rejects.toMatchObject({ name: 'AbortError' });
  expect(await readdir(store.path)).toEqual([]);
});

test('a store that does not exist is empty', async () => {
  expect(await listImages('/nonexistent/skerry')).toEqual([]);
  expect(await knownImages('/nonexistent/skerry')).toEqual(['debian-12']);
});

test.each([
  ['debian-12', true],
  ['my_image.v2', true],
  ['', false],
  ['..', false],
  ['.hidden', false],
  ['a/b', false],
  ['A', false],
])('%j as an image name: %s', (name, good) => {
  expect(isImageName(name)).toBe(good);
});

test('an image with packages says so, and shares no folder with its base', async () => {
  await using store = await emptyStore();
  const base = await put(store.path, 'debian-12', 'a');
  const staging = await stage(store.path, 'variant');
  const dir = join(staging, 'image');
  await mkdir(dir);
  for (const file of ['disk.qcow2', 'vmlinux', 'initrd'])
    await writeFile(join(dir, file), `${file} a`);
  const request = { name: 'variant', base: 'debian-12', packages: ['curl'] };
  const hash = definitionHash(requestedDefinition(request));
  const record = { ...RECORD, base: 'debian-12', packages: ['curl'], definitionHash: hash };
  expect(await commit(store.path, 'variant', { dir, record })).not.toBe(base);
  expect(await findImage('variant', store.path)).toMatchObject({
    ...{ base: 'debian-12', packages: ['curl'], stale: false },
  });
});
