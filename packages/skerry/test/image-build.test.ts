import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readdir, readFile, readlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, test } from 'vitest';

import { removeTree } from '../src/util/rootless.ts';
import { buildImage, findImage } from '../src/image/store.ts';
import { poll } from '../src/util/poll.ts';

const missing = ['mmdebstrap', 'mke2fs', 'qemu-img', 'unshare', 'flock'].filter(
  (program) =>
    spawnSync('sh', ['-c', `PATH=$PATH:/usr/sbin:/sbin command -v ${program}`]).status !== 0,
);

/** Where a child process of ours says that packages are being unpacked: a third of the build. */
const BUILDER = `
const { buildImage } = await import(${JSON.stringify(new URL('../src/image/store.ts', import.meta.url).href)});
await buildImage('debian-12', { onProgress: ({ step }) => console.log(step) }, process.argv[1]);
`;

async function emptyStore(): Promise<AsyncDisposable & { path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'skerry-build-'));
  return { path, [Symbol.asyncDispose]: () => removeTree(path) };
}

/** Processes whose working directory is in the store: those of a build. */
async function buildersIn(store: string): Promise<string[]> {
  const pids = (await readdir('/proc')).filter((entry) => /^\d+$/.test(entry));
  const dirs = await Promise.all(pids.map((pid) => readlink(`/proc/${pid}/cwd`).catch(() => '')));
  return dirs.filter((dir) => dir.startsWith(store));
}

async function noBuilderIn(store: string): Promise<true> {
  return poll(async () => ((await buildersIn(store)).length === 0 ? true : undefined), {
    timeoutMs: 20_000,
    onTimeout: () => new Error('the build goes on'),
  });
}

// It also needs a Debian mirror.
const buildName =
  missing.length === 0 ? 'building images' : `building images (not run: no ${missing.join(', ')})`;

test.skipIf(missing.length > 0)(buildName, { timeout: 1_200_000 }, async () => {
  await using store = await emptyStore();

  // Aborted in the middle, a build leaves nothing: no process, no folder, no name.
  const abort = new AbortController();
  const aborted = buildImage(
    'debian-12',
    { signal: abort.signal, onProgress: ({ step }) => step === 'install' && abort.abort() },
    store.path,
  );
  await expect(aborted).rejects.toMatchObject({ name: 'AbortError' });
  await noBuilderIn(store.path);
  expect((await readdir(store.path)).filter((entry) => entry !== 'names')).toEqual([
    '.debian-12.lock',
  ]);
  expect(await readdir(join(store.path, 'names'))).toEqual([]);

  // Killed in the middle, its helpers end by themselves, and the name has no image.
  const child = spawn(
    process.execPath,
    ['--conditions=@skerry/source', '--input-type=module', '-e', BUILDER, store.path],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  for await (const step of createInterface(child.stdout)) if (step === 'install') break;
  child.kill('SIGKILL');
  await once(child, 'close');
  await noBuilderIn(store.path);
  expect(await findImage('debian-12', store.path)).toBeUndefined();

  // Two at once are one build, which also removes what the killed one left.
  const images = await Promise.all([
    buildImage('debian-12', {}, store.path),
    buildImage('debian-12', {}, store.path),
  ]);
  const [image] = images;
  expect(images[1]).toEqual(image);
  expect(image).toMatchObject({ kernel: 'vmlinux', stale: false });
  expect((await readdir(store.path)).sort()).toEqual(
    ['.debian-12.lock', image?.digest, 'names'].sort(),
  );
  expect((await readFile(join(image?.dir ?? '', 'initrd'))).subarray(0, 6).toString()).toBe(
    '070701',
  );

  // The next build gives the same bytes.
  expect((await buildImage('debian-12', {}, store.path)).digest).toBe(image?.digest);
});
