// The guard of a temporary lab's folder, with processes in place of sandboxes.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { namespaceArgs } from '../src/util/rootless.ts';
import { temporaryFolder } from '../src/testing/temporary-folder.ts';

let parent: string;

beforeEach(async () => {
  parent = await mkdtemp(join(tmpdir(), 'skerry-guard-'));
});

afterEach(() => rm(parent, { recursive: true, force: true }));

test('the folder is removed with all that is in it', async () => {
  const folder = await temporaryFolder(parent);
  await writeFile(join(folder.path, 'file'), '');
  await folder.remove();
  expect(await readdir(parent)).toEqual([]);
});

test('a folder that cannot be made is an error that says where', async () => {
  await expect(temporaryFolder(join(parent, 'absent'))).rejects.toThrow(
    expect.objectContaining({ code: 'LAB_FOLDER_LEFT' }),
  );
});

test('when its maker is killed with -9 the folder goes, too', async () => {
  const module = JSON.stringify(
    new URL('../src/testing/temporary-folder.ts', import.meta.url).href,
  );
  const script = `
    import { temporaryFolder } from ${module};
    console.log((await temporaryFolder(${JSON.stringify(parent)})).path);
    setTimeout(() => {}, 60_000);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [path] = (await once(child.stdout, 'data')) as [Buffer];
  expect(existsSync(path.toString().trim())).toBe(true);
  child.kill('SIGKILL');
  await expect.poll(() => readdir(parent), { timeout: 10_000 }).toEqual([]);
});

test('a process that ends by itself is not kept waiting by its guard', async () => {
  const module = JSON.stringify(
    new URL('../src/testing/temporary-folder.ts', import.meta.url).href,
  );
  const script = `
    import { temporaryFolder } from ${module};
    await temporaryFolder(${JSON.stringify(parent)});
  `;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script]);
  expect(await once(child, 'exit')).toEqual([0, null]);
  await expect.poll(() => readdir(parent), { timeout: 10_000 }).toEqual([]);
});

test('sandboxes in the folder end first, also one whose pid nobody could write down', async () => {
  const folder = await temporaryFolder(parent);
  const known = await pretendSandbox(folder.path, 'known');
  const unknown = await pretendSandbox(folder.path, 'unknown');
  await rm(join(folder.path, 'labs', 'unknown', 'sandbox.pid'));
  await folder.remove();
  expect(await readdir(parent)).toEqual([]);
  await expect
    .poll(() => [known, unknown].map(({ exitCode, signalCode }) => exitCode ?? signalCode))
    .not.toContain(null);
});

test('a pid that has gone to another process is left alone', async () => {
  const folder = await temporaryFolder(parent);
  const other = spawn('sleep', ['60'], { stdio: 'ignore' });
  const sandbox = await pretendSandbox(folder.path, 'lab');
  await writeFile(join(folder.path, 'labs', 'lab', 'sandbox.pid'), `${other.pid} 1`);
  await folder.remove();
  await expect.poll(() => sandbox.exitCode ?? sandbox.signalCode).not.toBeNull();
  expect(other.exitCode ?? other.signalCode).toBeNull();
  other.kill();
});

/** Holds a lab's lock as a sandbox does: an outer process that ends when its only child does. */
async function pretendSandbox(root: string, lab: string): Promise<ChildProcess> {
  const dir = join(root, 'labs', lab);
  await mkdir(dir, { recursive: true });
  const child = spawn(
    'flock',
    // Named as the real one: unshare waits for its child.
    [
      ...['-n', '-F', join(dir, 'sandbox.lock'), 'unshare', ...namespaceArgs()],
      ...['sh', '-c', 'sleep 60; exit 1'],
    ],
    { stdio: ['ignore', 'ignore', 'ignore'], detached: true },
  );
  await expect
    .poll(() => readFile(`/proc/${child.pid}/task/${child.pid}/children`, 'utf8').catch(() => ''))
    .not.toBe('');
  await writePid(root, lab, child);
  return child;
}

async function writePid(root: string, lab: string, { pid }: ChildProcess): Promise<void> {
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  await writeFile(join(root, 'labs', lab, 'sandbox.pid'), `${pid} ${started}`);
}
