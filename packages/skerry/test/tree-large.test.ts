// Large files go in pieces, between which small ones pass. The machine is a folder here, at the end of a slow line.
import {
  appendFileSync,
  existsSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn, setTimeout as sleep } from 'node:timers/promises';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import type { StartProgram } from '../src/sync/agent.ts';
import { MachineTree, type PushResult } from '../src/sync/machine-tree.ts';
import { LARGE } from '../src/sync/send-file.ts';
import { date, listTree, type LocalTree, localTree, write } from './local-tree.ts';

const MIB = 2 ** 20;
/** Some 6 MiB a second at most; tells for how long something was on it. */
function slowly(start: StartProgram, onBusy: (ms: number) => void): StartProgram {
  return (command, io) => {
    const input = async function* (): AsyncGenerator<Buffer> {
      for await (const chunk of io.input)
        for (let at = 0; at < chunk.length; at += 64 * 1024) {
          const began = performance.now();
          yield chunk.subarray(at, at + 64 * 1024);
          await sleep(10);
          onBusy(performance.now() - began);
        }
    };
    return start(command, { ...io, input: input() });
  };
}

async function slowTree(tree: LocalTree) {
  const sent: PushResult[] = [];
  const line = { busyMs: 0 };
  const machine = new MachineTree({
    ...{ host: tree.host, to: tree.to, start: slowly(tree.start, (ms) => (line.busyMs += ms)) },
    owner: `${process.getuid?.()}:${process.getgid?.()}`,
    signal: new AbortController().signal,
    onLarge: (result) => sent.push(result),
  });
  await tree.host.scan();
  await machine.connect();
  return { machine, sent, line };
}

/** What changed here goes there; large files are not waited for. */
async function go({ host }: LocalTree, machine: MachineTree): Promise<PushResult> {
  const before = await host.scan();
  return machine.begin(before.keys(), { before });
}

test('a small file does not wait for a large one, which is there whole or not at all', async () => {
  await using tree = localTree();
  write(tree.from, 'big', Buffer.alloc(8 * MIB, 'big'));
  const { machine, sent } = await slowTree(tree);
  await machine.begin();
  write(tree.from, 'small');
  await go(tree, machine);
  expect(readFileSync(join(tree.to, 'small'), 'utf8')).toBe('small');
  expect(existsSync(join(tree.to, 'big'))).toBe(false);
  const { path, files, bytes } = machine.sending ?? {};
  expect([path, files]).toEqual(['big', 1]);
  expect(bytes).toBeLessThan(8 * MIB);
  const { steps } = await machine.flush();
  expect(steps.map((step) => step.path)).toEqual(['big']);
  expect(sent).toHaveLength(1);
  expect(machine.sending).toBeUndefined();
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('an attempt waits for the first copy of a machine, and what undoes it leaves that alone', async () => {
  await using tree = localTree();
  for (let at = 0; at < 40; at++) write(tree.from, `file-${at}`, Buffer.alloc(20_000));
  const { machine } = await slowTree(tree);
  const first = machine.begin();
  await sleep(30);
  write(tree.from, 'edited');
  await tree.host.scan();
  // One that is broken off while it waits does not.
  const broken = machine.push(undefined, { canRollBack: true, signal: AbortSignal.timeout(20) });
  await expect(broken).rejects.toMatchObject({ name: 'TimeoutError' });
  const attempt = machine.push(undefined, { canRollBack: true });
  const [, { steps }] = await Promise.all([first, attempt]);
  expect(steps.map(({ path }) => path)).toEqual(['edited']);
  write(tree.from, 'refused');
  await tree.host.scan();
  expect((await machine.begin(['refused'], { isRetry: true })).steps).toEqual([]);
  rmSync(join(tree.from, 'refused'));
  await machine.rollBack();
  await tree.host.scan();
  const { edited, ...rest } = listTree(tree.from);
  expect(edited).toBeDefined();
  expect(listTree(tree.to)).toEqual(rest);
  expect(machine.behind()).toEqual(['edited']);
});

test('files that were handed over are on their way until the machine says that it has them', async () => {
  await using tree = localTree();
  for (let at = 0; at < 50; at++) write(tree.from, `file-${at}`, Buffer.alloc(20_000));
  const { machine } = await slowTree(tree);
  const begun = machine.begin();
  await sleep(50);
  expect(machine.sending?.files).toBe(50);
  await begun;
  expect(machine.sending).toBeUndefined();
});

test('a large file that goes, moves or becomes a folder while it is sent', async () => {
  await using tree = localTree();
  for (const name of ['gone', 'a/moved', 'folder']) write(tree.from, name, Buffer.alloc(2 * MIB));
  const { machine } = await slowTree(tree);
  await machine.begin();
  rmSync(join(tree.from, 'gone'));
  renameSync(join(tree.from, 'a'), join(tree.from, 'b'));
  rmSync(join(tree.from, 'folder'));
  write(tree.from, 'folder/file');
  await go(tree, machine);
  await machine.flush();
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('a large file that moves on in any turn of its sending', async () => {
  await using tree = localTree();
  write(tree.from, 'always');
  await tree.host.scan();
  const { machine } = tree;
  await machine.connect();
  await machine.begin();
  for (let turns = 0; turns < 120; turns++) {
    write(tree.from, 'a', Buffer.alloc(LARGE + 1));
    await go(tree, machine);
    for (let turn = 0; turn < turns && machine.sending; turn++) await nextTurn();
    renameSync(join(tree.from, 'a'), join(tree.from, 'b'));
    await go(tree, machine);
    await machine.flush();
    expect({ turns, ...listTree(tree.to) }).toEqual({ turns, ...listTree(tree.from) });
    rmSync(join(tree.from, 'b'));
  }
});

test('a file that changes all the time is not sent all the time, and is right in the end', async () => {
  await using tree = localTree();
  write(tree.from, 'log', Buffer.alloc(MIB));
  const { machine, line } = await slowTree(tree);
  const began = performance.now();
  await machine.begin();
  for (let at = 0; at < 100; at++) {
    appendFileSync(join(tree.from, 'log'), 'one more line\n');
    await go(tree, machine);
    await sleep(20);
  }
  // The first time, and then a quarter of it; all of it, if it was sent all the time.
  expect(line.busyMs / (performance.now() - began)).toBeLessThan(0.85);
  const { steps } = await machine.flush();
  expect(steps.length).toBeGreaterThan(0);
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('a large file that is being written is there when it is whole, and not before', async () => {
  await using tree = localTree();
  write(tree.from, 'part', Buffer.alloc(MIB));
  const { machine } = await slowTree(tree);
  await machine.begin();
  for (let piece = 0; piece < 25; piece++) {
    appendFileSync(join(tree.from, 'part'), Buffer.alloc(20_000, String(piece)));
    await go(tree, machine);
    await sleep(20);
    expect(existsSync(join(tree.to, 'part'))).toBe(false);
  }
  await machine.flush();
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
  expect(machine.sending).toBeUndefined();
});

test('who waits for a file that is being written gets what there is', async () => {
  await using tree = localTree();
  write(tree.from, 'part', Buffer.alloc(2 * MIB));
  const { machine } = await slowTree(tree);
  await machine.begin();
  const writer = setInterval(() => appendFileSync(join(tree.from, 'part'), 'more'), 20);
  const { steps } = await machine.flush();
  clearInterval(writer);
  expect(steps.map(({ path }) => path)).toEqual(['part']);
  expect(existsSync(join(tree.to, 'part'))).toBe(true);
  await machine.flush();
  await go(tree, machine);
  await machine.flush();
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('an agent that is killed has nothing of a large file left', async () => {
  await using tree = localTree();
  write(tree.from, 'a');
  write(tree.from, 'big', Buffer.alloc(8 * MIB));
  const { machine } = await slowTree(tree);
  await machine.begin();
  const flushed = machine.flush();
  tree.killAgents();
  await expect(flushed).rejects.toThrow();
  expect(Object.keys(listTree(join(tree.to, '../../..')))).not.toContain('machine/srv/src/big');
  const stage = Object.entries(listTree(join(tree.to, '../../../trees')));
  const largest = Math.max(...stage.map(([, what]) => what.length));
  expect(largest).toBeLessThan(MIB);
});

const large = 300_000;
const change = fc.record({
  path: fc.constantFrom('a', 'b', 'dir/a', 'dir/b', 'dir/dir/a', 'dir', 'b/c'),
  what: fc.constantFrom('small', 'large', 'remove', 'mode', 'move'),
  to: fc.constantFrom('a', 'dir', 'moved', 'dir/moved'),
});

test('whatever happens while large files are sent, the machine has the same in the end', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(change, { maxLength: 4 }), { maxLength: 6 }),
      async (all) => {
        await using tree = localTree();
        write(tree.from, 'always');
        await tree.host.scan();
        const { machine } = tree;
        await machine.connect();
        await machine.begin();
        for (const round of all) {
          for (const one of round) make(tree.from, one);
          expect((await go(tree, machine)).refused).toEqual([]);
        }
        await go(tree, machine);
        expect((await machine.flush()).refused).toEqual([]);
        expect(listTree(tree.to)).toEqual(listTree(tree.from));
      },
    ),
    { numRuns: fc.readConfigureGlobal()?.numRuns ?? 40 },
  );
}, 300_000);

/** What cannot be done is not done. */
function make(
  root: string,
  { path, what, to }: typeof change extends fc.Arbitrary<infer T> ? T : never,
): void {
  const at = join(root, path);
  try {
    const content = String(Math.random());
    if (what === 'small' || what === 'large') {
      write(root, path, what === 'small' ? content : Buffer.alloc(large, content));
      date(at);
    } else if (what === 'remove') rmSync(at, { recursive: true });
    else if (what === 'move') renameSync(at, join(root, to));
    else if (!statSync(at).isDirectory()) {
      writeFileSync(at, readFileSync(at), { mode: 0o600 });
      date(at);
    }
  } catch {}
}

test('a large file that is no part of a push goes by itself, and is not rolled back with it', async () => {
  await using tree = localTree();
  write(tree.from, 'daemon', 'one');
  const { machine } = await slowTree(tree);
  await machine.push();
  write(tree.from, 'big', Buffer.alloc(32 * MIB, 'big'));
  write(tree.from, 'daemon', 'broken');
  write(tree.from, 'note', 'rolled back');
  // Parts of it that are large themselves pass in between.
  write(tree.from, 'program', Buffer.alloc(MIB, 'program'));
  await tree.host.scan();
  const isApart = (path: string): boolean => path === 'big';
  const { steps } = await machine.push(undefined, { canRollBack: true, isApart });
  expect(steps.map(({ path }) => path).toSorted()).toEqual(['daemon', 'note', 'program']);
  write(tree.from, 'program', Buffer.alloc(MIB, 'mended'));
  await tree.host.scan();
  await machine.push(undefined, { canRollBack: true, isApart });
  expect(readFileSync(join(tree.to, 'program')).subarray(0, 6).toString()).toBe('mended');
  expect(machine.behind()).toEqual([]);
  const { bytes = 0 } = machine.sending ?? {};
  expect(machine.sending?.path).toBe('big');
  expect(bytes).toBeLessThan(32 * MIB);
  await machine.flush(isApart);
  await machine.rollBack();
  expect(readFileSync(join(tree.to, 'program')).subarray(0, 6).toString()).toBe('progra');
  expect(statSync(join(tree.to, 'big')).size).toBe(32 * MIB);
  expect(machine.behind()).toEqual(['program']);
  await machine.push();
  expect(listTree(tree.to)).toEqual(listTree(tree.from));
});

test('a push that can be rolled back ends at once when it is told to', async () => {
  await using tree = localTree();
  write(tree.from, 'small', 'one');
  const { machine } = await slowTree(tree);
  await machine.push();
  write(tree.from, 'small', 'two');
  write(tree.from, 'program', Buffer.alloc(96 * MIB, 'program'));
  await tree.host.scan();
  const news = new AbortController();
  const pushing = machine.push(undefined, { canRollBack: true, signal: news.signal });
  await sleep(300);
  const began = performance.now();
  news.abort(new Error('news'));
  await expect(pushing).rejects.toThrow('news');
  await machine.rollBack();
  expect(performance.now() - began).toBeLessThan(8000);
  expect(readFileSync(join(tree.to, 'small'), 'utf8')).toBe('one');
  expect(existsSync(join(tree.to, 'program'))).toBe(false);
  expect(machine.sending).toBeUndefined();
});
