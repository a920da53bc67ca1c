// Trees from the host's folder to the machine's, by the agent that runs in machines; the machine is a folder here.
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { toBytes } from '../src/sync/paths.ts';
import { TreeWatcher } from '../src/sync/watch-tree.ts';
import { poll } from '../src/util/poll.ts';
import { date, listTree, localTree, write, started, sync } from './local-tree.ts';

test('a tree arrives with content, modes, dates, links and empty folders', async () => {
  await using tree = localTree();
  write(tree.from, 'a.txt', 'one');
  write(tree.from, 'deep/er/b.sh', '#!/bin/sh\n');
  chmodSync(join(tree.from, 'deep/er/b.sh'), 0o755);
  write(tree.from, 'big', 'x'.repeat(300_000));
  write(tree.from, 'empty', '');
  mkdirSync(join(tree.from, 'nothing-in-it'), { mode: 0o700 });
  symlinkSync('deep/er', join(tree.from, 'link'));
  symlinkSync('/nowhere/at all', join(tree.from, 'dangling'));
  utimesSync(join(tree.from, 'a.txt'), 1, 1_600_000_000.25);
  await started(tree);
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('edits, deletions, new modes and replacements arrive', async () => {
  await using tree = localTree();
  for (const path of ['a', 'b', 'c/d', 'c/e', 'f/g/h', 'i']) write(tree.from, path);
  symlinkSync('a', join(tree.from, 'link'));
  const machine = await started(tree);
  write(tree.from, 'a', 'edited');
  rmSync(join(tree.from, 'b'));
  chmodSync(join(tree.from, 'c/d'), 0o600);
  rmSync(join(tree.from, 'f'), { recursive: true });
  write(tree.from, 'f', 'a file now');
  rmSync(join(tree.from, 'i'));
  write(tree.from, 'i/j', 'a folder now');
  rmSync(join(tree.from, 'link'));
  symlinkSync('c/d', join(tree.from, 'link'));
  const { refused, steps } = await sync(tree, machine);
  expect(refused).toEqual([]);
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
  expect(steps.find(({ path }) => path === 'c/d')?.kind).toBe('mode');
  expect((await sync(tree, machine)).steps).toEqual([]);
});

test('what was renamed is renamed: files and whole folders keep their inodes', async () => {
  await using tree = localTree();
  for (const path of ['a', 'src/one', 'src/sub/two', 'other/x']) write(tree.from, path);
  const machine = await started(tree);
  const inode = (path: string): number => statSync(join(tree.to, path)).ino;
  const before = { a: inode('a'), two: inode('src/sub/two') };
  renameSync(join(tree.from, 'a'), join(tree.from, 'other/a'));
  renameSync(join(tree.from, 'src'), join(tree.from, 'lib'));
  write(tree.from, 'lib/one', 'edited after it');
  const { steps, refused } = await sync(tree, machine);
  expect(refused).toEqual([]);
  expect(steps.map(({ kind }) => kind).sort()).toEqual(['file', 'rename', 'rename']);
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
  expect({ a: inode('other/a'), two: inode('lib/sub/two') }).toEqual(before);
});

test('names of any bytes arrive', async () => {
  await using tree = localTree();
  const names = [
    'new\nline',
    'caf\xc3\xa9',
    'not-utf8-\xff\xfe',
    ' lead',
    'quote"\'$x`',
    '-rf',
    '\x01',
  ];
  for (const name of names) writeFileSync(toBytes(tree.from, name), name, 'latin1');
  write(tree.from, 'other');
  const machine = await started(tree);
  expect(Object.keys(listTree(tree.to)).sort()).toEqual([...names, 'other'].sort());
  const { sums } = await machine.look();
  expect([...sums.keys()].sort()).toEqual([...names, 'other'].sort());
  for (const name of names) rmSync(toBytes(tree.from, name));
  await sync(tree, machine);
  expect(Object.keys(listTree(tree.to))).toEqual(['other']);
});

test('a folder that is empty all at once removes nothing until something is in it', async () => {
  await using tree = localTree();
  for (const path of ['a', 'b/c']) write(tree.from, path);
  const machine = await started(tree);
  for (const path of ['a', 'b']) rmSync(join(tree.from, path), { recursive: true });
  await expect(sync(tree, machine)).rejects.toThrow(/the folder is empty here.* 3 paths/);
  expect(Object.keys(listTree(tree.to)).sort()).toEqual(['a', 'b', 'b/c']);
  write(tree.from, 'd');
  await tree.host.scan();
  await machine.push();
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('after a new connection only what differs is sent, also what was changed in the machine', async () => {
  await using tree = localTree();
  for (const path of ['same', 'theirs', 'gone', 'late']) write(tree.from, path);
  await (await started(tree)).close();
  write(tree.to, 'theirs', 'edited in the machine');
  rmSync(join(tree.to, 'gone'));
  write(tree.to, 'own', "the machine's");
  write(tree.from, 'late', 'edited while it was away');
  rmSync(join(tree.from, 'same'));
  await tree.host.scan();
  const machine = tree.again();
  await machine.connect();
  const { steps } = await machine.push();
  expect(steps.map(({ kind, path }) => `${kind} ${path}`).sort()).toEqual([
    'file gone',
    'file late',
    'file theirs',
    'remove same',
  ]);
  const { own, ...rest } = listTree(tree.to);
  expect(own).toContain("the machine's");
  expect(rest).toEqual(listTree(tree.from));
});

test('what somebody changed in the machine meanwhile is seen when it is asked for, and sent again', async () => {
  await using tree = localTree();
  for (const path of ['same', 'edited', 'gone', 'mode', 'deep/er']) write(tree.from, path);
  const machine = await started(tree);
  expect(await machine.compare()).toEqual([]);
  write(tree.to, 'edited', 'bad');
  write(tree.to, 'own', "the machine's");
  rmSync(join(tree.to, 'gone'));
  rmSync(join(tree.to, 'deep'), { recursive: true });
  chmodSync(join(tree.to, 'mode'), 0o600);
  // Sent at the same moment, and so no change of the machine.
  write(tree.from, 'same', 'edited here');
  const [others] = await Promise.all([machine.compare(), sync(tree, machine)]);
  expect(others.toSorted()).toEqual(['deep', 'deep/er', 'edited', 'gone', 'mode']);
  expect(machine.behind().toSorted()).toEqual(others.toSorted());
  expect((await machine.push(others)).refused).toEqual([]);
  const { own, ...rest } = listTree(tree.to);
  expect(own).toContain("the machine's");
  expect(rest).toEqual(listTree(tree.from));
  expect(await machine.compare()).toEqual([]);
});

test("what is the machine's own stays, and a folder with such files in the way is named", async () => {
  await using tree = localTree();
  write(tree.from, 'build/made');
  const machine = await started(tree);
  write(tree.to, 'build/cache', 'own');
  rmSync(join(tree.from, 'build'), { recursive: true });
  write(tree.from, 'build', 'a file now');
  const { refused } = await sync(tree, machine);
  expect(refused).toEqual([{ path: 'build', reason: expect.stringMatching(/directory/) }]);
  expect(readFileSync(join(tree.to, 'build/cache'), 'utf8')).toBe('own');
  rmSync(join(tree.to, 'build'), { recursive: true });
  expect((await machine.push(['build'])).refused).toEqual([]);
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('nothing is written through a link that leads out', async () => {
  await using tree = localTree();
  write(tree.from, 'conf/secret', 'one');
  const machine = await started(tree);
  const outside = join(tree.to, '../outside');
  mkdirSync(outside);
  rmSync(join(tree.to, 'conf'), { recursive: true });
  symlinkSync('../outside', join(tree.to, 'conf'));
  write(tree.from, 'conf/secret', 'two');
  const { refused } = await sync(tree, machine);
  expect(refused).toEqual([{ path: 'conf/secret', reason: 'conf is no folder' }]);
  expect(existsSync(join(outside, 'secret'))).toBe(false);
  await machine.close();
  const fresh = tree.again();
  await fresh.connect();
  await fresh.push();
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
  expect(listTree(outside)).toEqual({});
});

test('a link out of the tree is copied as a link, and never looked into', async () => {
  await using tree = localTree();
  write(tree.from, '../elsewhere/private', 'not yours');
  symlinkSync('../elsewhere', join(tree.from, 'out'));
  await started(tree);
  expect(listTree(tree.to)).toEqual({ out: '-> ../elsewhere' });
});

test('a push can be rolled back: edits, new and removed files, links, folders, renames', async () => {
  await using tree = localTree();
  for (const path of ['a', 'b', 'c/d', 'mode', 'moved']) write(tree.from, path);
  symlinkSync('a', join(tree.from, 'link'));
  const machine = await started(tree);
  const was = listTree(tree.to);
  write(tree.from, 'a', 'broken');
  rmSync(join(tree.from, 'b'));
  rmSync(join(tree.from, 'c'), { recursive: true });
  write(tree.from, 'c', 'a file now');
  write(tree.from, 'new/er/file');
  chmodSync(join(tree.from, 'mode'), 0o700);
  renameSync(join(tree.from, 'moved'), join(tree.from, 'renamed'));
  rmSync(join(tree.from, 'link'));
  symlinkSync('b', join(tree.from, 'link'));
  const before = await tree.host.scan();
  const { refused } = await machine.push(before.keys(), { before, canRollBack: true });
  expect(refused).toEqual([]);
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
  await machine.rollBack();
  expect(listTree(tree.to)).toEqual(was);
  // The next push knows what is there.
  await machine.push();
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('what cannot become what it was is named when it is undone, and sent with the next push', async () => {
  await using tree = localTree();
  for (const path of ['a', 'b']) write(tree.from, path);
  const machine = await started(tree);
  rmSync(join(tree.from, 'a'));
  write(tree.from, 'a/in', 'broken');
  write(tree.from, 'b', 'broken');
  await tree.host.scan();
  await machine.push(undefined, { canRollBack: true });
  write(tree.to, 'a/log', 'of a daemon');
  const refused = await machine.rollBack();
  expect(refused).toEqual([{ path: 'a', reason: 'Directory not empty' }]);
  expect(readFileSync(join(tree.to, 'b'), 'utf8')).toBe('b');
  rmSync(join(tree.to, 'a/log'));
  await tree.host.scan();
  expect((await machine.push(undefined, { canRollBack: true })).refused).toEqual([]);
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('of two names of a file one is moved, and the other is copied', async () => {
  await using tree = localTree();
  write(tree.from, 'a', 'content');
  const machine = await started(tree);
  linkSync(join(tree.from, 'a'), join(tree.from, 'b'));
  renameSync(join(tree.from, 'a'), join(tree.from, 'c'));
  expect((await sync(tree, machine)).refused).toEqual([]);
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('a push that had nothing to do undoes nothing: the one before it stays', async () => {
  await using tree = localTree();
  write(tree.from, 'a', 'first');
  const machine = await started(tree);
  write(tree.from, 'a', 'second');
  await tree.host.scan();
  await machine.push(undefined, { canRollBack: true });
  await machine.push(undefined, { canRollBack: true });
  await machine.rollBack();
  expect(readFileSync(join(tree.to, 'a'), 'utf8')).toBe('second');
});

test('what a machine is behind in is named, and nothing after a push', async () => {
  await using tree = localTree();
  write(tree.from, 'a');
  write(tree.from, 'b');
  const machine = await started(tree);
  expect(machine.behind()).toEqual([]);
  write(tree.from, 'a', 'edited');
  write(tree.from, 'new/c');
  rmSync(join(tree.from, 'b'));
  await tree.host.scan();
  await machine.push(undefined, { canRollBack: true });
  expect(machine.behind()).toEqual([]);
  await machine.rollBack();
  expect(machine.behind().toSorted()).toEqual(['a', 'b', 'new', 'new/c']);
});

test('.gitignore is honoured in each folder, and a change of it too; .git never goes', async () => {
  await using tree = localTree({ exclude: ['*.secret'] });
  write(tree.from, '.git/config');
  write(tree.from, '.gitignore', 'build/\n*.log\n!keep.log\n');
  write(tree.from, 'build/out');
  write(tree.from, 'a.log');
  write(tree.from, 'keep.log');
  write(tree.from, 'x.secret');
  write(tree.from, 'sub/.gitignore', '!a.log\n/only-here\n');
  write(tree.from, 'sub/a.log');
  write(tree.from, 'sub/only-here');
  write(tree.from, 'sub/deeper/only-here');
  const machine = await started(tree);
  const files = (): string[] =>
    Object.entries(listTree(tree.to))
      .filter(([, what]) => what.startsWith('file'))
      .map(([path]) => path)
      .sort();
  expect(files()).toEqual([
    ...['.gitignore', 'keep.log', 'sub/.gitignore', 'sub/a.log', 'sub/deeper/only-here'],
  ]);
  write(tree.from, '.gitignore', 'sub/\n');
  await sync(tree, machine);
  expect(files()).toEqual(['.gitignore', 'a.log', 'build/out', 'keep.log']);
});

test('a git submodule is part of the tree: its files and its .gitignore, not its .git', async () => {
  await using tree = localTree();
  const git = (dir: string, ...args: string[]): void => {
    const { status, stderr } = spawnSync(
      'git',
      ['-c', 'user.name=t', '-c', 'user.email=t@t', '-c', 'protocol.file.allow=always', ...args],
      { cwd: dir, encoding: 'utf8' },
    );
    expect(status, stderr).toBe(0);
  };
  const library = join(tree.to, '..', 'library');
  write(library, 'lib.c');
  write(library, '.gitignore', '*.o\n');
  git(library, 'init', '-q');
  git(library, 'add', '.');
  git(library, 'commit', '-qm', 'lib');
  git(tree.from, 'init', '-q');
  git(tree.from, 'submodule', '--quiet', 'add', library, 'libs/lib');
  write(tree.from, 'libs/lib/lib.o');
  write(tree.from, 'main.o');
  await started(tree);
  const there = Object.keys(listTree(tree.to)).sort();
  expect(there).toEqual([
    '.gitmodules',
    'libs',
    'libs/lib',
    'libs/lib/.gitignore',
    'libs/lib/lib.c',
    'main.o',
  ]);
});

test('sockets and pipes are left out by name', async () => {
  await using tree = localTree();
  write(tree.from, 'a');
  spawnSync('mkfifo', [join(tree.from, 'pipe')]);
  await started(tree);
  expect(Object.keys(listTree(tree.to))).toEqual(['a']);
  expect([...tree.host.special]).toEqual(['pipe']);
});

test('a file that shrinks while it is read is whole in the end', async () => {
  await using tree = localTree();
  write(tree.from, 'big', 'x'.repeat(20 * 2 ** 20));
  await tree.host.scan();
  await tree.machine.connect();
  const pushed = tree.machine.push();
  truncateSync(join(tree.from, 'big'), 70_000);
  await pushed;
  await sync(tree, tree.machine);
  await tree.machine.push(['big']);
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('an agent that is killed leaves no half of a file, and the next one goes on', async () => {
  await using tree = localTree();
  write(tree.from, 'big', 'x'.repeat(50 * 2 ** 20));
  write(tree.from, 'z');
  await tree.host.scan();
  await tree.machine.connect();
  const pushed = tree.machine.push();
  await new Promise((resolve) => setTimeout(resolve, 20));
  tree.killAgents();
  await expect(pushed).rejects.toThrow();
  expect(Object.keys(listTree(tree.to)).filter((path) => !['big', 'z'].includes(path))).toEqual([]);
  const next = tree.again();
  await next.connect();
  await next.push();
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('names that differ by case only are two files', async () => {
  await using tree = localTree();
  write(tree.from, 'Makefile', 'one');
  write(tree.from, 'makefile', 'two');
  await started(tree);
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('a watcher tells folders, and all of them when the kernel has lost events', async () => {
  await using tree = localTree();
  write(tree.from, 'sub/a');
  const told: (ReadonlySet<string> | undefined)[] = [];
  const watcher = new TreeWatcher({
    root: tree.from,
    onChange: (folders) => told.push(folders),
    onLimit: (reason) => expect.fail(reason),
  });
  const next = (): Promise<ReadonlySet<string> | 'all'> =>
    poll(() => (told.length > 0 ? (told.shift() ?? 'all') : undefined), {
      timeoutMs: 20_000,
      onTimeout: () => new Error('nothing was told'),
    });
  for (const folder of ['', 'sub']) watcher.add(folder);
  write(tree.from, 'sub/a', 'edited');
  expect(await next()).toEqual(new Set(['sub']));
  // Nobody reads the queue while this goes on: it has room for some 16,000.
  const limit = Number(readFileSync('/proc/sys/fs/inotify/max_queued_events', 'utf8'));
  for (const name of ['b', 'c']) write(tree.from, `sub/${name}`);
  for (let at = 0; at <= limit; at++)
    chmodSync(join(tree.from, at % 2 === 0 ? 'sub/b' : 'sub/c'), 0o600 + (at % 3));
  expect(await next()).toBe('all');
  watcher.close();
});

test('two agents do not write one tree: the second is told', async () => {
  await using tree = localTree();
  write(tree.from, 'a');
  await started(tree);
  await expect(tree.again().connect()).rejects.toThrow(/another command is writing/);
});

test('an owner who is not there is named', async () => {
  await using tree = localTree();
  const other = tree.again('nobody-of-this-name');
  await expect(other.connect()).rejects.toThrow('there is no user nobody-of-this-name');
});

const part = fc.constantFrom('a', 'b', 'c.log', 'dir', 'new\nline', 'n\xff', '.gitignore');
const path = fc.array(part, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/'));
const change = fc.oneof(
  fc.record({ kind: fc.constant('write' as const), path, content: fc.string({ maxLength: 20 }) }),
  fc.record({ kind: fc.constant('remove' as const), path }),
  fc.record({ kind: fc.constant('folder' as const), path }),
  fc.record({ kind: fc.constant('link' as const), path, to: path }),
  fc.record({ kind: fc.constant('move' as const), path, to: path }),
  fc.record({ kind: fc.constant('mode' as const), path, mode: fc.constantFrom(0o600, 0o755) }),
);
type Change = typeof change extends fc.Arbitrary<infer T> ? T : never;

/** What cannot be done is not done. */
function make(root: string, one: Change): void {
  const at = toBytes(root, one.path);
  try {
    if (one.kind === 'write') {
      writeFileSync(at, one.content);
      date(at);
    } else if (one.kind === 'remove') rmSync(at, { recursive: true });
    else if (one.kind === 'folder') mkdirSync(at);
    else if (one.kind === 'link') symlinkSync(Buffer.from(one.to, 'latin1'), at);
    else if (one.kind === 'move') renameSync(at, toBytes(root, one.to));
    else if (!statSync(at).isDirectory()) chmodSync(at, one.mode);
  } catch {}
}

test('whatever happens on the host, the machine has the same in the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { maxLength: 6 }), { maxLength: 8 }),
      async (rounds) => {
        await using tree = localTree();
        const machine = await started(tree);
        let isMissed = false;
        for (const round of rounds) {
          for (const one of round) make(tree.from, one);
          const before = await tree.host.scan();
          // Of a folder that is empty nothing is removed.
          if (tree.host.entries.size === 0) {
            isMissed = true;
            continue;
          }
          const { refused } = await (isMissed
            ? machine.push()
            : machine.push(before.keys(), { before }));
          isMissed = false;
          expect(refused).toEqual([]);
          const wanted = listTree(tree.from);
          const ignored = Object.keys(wanted).filter((name) => !tree.host.entries.has(name));
          for (const name of ignored) delete wanted[name];
          expect(listTree(tree.to)).toEqual(wanted);
        }
      },
    ),
    { numRuns: fc.readConfigureGlobal()?.numRuns ?? 40 },
  );
}, 300_000);
