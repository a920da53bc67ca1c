// Trees in real machines: they come with `up`, change as they are saved, and are equal in the end whatever happened.
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import {
  appendFile,
  mkdir,
  open,
  readFile,
  rename,
  rm,
  symlink,
  truncate,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { poll } from '../../packages/skerry/src/util/poll.ts';
import { testLab, type TestLab } from './support/lab.ts';

interface Check {
  readonly to: string;
  readonly machine: string;
  readonly hash: { readonly host: string; readonly machine: string };
  readonly different: readonly string[];
  readonly extra: readonly string[];
}

const config = {
  name: 'trees',
  image: 'debian-12',
  memory: 256,
  tree: [
    { from: 'src', to: '/srv/src', exclude: ['*.o'] },
    { from: 'web', to: '/srv/web', on: 'one', owner: 'www-data:www-data' },
    { from: '/srv/made', to: 'made', mode: 'pull', on: 'two' },
    { from: 'shared', to: '/srv/shared', mode: 'share', on: 'one' },
  ],
  machines: { one: { primary: true }, two: {} },
};

let lab: TestLab;
const src = (...path: string[]): string => join(lab.dir, 'src', ...path);
const sh = (machine: string, command: string): Promise<string> =>
  lab.ok(['exec', '--on', machine, '--', 'sh', '-c', command]);
/** The same of what may not be there yet. */
const trySh = async (machine: string, command: string): Promise<string> =>
  (await lab.skerry(['exec', '--on', machine, '--', 'sh', '-c', command])).stdout;
const inBoth = async (command: string): Promise<string[]> => [
  await sh('one', command),
  await sh('two', command),
];
/** Resolves when a command in a machine says that, without `sync` being asked. */
const soon = (machine: string, command: string, wanted: string): Promise<true> =>
  poll(async () => ((await trySh(machine, command)) === wanted ? true : undefined), {
    timeoutMs: 30_000,
    intervalMs: 200,
    onTimeout: () => new Error(`${machine}: ${command} never gave ${JSON.stringify(wanted)}`),
  });

async function expectEqual(): Promise<void> {
  await lab.ok(['sync']);
  const { code, stdout } = await lab.skerry(['sync', '--check', '--json']);
  const checks = JSON.parse(stdout) as Check[];
  expect(checks.map(({ different }) => different)).toEqual(checks.map(() => []));
  for (const { hash } of checks) expect(hash.machine).toBe(hash.host);
  expect(code).toBe(0);
}

beforeAll(async () => {
  lab = await testLab(config);
  await mkdir(src('deep'), { recursive: true });
  for (const name of ['web', 'shared']) await mkdir(join(lab.dir, name));
  await writeFile(src('hello.txt'), 'one\n');
  await writeFile(src('deep', 'run.sh'), '#!/bin/sh\necho ran\n', { mode: 0o755 });
  await writeFile(src('left-out.o'), 'object');
  await symlink('/etc/passwd', src('outside'));
  await writeFile(join(lab.dir, 'web', 'index.html'), '<h1>hi</h1>\n');
  await lab.ok(['up']);
});
afterAll(async () => {
  await lab[Symbol.asyncDispose]();
});

test('they are there after up, with modes, links and owners', async () => {
  expect(await inBoth('cat /srv/src/hello.txt; /srv/src/deep/run.sh')).toEqual([
    'one\nran\n',
    'one\nran\n',
  ]);
  expect(await sh('one', 'readlink /srv/src/outside; ls /srv/src')).toBe(
    '/etc/passwd\ndeep\nhello.txt\noutside\n',
  );
  expect(await sh('one', 'stat -c %U:%G /srv/web /srv/web/index.html')).toBe(
    'www-data:www-data\nwww-data:www-data\n',
  );
  expect(await sh('two', 'ls /srv')).toBe('src\n');
  await expectEqual();
});

test('what is saved is seen by a program in the machine that watches, whole', async () => {
  // inotify(7) in Perl: the tree's files come by one rename each.
  const watch = String.raw`$|=1; my ($i, $p) = (syscall(294, 0), "/srv/src"); syscall 254, $i, $p, 0x80;
open my $f, "<&=", $i; print "watching\n"; while (sysread $f, my $e, 65536) { open my $h, "<", "/srv/src/hello.txt"; print <$h> }`;
  const watcher = lab.start(['exec', '--on', 'one,two', '--', 'perl', '-e', watch]);
  await watcher.heard(/watching[^]*watching/);
  for (const word of ['two', 'three', 'four']) {
    await writeFile(src('hello.txt'), `${word}\n`);
    await watcher.heard(
      new RegExp(`one \\| ${word}[^]*two \\| ${word}|two \\| ${word}[^]*one \\| ${word}`),
    );
  }
  watcher.child.kill('SIGINT');
  await watcher.ended;
  expect(watcher.said.stdout).not.toMatch(/\| $/m);
});

test('renames, deletions, new folders and a file in place of a folder come by themselves', async () => {
  await mkdir(src('new', 'er'), { recursive: true });
  await writeFile(src('new', 'er', 'file'), 'x');
  await soon(
    'one',
    'find /srv/src/new | sort',
    '/srv/src/new\n/srv/src/new/er\n/srv/src/new/er/file\n',
  );
  const inode = await sh('one', 'stat -c %i /srv/src/new/er/file');
  await rename(src('new'), src('moved'));
  await soon(
    'one',
    'stat -c %i /srv/src/moved/er/file; ls -d /srv/src/new 2>/dev/null || true',
    inode,
  );
  await rm(src('moved'), { recursive: true });
  await writeFile(src('moved'), 'a file now');
  await soon('two', 'cat /srv/src/moved', 'a file now');
  await expectEqual();
});

test('names with newlines and bytes that are no UTF-8', async () => {
  const name = Buffer.concat([Buffer.from(`${src()}/odd\n`), Buffer.from([0xff, 0xfe])]);
  await writeFile(name, 'odd');
  await expectEqual();
  expect(await sh('one', 'cat /srv/src/odd*')).toBe('odd');
  await rm(name);
  await expectEqual();
});

test('a machine that is off catches up when it comes back', async () => {
  await lab.ok(['halt', 'two']);
  await writeFile(src('while-off.txt'), 'late');
  await rm(src('moved'));
  const { code, stdout } = await lab.skerry(['sync']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/src -> one:\/srv\/src +up to date/);
  expect(stdout).toMatch(/src -> two:\/srv\/src +two is off: skerry up two\n/);
  expect(stdout).toMatch(/two:\/srv\/made -> made +two is off: skerry up two\n/);
  await lab.ok(['up', 'two']);
  expect(await sh('two', 'cat /srv/src/while-off.txt; ls /srv/src')).toBe(
    'late\ndeep\nhello.txt\noutside\nwhile-off.txt\n'.replace('late\n', 'late'),
  );
  await expectEqual();
});

test('what is edited or lost in the machine is mended by sync, and after a reconnect; its own files stay', async () => {
  const spoil =
    'echo edited > /srv/src/hello.txt; rm -r /srv/src/deep; echo own > /srv/src/own.txt';
  await sh('one', spoil);
  await lab.ok(['sync', 'one']);
  await expectEqual();
  await sh('one', spoil);
  const { code, stdout } = await lab.skerry(['sync', '--check', '--json', 'one']);
  const [check] = JSON.parse(stdout) as Check[];
  expect(code).toBe(1);
  expect(check?.different).toEqual(expect.arrayContaining(['hello.txt', 'deep', 'deep/run.sh']));
  expect(check?.extra).toEqual(['own.txt']);
  await lab.ok(['sync', '--stop']);
  await lab.ok(['sync', 'one']);
  await expectEqual();
  expect(await sh('one', 'cat /srv/src/own.txt')).toBe('own\n');
  await lab.ok(['up']);
});

test('the process that does it is killed: the next sync, and the next up, go on', async () => {
  const kill = `kill -9 $(pgrep -f 'live-sync.*' | while read p; do grep -qz "${lab.stateDir}" /proc/$p/environ 2>/dev/null && echo $p; done)`;
  const { spawnSync } = await import('node:child_process');
  spawnSync('sh', ['-c', kill]);
  await writeFile(src('hello.txt'), 'after the kill\n');
  await lab.ok(['sync']);
  expect(await inBoth('cat /srv/src/hello.txt')).toEqual(['after the kill\n', 'after the kill\n']);
  await lab.ok(['up']);
  await writeFile(src('hello.txt'), 'live again\n');
  await soon('one', 'cat /srv/src/hello.txt', 'live again\n');
});

test('what a machine makes comes here, and is removed with it', async () => {
  await sh(
    'two',
    'mkdir -p /srv/made/bin; echo built > /srv/made/bin/agent; chmod 755 /srv/made/bin/agent',
  );
  await lab.ok(['sync']);
  expect(await readFile(join(lab.dir, 'made', 'bin', 'agent'), 'utf8')).toBe('built\n');
  await sh('two', 'rm -r /srv/made/bin; echo more > /srv/made/more');
  await poll(
    async () =>
      (await readFile(join(lab.dir, 'made', 'more'), 'utf8').catch(() => '')) ? true : undefined,
    { timeoutMs: 30_000, onTimeout: () => new Error('it did not come by itself') },
  );
  await lab.ok(['sync']);
  expect(await readFile(join(lab.dir, 'made', 'bin', 'agent')).catch(() => 'gone')).toBe('gone');
});

test('a snapshot, back to it, and a fork: the lab has what is on the host, the fork keeps what it had', async () => {
  await lab.ok(['sync']);
  await lab.ok(['snapshot', 'save', 'before']);
  await writeFile(src('hello.txt'), 'after the snapshot\n');
  await soon('one', 'cat /srv/src/hello.txt', 'after the snapshot\n');
  await lab.ok(['snapshot', 'restore', 'before']);
  // At once, while the machines are hardly there.
  expect(await lab.ok(['sync'])).not.toMatch(/not reached|no guest channel/);
  await soon('one', 'cat /srv/src/hello.txt', 'after the snapshot\n');
  await lab.ok(['fork', 'other', '--from', 'before']);
  const inFork = ['exec', '--lab', 'other', '--on', 'one', '--', 'cat', '/srv/src/hello.txt'];
  expect(await lab.ok(inFork)).toBe('live again\n');
  await sh('two', 'echo lab > /srv/made/more');
  await lab.ok(['sync']);
  const two = ['exec', '--lab', 'other', '--on', 'two', '--', 'sh', '-c'];
  await lab.ok([...two, 'echo fork > /srv/made/more']);
  // Its shares are looked after all the time; what is pushed is not, and is brought nevertheless.
  const said = await lab.ok(['sync', '--lab', 'other']);
  expect(said).toMatch(/^src -> one:\/srv\/src +\d/m);
  expect(said).toMatch(
    /^two:\/srv\/made -> made +stays in the fork: skerry sync --lab other --into/m,
  );
  expect(await lab.ok(inFork)).toBe('after the snapshot\n');
  expect(await readFile(join(lab.dir, 'made', 'more'), 'utf8')).toBe('lab\n');
  await lab.ok(['sync', '--lab', 'other', '--into', join(lab.dir, 'from-fork')]);
  expect(await readFile(join(lab.dir, 'from-fork', 'made', 'more'), 'utf8')).toBe('fork\n');
  await lab.ok(['destroy', '--lab', 'other', '--yes']);
  await expectEqual();
});

test('a full disk in the machine is named, the old file stays, and it is mended by itself', async () => {
  await sh('one', 'mkdir -p /mnt/small; mount -t tmpfs -o size=1M tmpfs /srv/web; true');
  // The tree is hidden by a small file system: as new as after a reconnect.
  await lab.ok(['sync', '--stop']);
  await writeFile(join(lab.dir, 'web', 'big'), Buffer.alloc(3 * 2 ** 20, 'x'));
  const { code, stdout } = await lab.skerry(['sync', 'one']);
  expect(code).toBe(1);
  expect(stdout).toMatch(/big \(No space left on device\)/);
  expect(await sh('one', 'cat /srv/web/index.html; ls /srv/web')).toBe('<h1>hi</h1>\nindex.html\n');
  await lab.ok(['up']);
  await truncate(join(lab.dir, 'web', 'big'), 1000);
  await soon('one', 'stat -c %s /srv/web/big', '1000\n');
  // What is not whole yet is in a hidden folder there.
  await lab.ok(['sync', '--stop']);
  await sh('one', 'umount /srv/web');
  await lab.ok(['up']);
  await expectEqual();
});

test('a large tree and a large file; more changes at once than the kernel queues', async () => {
  const many = process.env.SKERRY_CAMPAIGN ? 20_000 : 4000;
  const large = process.env.SKERRY_CAMPAIGN ? 2 ** 30 : 64 * 2 ** 20;
  for (let at = 0; at < many; at++) {
    if (at % 100 === 0) await mkdir(src('many', `${at / 100}`), { recursive: true });
    await writeFile(src('many', `${Math.floor(at / 100)}`, `file-${at}`), `${at}\n`);
  }
  await using file = await open(src('large'), 'w');
  const block = Buffer.alloc(2 ** 20, 'large ');
  for (let at = 0; at < large; at += block.length) await file.write(block);
  await lab.ok(['sync'], { timeoutMs: 1_200_000 });
  const hash = createHash('sha256');
  const reading = createReadStream(src('large')).on('data', (data) => hash.update(data));
  await once(reading, 'close');
  expect(
    await sh('two', 'sha256sum /srv/src/large | cut -c1-64; find /srv/src/many -type f | wc -l'),
  ).toBe(`${hash.digest('hex')}\n${many}\n`);
  await appendFile(src('large'), 'end');
  await rm(src('many'), { recursive: true });
  await rm(src('large'));
  await expectEqual();
  expect(await inBoth('ls /srv/src')).toEqual([
    'deep\nhello.txt\noutside\nown.txt\nwhile-off.txt\n',
    'deep\nhello.txt\noutside\nwhile-off.txt\n',
  ]);
});

test('a clock that is wrong changes nothing', async () => {
  await sh('one', 'date -s "2001-01-01 00:00:00"');
  await writeFile(src('hello.txt'), 'in another century\n');
  await soon('one', 'cat /srv/src/hello.txt', 'in another century\n');
  await expectEqual();
});

test('a folder that is not there is named, and nothing is started for it', async () => {
  await using other = await testLab({
    ...config,
    tree: { from: 'nowhere', to: '/srv/src' },
    machines: { one: {} },
  });
  const { code, stderr } = await other.skerry(['up']);
  expect(code).toBe(2);
  expect(stderr).toContain(`tree.from: there is no folder ${join(other.dir, 'nowhere')}`);
});

test('destroy leaves nothing of it', async () => {
  await lab.destroyWhole();
});
