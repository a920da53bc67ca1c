// What can go wrong while a tree is pulled: nothing of it costs somebody a file. The machine is a folder here.
import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { PullKeep } from '../src/lab/pull-keep.ts';
import type { LiveEvent } from '../src/lab/live-protocol.ts';
import type { StartProgram } from '../src/sync/agent.ts';
import { HostTree } from '../src/sync/host-tree.ts';
import { PullTree } from '../src/sync/pull.ts';
import { SkerryError } from '../src/util/errors.ts';
import { poll } from '../src/util/poll.ts';
import { type LocalTree, localTree } from './local-tree.ts';
import { contents, puller } from './pull-local.ts';
import { asOrdinaryUser } from './support/ordinary-user.ts';

const BIG = 128 << 20;

/** Until something of the big file has come. */
function underWay({ to }: LocalTree): Promise<string> {
  const temp = (): string | undefined =>
    existsSync(to) ? readdirSync(to).find((name) => name.startsWith('.skerry')) : undefined;
  return poll(temp, {
    // It is not there for long.
    ...{ timeoutMs: 20_000, intervalMs: 1, maxIntervalMs: 1 },
    onTimeout: () => new Error('none came'),
  });
}

test('two that pull the same tree do not get in each other’s way', async () => {
  await using tree = localTree();
  for (let at = 0; at < 300; at++) writeFileSync(join(tree.from, `${at}`), 'x'.repeat(5000));
  const pulls = [puller(tree), puller(tree)];
  await Promise.all(pulls.map((pull) => pull.connect()));
  const results = await Promise.all(pulls.map((pull) => pull.pull()));
  expect(results.flatMap(({ refused }) => refused)).toEqual([]);
  expect(results.flatMap(({ fetched }) => fetched)).toHaveLength(300);
  expect(contents(tree.to)).toEqual(contents(tree.from));
});

test('a file of one’s own stays where what should have come in its place never did', async () => {
  await using tree = localTree();
  writeFileSync(join(tree.from, 'big'), Buffer.alloc(BIG));
  writeFileSync(join(tree.from, 'other'), 'other');
  mkdirSync(tree.to, { recursive: true });
  writeFileSync(join(tree.to, 'big'), 'my own');
  const first = puller(tree);
  await first.connect();
  const pulled = first.pull();
  pulled.catch(() => {});
  await underWay(tree);
  tree.killAgents();
  await expect(pulled).rejects.toThrow();
  rmSync(join(tree.from, 'big'));
  const second = puller(tree);
  await second.connect();
  expect(await second.pull()).toMatchObject({ removed: [], refused: [] });
  expect(readFileSync(join(tree.to, 'big'), 'utf8')).toBe('my own');
});

test('who waits for another pull can be interrupted', async () => {
  await using tree = localTree();
  writeFileSync(join(tree.from, 'big'), Buffer.alloc(BIG));
  const stop = new AbortController();
  const [first, second] = [puller(tree), puller(tree, [], stop.signal)];
  await Promise.all([first.connect(), second.connect()]);
  const pulled = first.pull();
  await underWay(tree);
  const waiting = second.pull();
  stop.abort(new Error('interrupted'));
  await expect(waiting).rejects.toThrow('interrupted');
  expect(await pulled).toMatchObject({ fetched: ['big'], refused: [] });
});

test('a file that is on its way is no part of a tree that is pushed', async () => {
  await using tree = localTree();
  writeFileSync(join(tree.from, 'big'), Buffer.alloc(BIG));
  const pull = puller(tree);
  await pull.connect();
  const pulled = pull.pull();
  const temp = await underWay(tree);
  const host = new HostTree({ root: tree.to, exclude: [] });
  await host.scan();
  expect([...host.entries.keys()]).toEqual([]);
  expect(temp).toContain(`${process.pid}`);
  await pulled;
  expect(readdirSync(tree.to)).toEqual(['big']);
});

test('what a process left that was killed is removed, and nothing of one that runs', async () => {
  await using tree = localTree();
  mkdirSync(join(tree.from, 'sub'));
  writeFileSync(join(tree.from, 'sub/a'), 'a');
  const first = puller(tree);
  await first.connect();
  await first.pull();
  const dead = spawn('true');
  await new Promise((resolve) => dead.once('exit', resolve));
  const names = [`${dead.pid}-a-1`, `${process.ppid}-b-2`, `${process.pid}-other-3`, 'mine'];
  for (const name of names) writeFileSync(join(tree.to, 'sub', `.skerry-pull-${name}`), 'half');
  const second = puller(tree);
  await second.connect();
  await second.pull();
  expect(readdirSync(join(tree.to, 'sub')).sort()).toEqual([
    `.skerry-pull-${process.ppid}-b-2`,
    '.skerry-pull-mine',
    'a',
  ]);
});

test.each(['is gone', 'is empty'])(
  'a folder of the machine that %s costs nothing that came from it',
  async (how) => {
    await using tree = localTree();
    mkdirSync(join(tree.from, 'sub'));
    writeFileSync(join(tree.from, 'sub/report'), 'kept');
    const pull = puller(tree);
    await pull.connect();
    await pull.pull();
    rmSync(tree.from, { recursive: true });
    if (how === 'is empty') mkdirSync(tree.from);
    const result = await pull.pull();
    expect(result).toMatchObject({ removed: [], isThere: how === 'is empty' });
    expect(result.problem).toMatch(/nothing is in .* there any more: .*\(2 paths\) stays here/);
    expect(readFileSync(join(tree.to, 'sub/report'), 'utf8')).toBe('kept');
    // Who makes it anew has the say again.
    mkdirSync(tree.from, { recursive: true });
    writeFileSync(join(tree.from, 'other'), 'new');
    expect(await pull.pull()).toMatchObject({ removed: ['sub/report', 'sub'], problem: undefined });
    // Nobody is asked for what is not here.
    rmSync(join(tree.from, 'other'));
    rmSync(join(tree.to, 'other'));
    expect(await pull.pull()).toMatchObject({ problem: undefined, refused: [] });
  },
);

test('what is in a folder of the machine that cannot be read stays here', () =>
  asOrdinaryUser(async () => {
    await using tree = localTree();
    mkdirSync(join(tree.from, 'sub'));
    writeFileSync(join(tree.from, 'sub/report'), 'kept');
    const pull = puller(tree);
    await pull.connect();
    await pull.pull();
    chmodSync(join(tree.from, 'sub'), 0o311);
    const refused = [{ path: 'sub', reason: 'Permission denied' }];
    expect(await pull.pull()).toMatchObject({ removed: [], refused });
    chmodSync(join(tree.to, 'sub'), 0o755);
    expect(readFileSync(join(tree.to, 'sub/report'), 'utf8')).toBe('kept');
    chmodSync(join(tree.from, 'sub'), 0o755);
  }));

test('an interrupted pull ends, and is no error of a file', async () => {
  await using tree = localTree();
  writeFileSync(join(tree.from, 'big'), Buffer.alloc(BIG));
  writeFileSync(join(tree.from, 'small'), 'x');
  const stop = new AbortController();
  const start: StartProgram = async (command, io) => {
    await tree.start(command, io);
    io.signal.throwIfAborted();
  };
  const pull = puller({ ...tree, start }, [], stop.signal);
  await pull.connect();
  const pulled = pull.pull();
  await underWay(tree);
  stop.abort();
  await expect(pulled).rejects.toMatchObject({ name: 'AbortError' });
});

test('a machine that goes meanwhile is no error of a file', async () => {
  await using tree = localTree();
  writeFileSync(join(tree.from, 'big'), Buffer.alloc(BIG));
  const start: StartProgram = async (command, io) => {
    await tree.start(command, io);
    throw new SkerryError('GUEST_LOST', { data: { machine: 'one', reason: 'gone' } });
  };
  const pull = puller({ ...tree, start });
  await pull.connect();
  const pulled = pull.pull();
  await underWay(tree);
  tree.killAgents();
  await expect(pulled).rejects.toMatchObject({ code: 'GUEST_LOST' });
});

/** No file of this process grows over that, which stands for a full disk here. */
function limitFiles(bytes: number | 'unlimited'): void {
  process.on('SIGXFSZ', ignoreSignal);
  execFileSync('prlimit', ['--pid', `${process.pid}`, `--fsize=${bytes}:`]);
}

function ignoreSignal(): void {}

test('a file that there is no room for is named, and all others come', async () => {
  await using tree = localTree();
  writeFileSync(join(tree.from, 'big'), Buffer.alloc(BIG));
  writeFileSync(join(tree.from, 'small'), 'x');
  const pull = puller(tree);
  await pull.connect();
  limitFiles(8 << 20);
  const result = await pull.pull().finally(() => limitFiles('unlimited'));
  expect(result).toMatchObject({
    fetched: ['small'],
    refused: [{ path: 'big', reason: 'on this host: EFBIG' }],
  });
  expect(readdirSync(tree.to)).toEqual(['small']);
  // It is not tried all the time.
  expect(result.restMs).toBeGreaterThan(1000);
  const again = await pull.pull();
  expect(again).toMatchObject({ fetched: [], refused: result.refused, bytes: 0 });
});

test('a file that cannot be read in the machine leaves the one that is here', async () => {
  await using tree = localTree();
  const child = spawn('sleep', ['60']);
  try {
    // Its first page cannot be read by anybody.
    const from = `/proc/${child.pid}`;
    const pull = puller({ ...tree, from }, ['*', '!mem']);
    mkdirSync(tree.to, { recursive: true });
    writeFileSync(join(tree.to, 'mem'), 'good');
    await pull.connect();
    expect(await pull.pull()).toMatchObject({
      fetched: [],
      refused: [{ path: 'mem', reason: expect.stringMatching(/\w/) as string }],
    });
    expect(readFileSync(join(tree.to, 'mem'), 'utf8')).toBe('good');
  } finally {
    child.kill();
  }
});

test('an ordinary user has folders that may not be written, and what is in them', async () => {
  await asOrdinaryUser(async () => {
    await using tree = localTree();
    mkdirSync(join(tree.from, 'closed/deeper'), { recursive: true });
    for (const name of ['closed/a', 'closed/b', 'closed/deeper/c'])
      writeFileSync(join(tree.from, name), name);
    const [closed, deeper] = [join(tree.from, 'closed'), join(tree.from, 'closed/deeper')];
    const close = (mode: number): void => [deeper, closed].forEach((one) => chmodSync(one, mode));
    close(0o555);
    const pull = puller(tree);
    await pull.connect();
    expect(await pull.pull()).toMatchObject({ refused: [] });
    expect(contents(tree.to)).toEqual(contents(tree.from));
    // Nothing is fetched again, and what changes in them comes as well.
    expect(await pull.pull()).toMatchObject({ fetched: [], refused: [] });
    close(0o755);
    writeFileSync(join(deeper, 'c'), 'other');
    rmSync(join(closed, 'a'));
    close(0o555);
    expect(await pull.pull()).toMatchObject({
      ...{ fetched: ['closed/deeper/c'], removed: ['closed/a'], refused: [] },
    });
    expect(contents(tree.to)).toEqual(contents(tree.from));
    close(0o755);
    for (const one of ['closed/deeper', 'closed']) chmodSync(join(tree.to, one), 0o755);
  });
});

test('a log that is written and never closed comes', async () => {
  await using tree = localTree();
  writeFileSync(join(tree.from, 'log'), 'one\n');
  let told = 0;
  const pull = puller(tree);
  await pull.connect(() => told++);
  await pull.pull();
  const log = openSync(join(tree.from, 'log'), 'a');
  writeSync(log, 'two\n');
  await poll(() => (told > 0 ? true : undefined), {
    timeoutMs: 10_000,
    onTimeout: () => new Error('nothing was told'),
  });
  await pull.pull();
  expect(readFileSync(join(tree.to, 'log'), 'utf8')).toBe('one\ntwo\n');
  closeSync(log);
});

test('a machine that is never quiet is heard all the same', async () => {
  await using tree = localTree();
  let told = 0;
  const pull = puller(tree);
  await pull.connect(() => told++);
  await pull.pull();
  const script =
    'while (1) { open my $f, ">", $ARGV[0]; close $f; select undef, undef, undef, 0.002 }';
  const writer = spawn('perl', ['-e', script, join(tree.from, 'busy')]);
  try {
    await poll(() => (told > 2 ? true : undefined), {
      timeoutMs: 15_000,
      onTimeout: () => new Error('nothing was told'),
    });
  } finally {
    writer.kill('SIGKILL');
  }
});

test('who keeps a tree goes on with files that could not be had, ever more seldom', async () => {
  await using tree = localTree();
  writeFileSync(join(tree.from, 'a'), 'a');
  mkdirSync(join(tree.to, 'a/mine'), { recursive: true });
  const stop = new AbortController();
  const events: LiveEvent[] = [];
  let asked = 0;
  const { from, to } = tree;
  const start: StartProgram = (command, io) => {
    asked++;
    return tree.start(command, io);
  };
  const index = `${to}.index`;
  const keep = new PullKeep({
    tree: { mode: 'pull', from, to, on: ['one'], owner: 'root', exclude: [] },
    connectable: () => new PullTree({ from, to, exclude: [], index, start, signal: stop.signal }),
    ...{ signal: stop.signal, onEvent: (event) => events.push(event) },
  });
  const kept = keep.keep();
  const until = (what: () => boolean): Promise<unknown> =>
    poll(() => (what() ? true : undefined), {
      timeoutMs: 20_000,
      onTimeout: () => new Error(`told only: ${JSON.stringify(events)}`),
    });
  try {
    await until(() => events.length > 0);
    const reason = 'on this host: a folder that is not empty is in the way';
    expect(keep.state).toMatchObject({ connected: true, refused: 1 });
    expect(keep.state.refusals).toEqual([{ path: 'a', reason }]);
    rmSync(join(tree.to, 'a/mine'), { recursive: true });
    await until(() => keep.state.refused === 0);
    expect(readFileSync(join(to, 'a'), 'utf8')).toBe('a');
    // What is wrong is told once.
    rmSync(from, { recursive: true });
    await until(() => keep.state.problem !== undefined);
    expect(events.map(({ kind }) => kind)).toEqual(['pulled', 'pulled', 'lost']);
    expect(asked).toBe(1);
  } finally {
    stop.abort();
    await kept;
  }
});
