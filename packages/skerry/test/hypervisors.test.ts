// Hypervisors on this machine, with libvirtd and QEMU: as root, and as an ordinary user.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { finish } from '../../../test/e2e/support/cli.ts';
import { leftOf, surroundings } from '../../../test/e2e/support/leaks.ts';
import { readableSources, testUser } from '../../../test/e2e/support/user.ts';
import { startHypervisors, stopHypervisors } from '../src/hypervisors/hypervisors.ts';
import { poll } from '../src/util/poll.ts';

const STORY = 'packages/skerry/test/support/hypervisors-story.ts';

test.runIf(process.getuid?.() === 0)(
  'root has two, and VMs move between them (only run by root)',
  async () => {
    expect(await tellStory(join(import.meta.dirname, '../../..'), [])).toEqual(EXPECTED);
  },
  300_000,
);

test('an ordinary user has the same', async () => {
  const user = await testUser();
  const folder = await temporaryFolder();
  expect(await tellStory(await readableSources(user.as, folder), user.as, user)).toEqual(EXPECTED);
}, 300_000);

test('their number has limits', async () => {
  await expect(startHypervisors({ dir: '/nowhere', count: 17 })).rejects.toMatchObject({
    code: 'HYPERVISOR_COUNT',
    message: 'there cannot be 17 hypervisors on this machine',
  });
});

test('they go on without whoever started them, until somebody stops them', async () => {
  const folder = await temporaryFolder();
  const before = await surroundings(folder);
  const dir = join(folder, 'hv');
  onTestFinished(() => stopHypervisors(dir));
  const module = new URL('../src/hypervisors/hypervisors.ts', import.meta.url).href;
  const program = `
    import { startHypervisors, stopHypervisors } from ${JSON.stringify(module)};
    await startHypervisors({ dir: ${JSON.stringify(dir)}, count: 1, accel: 'tcg' });`;
  const args = ['--conditions=@skerry/source', '--input-type=module', '-e', program];
  expect(await finish([process.execPath, ...args])).toMatchObject({ code: 0, stderr: '' });
  const both = await Promise.all(
    [1, 2].map((count) => startHypervisors({ dir, count, accel: 'tcg' })),
  );
  expect(await both[0]?.get('hv1').run(['hostname'])).toBe('hv1\n');
  expect(await both[1]?.get('hv2').run(['hostname'])).toBe('hv2\n');
  await stopHypervisors(dir);
  await stopHypervisors(dir);
  expect(leftOf(before, await surroundings(folder))).toEqual([]);
  await expect(both[0]?.get('hv1').run(['hostname'])).rejects.toMatchObject({
    code: 'HYPERVISOR_OFF',
  });
});

test.each([
  ['before its namespaces are there', 'log'],
  ['when its namespaces are there', 'ready'],
  ['when the first libvirtd starts', 'hv1/log/libvirtd.log'],
])('a start that is given up %s leaves nothing', async (_when, file) => {
  const folder = await temporaryFolder();
  const before = await surroundings(folder);
  const dir = join(folder, 'hv');
  const stop = new AbortController();
  const started = startHypervisors({ dir, count: 2, accel: 'tcg', signal: stop.signal });
  started.catch(() => {});
  const isThere = (): true | undefined => existsSync(join(dir, file)) || undefined;
  const onTimeout = (): Error => new Error(`there is no ${file}`);
  await poll(isThere, { timeoutMs: 20_000, intervalMs: 1, maxIntervalMs: 1, onTimeout });
  stop.abort();
  await expect(started).rejects.toMatchObject({ name: 'AbortError' });
  expect(leftOf(before, await surroundings(folder))).toEqual([]);
});

test('a libvirtd that does not start is told with its hypervisor and its log', async () => {
  const folder = await temporaryFolder();
  const before = await surroundings(folder);
  const lib = join(folder, 'hv', 'hv1', 'libvirt', 'lib');
  await mkdir(lib, { recursive: true });
  // libvirtd wants a folder there.
  await writeFile(join(lib, 'qemu'), '');
  await expect(
    startHypervisors({ dir: join(folder, 'hv'), count: 1, accel: 'tcg' }),
  ).rejects.toMatchObject({
    code: 'HYPERVISOR_LIBVIRTD',
    message: expect.stringContaining('libvirtd of the hypervisor hv1 does not run') as string,
    hint: expect.stringContaining('/hv1/log/libvirtd.log') as string,
  });
  expect(leftOf(before, await surroundings(folder))).toEqual([]);
});

const EXPECTED = {
  hosts: ['hv1', 'hv2'],
  uuids: 2,
  hv1: [true, true],
  hv2: [true, true],
  started: [['tiny'], []],
  vnc: 'RFB 003.008',
  migrated: [[], ['tiny']],
  migratedBack: [['tiny'], []],
  guestsReach: [['10.98.0.1/53'], ['10.97.0.1/53']],
  joined: [true, 'hello'],
  cutOff: [false, 'nothing'],
  healed: [true, 'hello'],
  twice: expect.stringContaining('10.99.0.254:7') as string,
  disposed: 'nothing',
  afterLibvirtd: 'running',
  crashed: [true, false],
  found: [true, true],
  names: ['hv1', 'HYPERVISOR_UNKNOWN'],
  done: true,
  leftAfterKill: [],
};

/** Runs it to its end, kills it, and gives all that it told and what is left of it. */
async function tellStory(
  repository: string,
  as: readonly string[],
  owner?: { uid: number; gid: number },
): Promise<Record<string, unknown>> {
  const folder = await temporaryFolder();
  for (const part of ['hv', 'home']) await mkdir(join(folder, part));
  if (owner)
    for (const part of ['', 'hv', 'home']) await chown(join(folder, part), owner.uid, owner.gid);
  const before = await surroundings(folder);
  // The user begins without a cache: what libvirt has to learn of QEMU as well.
  const home = join(folder, 'home');
  const env = owner ? [`HOME=${home}`, `SKERRY_CACHE_DIR=${home}`] : [];
  const node = join(repository, 'node_modules/node/bin/node');
  const program = [node, '--conditions=@skerry/source', join(repository, STORY)];
  const [command, ...args] = [...as, 'env', ...env, ...program, join(folder, 'hv')];
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'inherit'], cwd: '/' });
  onTestFinished(() => void child.kill('SIGKILL'));
  const told: Record<string, unknown> = {};
  for await (const line of createInterface(child.stdout)) {
    const { at, ...what } = JSON.parse(line) as { at: number };
    console.log(`${at} ms`, what);
    Object.assign(told, what);
    if ('done' in what) break;
  }
  // Not `child`, which runuser is.
  process.kill(Number(told.pid), 'SIGKILL');
  delete told.pid;
  await expect
    .poll(async () => leftOf(before, await surroundings(folder)), { timeout: 10_000 })
    .toEqual([]);
  return { ...told, leftAfterKill: leftOf(before, await surroundings(folder)) };
}

async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'skerry-hv-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  return folder;
}
