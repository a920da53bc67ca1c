import { chown, lstat, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { testLab, type LabOptions, type TestLab } from '../support/lab.ts';
import { processesOf } from '../support/leaks.ts';
import { finish } from '../support/cli.ts';

const TREE = { mode: 'share', from: 'src', to: '/srv/src', owner: 'www-data' };
const FILE = { name: 'share', image: 'debian-12', memory: 256, machines: { one: {} } };
const WAIT = { timeout: 20_000, interval: 200 };

/** What is true of a share, whoever runs the lab. */
export function life(
  restart: 'a start' | 'a reboot of its own',
  options: () => Promise<LabOptions>,
): void {
  let lab: TestLab;
  let uid: number;
  const here = (name: string): string => join(lab.dir, 'src', name);
  const inside = (script: string): Promise<string> => lab.ok(['exec', '--', 'sh', '-c', script]);
  const write = async (name: string, text: string): Promise<void> => {
    await writeFile(here(name), text);
    await chown(here(name), uid, -1);
  };

  beforeAll(async () => {
    const given = await options();
    lab = await testLab({ ...FILE, tree: TREE }, given);
    uid = given.uid ?? process.getuid?.() ?? 0;
    await mkdir(here(''));
    await chown(here(''), uid, -1);
    await write('file', 'from the host');
    await lab.ok(['up']);
  });
  afterAll(() => lab[Symbol.asyncDispose]());

  test('the machine sees the folder itself, as the owner’s', async () => {
    expect(await inside('cat /srv/src/file; stat -c " %U:%G" /srv/src/file')).toBe(
      'from the host www-data:www-data\n',
    );
    await write('file', 'changed');
    await expect.poll(() => inside('cat /srv/src/file'), WAIT).toBe('changed');
  });

  test('what the machine writes is here, and belongs to who runs the lab', async () => {
    const user =
      'perl -e \'$) = "33 33"; $> = 33; open my $f, ">", "/srv/src/by-user" or die $!; print $f "x"\'';
    await inside(
      `cd /srv/src; mkdir -p d; echo made >d/made; chmod 750 d/made; ln -s made d/link; ${user}`,
    );
    const [made, byUser] = await Promise.all([lstat(here('d/made')), lstat(here('by-user'))]);
    expect([made.uid, byUser.uid, made.mode & 0o7777]).toEqual([uid, uid, 0o750]);
    expect(await readFile(here('d/link'), 'utf8')).toBe('made\n');
    await rm(here('d'), { recursive: true });
    await expect.poll(() => inside('ls /srv/src'), WAIT).toBe('by-user\nfile\n');
  });

  test('a snapshot goes on where it was: what had files open there still has', async () => {
    await inside(
      'cd /srv/src; (while sleep 0.2; do echo "$(cat file) $(pwd)" >>log; done) </dev/null >/dev/null 2>&1 &',
    );
    await expect.poll(() => readFile(here('log'), 'utf8').catch(() => ''), WAIT).toMatch(/changed/);
    await lab.ok(['snapshot', 'save', 's']);
    await lab.ok(['snapshot', 'restore', 's']);
    await write('file', 'after');
    await expect.poll(() => readFile(here('log'), 'utf8'), WAIT).toMatch(/after \/srv\/src\n/);
  });

  test('a fork sees the folder too', async () => {
    await lab.ok(['fork', 'twin']);
    await lab.ok(['exec', '--lab', 'twin', '--', 'sh', '-c', 'echo twin >/srv/src/twin']);
    expect(await readFile(here('twin'), 'utf8')).toBe('twin\n');
    await lab.ok(['destroy', '--lab', 'twin', '--yes']);
  });

  test('who waits while nobody serves is answered once somebody does', async () => {
    const all = await processesOf(join(lab.stateDir, '..'));
    const server = all.find(({ words }) => /live-sync/.test(words));
    expect(server).toBeDefined();
    await finish(['kill', '-9', String(server?.pid)]);
    const waiting = lab.start(['exec', '--', 'cat', '/srv/src/twin']);
    await lab.ok(['up']);
    expect((await waiting.ended).stdout).toBe('twin\n');
  });

  test(`it is there again after ${restart}`, async () => {
    await inside('touch /run/before');
    if (restart === 'a start') {
      await lab.ok(['halt', '--force']);
      await lab.ok(['up']);
    } else {
      // The machine is gone before it can answer.
      await lab.skerry(['exec', '--', 'systemctl', 'reboot', '-ff']);
    }
    const look = ['exec', '--', 'sh', '-c', 'test ! -e /run/before && cat /srv/src/twin'];
    await expect
      .poll(async () => (await lab.skerry(look)).stdout, { timeout: 120_000, interval: 500 })
      .toBe('twin\n');
  });

  test('a folder that is not there is named', async () => {
    await lab.write({ ...FILE, tree: { ...TREE, from: 'absent' } });
    const { code, stderr } = await lab.skerry(['up', '--provision']);
    expect(code).not.toBe(0);
    expect(stderr).toContain(join(lab.dir, 'absent'));
    await lab.write({ ...FILE, tree: TREE });
    await lab.ok(['up']);
  });

  test('destroy leaves nothing but the folder', async () => {
    await lab.destroyWhole();
    expect(await readFile(here('file'), 'utf8')).toBe('after');
  });
}
