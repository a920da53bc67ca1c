// `skerry hack` and what comes at the wrong moment: saves before it is ready and while it tries, old daemons, another hack.
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { poll } from '../../packages/skerry/src/util/poll.ts';
import type { Running } from './support/cli.ts';
import { ASK, type HackLine, linesOf, outcomeOf, SERVER, through } from './support/hack.ts';
import { testLab, type TestLab } from './support/lab.ts';

/** Longer than any test waits for: who sits it out fails. */
const READY_S = 100;
const config = {
  name: 'hack-attempts',
  image: 'debian-12',
  memory: 256,
  tree: { from: '.', to: '/srv/src', exclude: ['skerry.config.json', 'slow'] },
  machines: { one: { primary: true } },
  daemons: {
    server: {
      command: 'exec perl out/server.pl',
      // The host's file `slow` holds a build up once it has read its sources.
      build:
        'mkdir -p out; cp src/server.pl out/new; mv out/new out/server.pl; while test -e slow; do sleep 0.1; done',
      watch: ['src/**'],
      ready: { tcp: 8080, timeout: READY_S },
    },
    plain: { command: 'cat plain.txt; exec sleep 1000000', watch: ['plain.txt'] },
  },
};

let lab: TestLab;
let hack: Running;
const path = (...parts: string[]): string => join(lab.dir, ...parts);
const serve = (word: string): Promise<void> =>
  writeFile(path('src', 'server.pl'), SERVER.replace('WORD', word));
/** Runs, and is never ready. */
const deaf = (): Promise<void> => writeFile(path('src', 'server.pl'), 'sleep 1 while 1');
const ask = (): Promise<string> => lab.ok(['exec', '--', 'perl', '-e', ASK]);
const log = (): Promise<string> => lab.ok(['daemons', 'logs', 'plain', '-n', '1']);
const start = (): void => {
  hack = lab.start(['hack', '--json']);
};
const end = async (): Promise<void> => {
  hack.child.kill('SIGINT');
  await hack.ended;
};
/** Until something of what it says, after so many lines, is so. */
const until = (is: (line: HackLine) => boolean, after = 0): Promise<true> =>
  poll(() => (linesOf(hack).slice(after).some(is) ? true : undefined), {
    timeoutMs: 60_000,
    onTimeout: () => new Error(`it did not say so: ${hack.said.stdout}${hack.said.stderr}`),
  });
/** Until a build has read a source with that word. */
const isBuilt = (word: string): Promise<true> =>
  poll(
    async () =>
      (await readFile(path('out', 'server.pl'), 'utf8').catch(() => '')).includes(`"${word}"`)
        ? true
        : undefined,
    {
      timeoutMs: 60_000,
      onTimeout: () => new Error(`not built: ${hack.said.stdout}${hack.said.stderr}`),
    },
  );

beforeAll(async () => {
  lab = await testLab(config);
  await mkdir(path('src'));
  await mkdir(path('out'));
  await serve('first');
  await writeFile(path('out', 'server.pl'), SERVER);
  await writeFile(path('plain.txt'), 'plain one\n');
  await lab.ok(['up']);
  await lab.ok(['daemons', 'start']);
});
afterAll(async () => {
  await end();
  await lab[Symbol.asyncDispose]();
});

test('daemons that are older than their files are restarted when it begins', async () => {
  await writeFile(path('plain.txt'), 'plain two\n');
  await lab.ok(['sync']);
  expect(await log()).toContain('plain one');
  start();
  const said = await through(hack, () => Promise.resolve());
  expect(outcomeOf(said)).toBe('started');
  expect(said.find(({ result }) => result?.daemon === 'plain')?.result?.how).toBe('stale');
  expect(await log()).toContain('plain two');
  expect(await ask()).toBe('first\n');
  await end();
});

test('those that are not are left alone', async () => {
  start();
  const said = await through(hack, () => Promise.resolve());
  expect(said.find(({ result }) => result?.daemon === 'plain')?.result?.how).toBe('kept');
  await end();
});

test('what is saved before it is ready is tried as any other', async () => {
  await writeFile(path('slow'), '');
  await rm(path('out', 'server.pl'));
  start();
  await isBuilt('first');
  await serve('early');
  await writeFile(path('plain.txt'), 'plain three\n');
  await rm(path('slow'));
  // On a busy machine the guest may come after it.
  const hasWaited = (): boolean => linesOf(hack).some(({ outcome }) => outcome === 'waits');
  await until(({ outcome }) => outcome === 'runs' || (outcome === 'started' && hasWaited()));
  expect(linesOf(hack).find(({ kind }) => kind === 'change')?.paths).toEqual(
    expect.arrayContaining(['src/server.pl', 'plain.txt']),
  );
  expect(await ask()).toBe('early\n');
  expect(await log()).toContain('plain three');
});

test('a save breaks off an attempt that waits', async () => {
  await through(hack, () => serve('good'), 'runs');
  const pushed = async (): Promise<void> => {
    await deaf();
    await until(({ kind }) => kind === 'push', linesOf(hack).length);
  };
  await pushed();
  const began = performance.now();
  const said = await through(hack, () => serve('mended'), 'runs');
  expect(performance.now() - began).toBeLessThan((READY_S / 2) * 1000);
  expect(said.map((line) => line.outcome)).toContain('broken-off');
  expect(await ask()).toBe('mended\n');
});

test('a save breaks off a build', async () => {
  await writeFile(path('slow'), '');
  await serve('typo');
  await isBuilt('typo');
  await through(hack, () => serve('right'), 'broken-off');
  await isBuilt('right');
  await through(hack, () => rm(path('slow')), 'runs');
  expect(await ask()).toBe('right\n');
});

test('what does not run is held back, and sync and status say so', async () => {
  const broken = SERVER.replace('WORD', 'x"; die "on purpose');
  await through(hack, () => writeFile(path('src', 'server.pl'), broken), 'rolled-back');
  const sync = await lab.skerry(['sync']);
  expect(sync.stdout).toMatch(/held back by skerry hack: .*src\/server\.pl/);
  expect(sync.code).toBe(1);
  expect((await lab.skerry(['sync', '--check'])).code).toBe(1);
  expect(await lab.ok(['status'])).toMatch(/held back by skerry hack: .*src\/server\.pl/);
  // Another save does not smuggle it in.
  const said = await through(hack, () => writeFile(path('plain.txt'), 'plain four\n'));
  expect(said[0]).toMatchObject({ paths: ['plain.txt'], again: ['src/server.pl'] });
  expect(said[0]?.failed).toEqual(['src/server.pl']);
  expect(said.find(({ outcome }) => outcome === 'rolled-back')?.held).toEqual([
    { machine: 'one', paths: expect.arrayContaining(['src/server.pl']) },
  ]);
  expect(outcomeOf(said)).toBe('rolled-back');
  expect(await ask()).toBe('right\n');
  expect(outcomeOf(await through(hack, () => serve('whole')))).toBe('runs');
  expect(await log()).toContain('plain four');
  expect(await lab.ok(['sync'])).toContain('up to date');
});

test('a second hack is refused by name, and sync --watch looks on, also when hack is killed', async () => {
  const second = await lab.skerry(['hack', '--plain']);
  expect(second.code).toBe(4);
  expect(second.stderr).toContain(`process ${hack.child.pid}`);
  const watch = lab.start(['sync', '--watch']);
  await watch.heard(new RegExp(`skerry hack \\(process ${hack.child.pid}\\)`));
  await through(hack, () => serve('shown'), 'runs');
  await watch.heard(/one:\/srv\/src .*server\.pl/);
  await end();
  // The process in the background goes on with it.
  await watch.heard(/: changes go to one/);
  await writeFile(path('plain.txt'), 'plain five\n');
  await watch.heard(/plain\.txt/);
  start();
  await until(({ outcome }) => outcome === 'started');
  await watch.heard(new RegExp(`skerry hack \\(process ${hack.child.pid}\\)`));
  hack.child.kill('SIGKILL');
  await hack.ended;
  expect((await watch.ended).stderr).toContain('nobody keeps the trees');
  start();
  await until(({ outcome }) => outcome === 'started');
  expect(outcomeOf(await through(hack, () => serve('after')))).toBe('runs');
  expect(await ask()).toBe('after\n');
});

test('a snapshot that is restored gets the files of now, and its daemons run them', async () => {
  await lab.ok(['snapshot', 'save', 'before']);
  await through(hack, () => serve('later'), 'runs');
  const said = await through(hack, () => lab.ok(['snapshot', 'restore', 'before']), 'started');
  expect(said.find(({ result }) => result?.daemon === 'server')?.result?.how).toBe('stale');
  expect(await ask()).toBe('later\n');
});

test('it ends with the lab, and says how', async () => {
  await lab.ok(['suspend']);
  await hack.ended;
  expect(linesOf(hack).at(-1)?.text).toContain('is suspended');
  await lab.destroyWhole();
});
