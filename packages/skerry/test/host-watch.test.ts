// The folder of a tree itself goes and comes back: nobody takes that for the removal of all that was in it.
import { mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Before, HostWatch } from '../src/sync/host-watch.ts';
import { poll } from '../src/util/poll.ts';

interface Watched extends Disposable {
  readonly root: string;
  readonly watch: HostWatch;
  readonly told: string[];
  readonly until: (what: () => boolean) => Promise<unknown>;
}

async function watched(files: number): Promise<Watched> {
  const base = mkdtempSync(join(tmpdir(), 'skerry-watch-'));
  const root = join(base, 'src');
  fill(root, files);
  const told: string[] = [];
  const tell = (before: Before): void => {
    for (const [path, old] of before) {
      const now = watch.tree.entries.get(path);
      told.push(`${now ? (old ? 'other' : 'new') : 'gone'} ${path}`);
    }
  };
  const watch: HostWatch = new HostWatch({
    ...{ root, exclude: [], onChange: tell },
    onAway: (reason) => told.push(reason === undefined ? 'back' : 'away'),
    onLimit: (reason) => expect.fail(reason),
  });
  watch.start();
  await watch.tree.scan();
  const until = (what: () => boolean): Promise<unknown> =>
    poll(() => (what() ? true : undefined), {
      timeoutMs: 20_000,
      onTimeout: () => new Error(`told only: ${told.slice(0, 20).join(', ')}`),
    });
  const dispose = (): void => {
    watch.close();
    rmSync(base, { recursive: true, force: true });
  };
  return { root, watch, told, until, [Symbol.dispose]: dispose };
}

function fill(root: string, files: number): void {
  for (let at = 0; at < files; at++) {
    mkdirSync(join(root, `${at % 40}`), { recursive: true });
    writeFileSync(join(root, `${at % 40}`, `file-${at}`), 'x');
  }
}

test('a folder that is moved away and back: only what differs is told', async () => {
  using tree = await watched(50);
  renameSync(tree.root, `${tree.root}.away`);
  await tree.until(() => tree.told.includes('away'));
  expect(tree.watch.problem).toMatch(/src is gone: machines keep what they have/);
  writeFileSync(join(`${tree.root}.away`, 'added'), 'x');
  renameSync(`${tree.root}.away`, tree.root);
  await tree.until(() => tree.told.includes('new added'));
  expect(tree.told).toEqual(['away', 'back', 'new added']);
  // It is watched as before.
  writeFileSync(join(tree.root, '1', 'later'), 'x');
  await tree.until(() => tree.told.includes('new 1/later'));
});

test.each([5, 5000])(
  '%i files that are removed with their folder stay in the machines',
  async (files) => {
    using tree = await watched(files);
    rmSync(tree.root, { recursive: true });
    await tree.until(() => tree.told.length > 0);
    expect(tree.told).toEqual(['away']);
    // Another checkout: those that are there are other files, those that are not are gone.
    fill(tree.root, files - 1);
    await tree.until(() => tree.told.length > 1);
    await tree.until(() => tree.told.some((one) => one.startsWith('gone')));
    expect(tree.told.filter((one) => one.startsWith('gone')).sort()).toEqual([
      ...(files < 40 ? [`gone ${(files - 1) % 40}`] : []),
      `gone ${(files - 1) % 40}/file-${files - 1}`,
    ]);
  },
);

test('another folder in its place is watched in its place', async () => {
  using tree = await watched(50);
  fill(`${tree.root}.new`, 49);
  renameSync(tree.root, `${tree.root}.old`);
  renameSync(`${tree.root}.new`, tree.root);
  await tree.until(() => tree.told.includes('gone 9/file-49'));
  writeFileSync(join(tree.root, '1', 'later'), 'x');
  await tree.until(() => tree.told.includes('new 1/later'));
});

test('many files that are removed are told while others are made all the time', async () => {
  using tree = await watched(50);
  let made = 0;
  const maker = setInterval(() => writeFileSync(join(tree.root, `made-${made++}`), 'x'), 20);
  try {
    for (let at = 0; at < 20; at++) rmSync(join(tree.root, `${at}`, `file-${at}`));
    await tree.until(() => tree.told.includes('gone 19/file-19'));
  } finally {
    clearInterval(maker);
  }
});
