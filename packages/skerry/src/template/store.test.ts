import {
  appendFile,
  cp,
  mkdir,
  mkdtemp,
  open,
  readdir,
  rm,
  stat,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { fillTemplate, TEMPLATE_RECORD } from '../../test/template-files.ts';
import {
  checkTemplate,
  findTemplate,
  isTemplateId,
  leftovers,
  listTemplates,
  makeTemplate,
  removeTemplate,
  sweepLeftovers,
  type Template,
  templatesDir,
} from './store.ts';

const KEY = '0123456789abcdef';
const OTHER = 'fedcba9876543210';
const { kind: KIND } = TEMPLATE_RECORD;

async function emptyStore(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'skerry-templates-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true }) };
}

async function make(store: string, key = KEY): Promise<Template> {
  const made = await makeTemplate(store, key, (dir) => fillTemplate(dir));
  if (!made) expect.fail('somebody else is making it');
  return made;
}

const entriesOf = async (store: string): Promise<string[]> =>
  (await readdir(templatesDir(store))).sort();

test('a template that was made is found, and nothing else is left of its making', async () => {
  await using store = await emptyStore();
  const made = await make(store.path);
  expect(made).toMatchObject({ ...TEMPLATE_RECORD, key: KEY });
  expect(isTemplateId(made.id)).toBe(true);
  expect(await findTemplate(store.path, KEY, KIND)).toEqual(made);
  expect(await listTemplates(store.path)).toEqual([made]);
  expect(await entriesOf(store.path)).toEqual([`.${KEY}.lock`, made.id]);
});

test('where nobody made one it is missing; where one is of another host it is stale', async () => {
  await using store = await emptyStore();
  expect(await findTemplate(store.path, KEY, KIND)).toEqual({ missing: 'missing' });
  await make(store.path, OTHER);
  expect(await findTemplate(store.path, KEY, 'another kind')).toEqual({ missing: 'missing' });
  expect(await findTemplate(store.path, KEY, KIND)).toEqual({ missing: 'stale' });
});

test.each<[string, (path: string) => Promise<void>]>([
  ['template.json', (path) => rm(path)],
  ['template.json', (path) => truncate(path, 20)],
  ['template.json', (path) => writeFile(path, '{"format":2}')],
  ['frozen.json', (path) => rm(path)],
  ['memory', (path) => truncate(path, 5000)],
  ['state', (path) => truncate(path, 5)],
  ['disk.qcow2', (path) => appendFile(path, 'more')],
  ['disk.qcow2', (path) => rm(path)],
])('with its %s harmed it is damaged, and the reason names the file', async (file, harm) => {
  await using store = await emptyStore();
  const made = await make(store.path);
  const path = join(made.dir, file);
  await harm(path);
  const found = await findTemplate(store.path, KEY, KIND);
  expect(found).toMatchObject({ missing: 'damaged' });
  expect('reason' in found && found.reason).toContain(path);
  await expect(checkTemplate(store.path, made.id)).rejects.toMatchObject({
    code: 'FROZEN_DAMAGED',
  });
});

test('a byte that changed while size and date stayed is seen', async () => {
  await using store = await emptyStore();
  const made = await make(store.path);
  const path = join(made.dir, 'memory');
  const { atime, mtime } = await stat(path);
  await using file = await open(path, 'r+');
  await file.write(Buffer.from([0xaa]), 0, 1, 0);
  await utimes(path, atime, mtime);
  expect(await findTemplate(store.path, KEY, KIND)).toMatchObject({ missing: 'damaged' });
});

test('one that was copied with its store is used, after its checksums were compared', async () => {
  await using store = await emptyStore();
  await using copy = await emptyStore();
  const made = await make(store.path);
  await cp(store.path, copy.path, { recursive: true });
  const dir = join(templatesDir(copy.path), made.id);
  expect(await findTemplate(copy.path, KEY, KIND)).toEqual({ ...made, dir });
  await appendFile(join(dir, 'disk.qcow2'), 'more');
  expect(await findTemplate(copy.path, KEY, KIND)).toMatchObject({ missing: 'damaged' });
});

test('one that is made because the old one is damaged leaves the old disk to who is based on it', async () => {
  await using store = await emptyStore();
  const old = await make(store.path);
  await truncate(join(old.dir, 'memory'), 0);
  const fresh = await make(store.path);
  expect(fresh.dir).not.toBe(old.dir);
  expect(await findTemplate(store.path, KEY, KIND)).toEqual(fresh);
  expect(await readdir(old.dir)).toContain('disk.qcow2');
});

test('of two who want to make one at once one does, and the other is told', async () => {
  await using store = await emptyStore();
  const began = Promise.withResolvers<void>();
  const mayEnd = Promise.withResolvers<void>();
  const first = makeTemplate(store.path, KEY, async (dir) => {
    began.resolve();
    await mayEnd.promise;
    return fillTemplate(dir);
  });
  await began.promise;
  const second = await makeTemplate(store.path, KEY, () => expect.fail('both make it'));
  expect(second).toBeUndefined();
  // One of another key is nobody's business.
  expect(await make(store.path, OTHER)).toMatchObject({ key: OTHER });
  mayEnd.resolve();
  expect(await first).toMatchObject({ key: KEY });
});

test('a making that fails leaves nothing, and the next one can begin', async () => {
  await using store = await emptyStore();
  const failing = makeTemplate(store.path, KEY, async (dir) => {
    await writeFile(join(dir, 'saved'), 'half');
    throw new Error('QEMU ended');
  });
  await expect(failing).rejects.toThrow('QEMU ended');
  expect(await entriesOf(store.path)).toEqual([`.${KEY}.lock`]);
  await make(store.path);
});

test('what a killed command left goes with the next making of that key, and only of that', async () => {
  await using store = await emptyStore();
  const folder = templatesDir(store.path);
  const [mine, theirs] = [`.making-${KEY}.abc`, `.making-${OTHER}.def`];
  for (const left of [mine, theirs]) {
    await mkdir(join(folder, left), { recursive: true });
    await writeFile(join(folder, left, 'memory'), 'half');
  }
  await make(store.path);
  const entries = await entriesOf(store.path);
  expect(entries).not.toContain(mine);
  expect(entries).toContain(theirs);
});

test('a sweep takes what killed commands left, and not what somebody is making', async () => {
  await using store = await emptyStore();
  const folder = templatesDir(store.path);
  const left = `.making-${OTHER}.def`;
  await mkdir(join(folder, left), { recursive: true });
  const made = await makeTemplate(store.path, KEY, async (dir) => {
    expect(await leftovers(store.path)).toEqual([left]);
    await sweepLeftovers(store.path);
    const entries = await entriesOf(store.path);
    expect(entries).not.toContain(left);
    expect(entries).not.toContain(`.${OTHER}.lock`);
    return fillTemplate(dir);
  });
  expect(await findTemplate(store.path, KEY, KIND)).toEqual(made);
  await sweepLeftovers(store.path);
  expect(await findTemplate(store.path, KEY, KIND)).toEqual(made);
});

test('one that was removed is gone', async () => {
  await using store = await emptyStore();
  const { id } = await make(store.path);
  await removeTemplate(store.path, id);
  expect(await findTemplate(store.path, KEY, KIND)).toEqual({ missing: 'missing' });
  await sweepLeftovers(store.path);
  expect(await entriesOf(store.path)).toEqual([]);
});

test('a store that does not exist has no template, and nothing to sweep', async () => {
  expect(await listTemplates('/nonexistent/skerry')).toEqual([]);
  expect(await leftovers('/nonexistent/skerry')).toEqual([]);
  await sweepLeftovers('/nonexistent/skerry');
});
