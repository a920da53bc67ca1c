// `skerry hack` in two machines: what is saved is built, sent and run; what does not run is rolled back.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { poll } from '../../packages/skerry/src/util/poll.ts';
import { type Running, SKERRY } from './support/cli.ts';
import { ASK, type HackLine, outcomeOf, SERVER, through } from './support/hack.ts';
import { testLab, type TestLab } from './support/lab.ts';

const config = {
  name: 'hack',
  image: 'debian-12',
  memory: 256,
  tree: [
    { from: '.', to: '/srv/src', exclude: ['skerry.config.json'] },
    { from: '/srv/made', to: 'made', mode: 'pull', on: 'two' },
  ],
  machines: { one: { primary: true }, two: {} },
  daemons: {
    // Built here.
    server: {
      command: 'exec perl out/server.pl',
      build: 'sh build.sh',
      watch: ['src/**', 'build.sh'],
      ready: { tcp: 8080, timeout: 30 },
    },
    // Built in a machine; in the other one it runs what comes by way of this host.
    tool: {
      on: 'one',
      command: 'cat made/tool; exec sleep 1000000',
      build: {
        command: 'mkdir -p /srv/made; tr a-z A-Z < tool.txt > /srv/made/tool',
        on: 'two',
        cwd: '/srv/src',
      },
      watch: ['tool.txt'],
      dependsOn: ['server'],
      ready: { exec: 'test -s /srv/src/made/tool', timeout: 30 },
    },
  },
};

let lab: TestLab;
let hack: Running;
const path = (...parts: string[]): string => join(lab.dir, ...parts);
const serve = (word: string): Promise<void> => writeFile(path('src', 'word'), word);
const ask = (machine: string): Promise<string> =>
  lab.ok(['exec', '--on', machine, '--', 'perl', '-e', ASK]);
const pidOf = (daemon: string, machine: string): Promise<string> =>
  lab.ok(['exec', '--on', machine, '--', 'systemctl', 'show', '-P', 'MainPID', `skerry-${daemon}`]);

/** Does something, and gives what hack said of it. */
const change = (work: () => Promise<unknown>): Promise<HackLine[]> => through(hack, work);

beforeAll(async () => {
  lab = await testLab(config);
  await mkdir(path('src'));
  await serve('first');
  await writeFile(path('tool.txt'), 'loud\n');
  await writeFile(path('src', 'server.pl'), SERVER);
  await writeFile(
    path('build.sh'),
    'set -e; mkdir -p out; grep -q broken src/word && { echo "src/word: no such word" >&2; exit 3; }\nsed "s/WORD/$(cat src/word)/" src/server.pl > out/new; mv out/new out/server.pl\n',
  );
  await lab.ok(['up']);
  hack = lab.start(['hack', '--json']);
});
afterAll(async () => {
  hack.child.kill('SIGINT');
  await hack.ended;
  await lab[Symbol.asyncDispose]();
});

test('at its start all is built, here and in a machine, and the daemons run', async () => {
  const said = await change(() => Promise.resolve());
  expect(outcomeOf(said)).toBe('started');
  expect(await Promise.all([ask('one'), ask('two')])).toEqual(['first\n', 'first\n']);
  expect(await readFile(path('made', 'tool'), 'utf8')).toBe('LOUD\n');
  expect(await lab.ok(['daemons', 'logs', 'tool', '-n', '5'])).toContain('LOUD');
});

test('what is saved runs in all machines; a daemon that is not made of it is left alone', async () => {
  const tool = await pidOf('tool', 'one');
  const said = await change(() => serve('second'));
  expect(outcomeOf(said)).toBe('runs');
  expect(said.find(({ kind }) => kind === 'change')?.paths).toContain('src/word');
  const restarted = said.flatMap(({ result }) =>
    result ? `${result.daemon} ${result.machine}` : [],
  );
  expect(restarted.sort()).toEqual(['server one', 'server two']);
  expect(await Promise.all([ask('one'), ask('two')])).toEqual(['second\n', 'second\n']);
  expect(await pidOf('tool', 'one')).toBe(tool);
});

test('a file that no daemon is made of is sent, and nothing is restarted', async () => {
  const pid = await pidOf('server', 'one');
  expect(outcomeOf(await change(() => writeFile(path('notes.md'), 'hello')))).toBe('sent');
  expect(await pidOf('server', 'one')).toBe(pid);
  expect(await lab.ok(['exec', '--on', 'two', '--', 'cat', '/srv/src/notes.md'])).toBe('hello');
});

test('where the build fails nothing is sent, and its words are shown', async () => {
  const said = await change(() => serve('broken'));
  expect(outcomeOf(said)).toBe('failed');
  expect(said.find(({ kind }) => kind === 'build')).toMatchObject({
    error: 'exit code 3',
    output: expect.stringContaining('src/word: no such word'),
  });
  expect(await lab.ok(['exec', '--on', 'one', '--', 'cat', '/srv/src/src/word'])).toBe('second');
});

test('what does not run is rolled back in all machines, with the end of its log', async () => {
  const said = await change(() => serve('third"; die "on purpose'));
  expect(outcomeOf(said)).toBe('rolled-back');
  const failed = said.find(({ result, isRollBack }) => result?.error && !isRollBack);
  expect(failed?.result?.error?.message).toContain('on purpose');
  expect(await Promise.all([ask('one'), ask('two')])).toEqual(['second\n', 'second\n']);
  expect(await lab.ok(['exec', '--on', 'one', '--', 'cat', '/srv/src/src/word'])).toBe('second');
  // The host's file is the user's.
  expect(await readFile(path('src', 'word'), 'utf8')).toContain('on purpose');
  expect(outcomeOf(await change(() => serve('fourth')))).toBe('runs');
  expect(await Promise.all([ask('one'), ask('two')])).toEqual(['fourth\n', 'fourth\n']);
});

test('a machine that was away gets its files and its daemons', async () => {
  await lab.ok(['halt', 'two']);
  await change(() => serve('fifth'));
  const said = await change(() => lab.ok(['up', 'two', '--no-provision']));
  expect(said.some(({ kind, machine }) => kind === 'machine' && machine === 'two')).toBe(true);
  await poll(
    async () =>
      (await lab.skerry(['exec', '--on', 'two', '--', 'perl', '-e', ASK])).stdout === 'fifth\n'
        ? true
        : undefined,
    {
      timeoutMs: 60_000,
      onTimeout: () => new Error(`two does not serve it: ${hack.said.stdout}`),
    },
  );
});

test('printing into a file of the tree, it does not see its own lines as changes', async () => {
  hack.child.kill('SIGINT');
  await hack.ended;
  const log = await open(path('hack.log'), 'w');
  const child = spawn(process.execPath, [SKERRY, 'hack', '--json'], {
    ...{ cwd: lab.dir, env: { ...process.env, ...lab.env } },
    stdio: ['ignore', log.fd, log.fd],
  });
  const said = (): Promise<string> => readFile(path('hack.log'), 'utf8');
  const has = (word: string): Promise<true> =>
    poll(async () => ((await said()).includes(word) ? true : undefined), {
      timeoutMs: 60_000,
      onTimeout: () => new Error(`no ${word}`),
    });
  await has('"outcome":"started"');
  await writeFile(path('notes.md'), 'into a file');
  await has('"outcome":"sent"');
  await writeFile(path('notes.md'), 'once more');
  // If its own lines were changes, each would bring the next, and there would be no second without one.
  let before = '';
  await poll(
    async () => {
      const now = await said();
      if (now === before) return now.split('"outcome":"sent"').length > 2 ? true : undefined;
      before = now;
      return undefined;
    },
    { intervalMs: 1000, timeoutMs: 60_000, onTimeout: () => new Error(`no end of: ${before}`) },
  );
  child.kill('SIGINT');
  await once(child, 'exit');
  await log.close();
  expect(await said()).not.toContain('hack.log');
  hack = lab.start(['hack', '--json']);
  await hack.heard(/"outcome":"started"/);
});

test('after Ctrl-C the daemons and the trees go on', async () => {
  hack.child.kill('SIGINT');
  expect((await hack.ended).code).toBe(0);
  expect(await ask('one')).toBe('fifth\n');
  await writeFile(path('notes.md'), 'live');
  await lab.ok(['sync']);
  expect(await lab.ok(['exec', '--on', 'one', '--', 'cat', '/srv/src/notes.md'])).toBe('live');
  await lab.destroyWhole();
});
