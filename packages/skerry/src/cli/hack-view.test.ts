import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { HackEvent } from '../lab/hack-event.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { formatHackEvent } from './format-hack.ts';
import { HackScreen } from './hack-screen.ts';
import { eachTenth, onceWhileWritten } from './hack-view.ts';

/** Without the time of day. */
const lines = (event: HackEvent): string[] =>
  formatHackEvent(event).map((line) => stripVTControlCharacters(line).replace(/^[\d:]{8} {2}/, ''));
const end = (
  outcome: (HackEvent & { kind: 'end' })['outcome'],
  away: string[] = [],
): HackEvent => ({
  ...{ kind: 'end', outcome, durationMs: 1400, away, held: [] },
});
const wait: HackEvent = {
  ...{ kind: 'wait', daemon: 'api', machine: 'one', leftMs: 26_400 },
  detail: 'waiting for port 8080: Connection refused',
};
const ready: HackEvent = {
  ...{ kind: 'daemon', isRollBack: false },
  result: { daemon: 'api', machine: 'one', how: 'stale', durationMs: 900 },
};
const failed: HackEvent = {
  ...{ kind: 'daemon', isRollBack: false },
  result: {
    ...{ daemon: 'api', machine: 'one', how: 'restarted', durationMs: 900 },
    error: new SkerryError('DAEMON_ENDED', {
      data: { daemon: 'api', machine: 'one', reason: 'ended', log: '\n  no such word' },
    }),
  },
};

const labOf = (...names: string[]): LabSpec =>
  ({
    name: 'demo',
    fork: undefined,
    machines: names.map((name) => ({ name })),
  }) as unknown as LabSpec;

test('a change is named, and what is tried again with it', () => {
  expect(
    lines({ kind: 'change', paths: ['a', 'b', 'c', 'd'], removed: [], again: [], failed: [] }),
  ).toEqual(['a, b, c and 1 more saved']);
  const again = { kind: 'change', paths: ['a'], removed: [], again: ['b', 'c'] } as const;
  expect(lines({ ...again, failed: ['b'] })).toEqual([
    'a, c saved, with b, which did not run before',
  ]);
  expect(lines({ ...again, failed: [] })).toEqual(['a, b, c saved']);
  expect(lines({ ...again, removed: ['c'], failed: ['b'] })).toEqual([
    'a saved, c removed, with b, which did not run before',
  ]);
  expect(
    lines({ kind: 'change', paths: ['a', 'b'], removed: ['b'], again: [], failed: [] }),
  ).toEqual(['a saved, b removed']);
  expect(lines({ kind: 'change', paths: ['b'], removed: ['b'], again: [], failed: [] })).toEqual([
    'b removed',
  ]);
});

test.each<[HackEvent, string]>([
  [end('started'), 'all daemons run'],
  [{ ...end('started'), came: ['two'] } as HackEvent, 'all daemons run in two'],
  [end('runs'), 'all run it, 1.4 s after it was saved'],
  [end('started', ['two']), 'all daemons run; two away'],
  [end('runs', ['two']), 'all run it, 1.4 s after it was saved; two gets it when it is there'],
  [end('sent'), 'in all machines, 1.4 s after it was saved'],
  [end('on-its-way'), 'on its way: no daemon is made of it, and nothing waits for it'],
  [end('waits', ['one']), 'it waits: one gets it when it is there'],
  [end('waits', ['one', 'two']), 'it waits: one, two get it when they are there'],
  [wait, 'api on one: waiting for port 8080: Connection refused, 27 s left'],
  [end('failed'), 'it does not run: mend it and save again'],
  [end('rolled-back'), 'rolled back: the files from before run again'],
  [end('broken-off'), 'broken off: something newer was saved'],
  [ready, 'one  api restarted, for it was older than its files, ready in 0.9 s'],
])('%j in a log', (event, text) => {
  expect(lines(event)).toEqual([text]);
});

test('the screen has machines, daemons, what happened last, and what is wrong until the next change', () => {
  const lab = { name: 'demo', fork: undefined, machines: [{ name: 'one' }, { name: 'two' }] };
  const screen = new HackScreen(lab as unknown as LabSpec, ['api']);
  const draw = (): string => stripVTControlCharacters(screen.draw(30).join('\n'));
  expect(draw()).toContain('… starting');
  screen.take({ kind: 'machine', machine: 'one', isThere: true, reason: '' });
  screen.take({ kind: 'machine', machine: 'two', isThere: false, reason: 'it is off' });
  screen.take({ kind: 'change', paths: ['a'], removed: [], again: [], failed: [] });
  screen.take(failed);
  expect(draw()).toMatch(/one +in step +failed/);
  expect(draw()).toMatch(/two +away: it is off +-/);
  expect(draw()).toContain('| ');
  screen.take(end('rolled-back'));
  expect(draw()).toContain('no such word');
  expect(draw()).toContain('waiting for a change');
  screen.take({ kind: 'change', paths: ['a'], removed: [], again: [], failed: [] });
  expect(draw()).not.toContain('no such word');
  expect(draw()).toContain('… a: sending');
});

test('of a large file on its way each tenth is a line, and that it is there', () => {
  const isNews = eachTenth();
  const sending = (bytes: number): HackEvent => ({
    ...{ kind: 'sending', machine: 'one', path: 'big.bin', bytes, of: 1000 },
  });
  const said = [12, 13, 90, 210, 215, 290, 300, 1000]
    .map(sending)
    .filter(isNews)
    .flatMap((event) => lines(event));
  expect(said.map((line) => line.replace('one  ', ''))).toEqual([
    'sending big.bin 1 %',
    'sending big.bin 21 %',
    'sending big.bin 30 %',
    'big.bin is there, 1000 bytes',
  ]);
});

test('a daemon that is restarted is not ready, and the last screen does not say that it goes on', () => {
  const lab = { name: 'demo', fork: undefined, machines: [{ name: 'one' }] };
  const screen = new HackScreen(lab as unknown as LabSpec, ['api']);
  const draw = (): string => stripVTControlCharacters(screen.draw(30).join('\n'));
  screen.take(ready);
  expect(draw()).toMatch(/one .*ready/);
  screen.take({ kind: 'restart', daemons: ['api'], machines: ['one'] });
  expect(draw()).toMatch(/one .*restarting/);
  screen.end();
  expect(draw()).not.toContain('restarting');
  expect(draw()).toMatch(/not seen to be ready[^]*ended$/);
});

test('the screen says what is held back, until all of it runs or the machine has it', () => {
  const screen = new HackScreen(labOf('one', 'two'), ['api']);
  const draw = (): string => stripVTControlCharacters(screen.draw(30).join('\n'));
  for (const machine of ['one', 'two'])
    screen.take({ kind: 'machine', machine, isThere: true, reason: '' });
  const held = ['one', 'two'].map((machine) => ({ machine, paths: ['server.pl'] }));
  screen.take({ ...(end('rolled-back') as HackEvent & { kind: 'end' }), held });
  expect(draw()).toMatch(/one +held back: server\.pl/);
  screen.take({ kind: 'machine', machine: 'two', isThere: false, reason: 'it is off' });
  expect(draw()).toMatch(/two +away: it is off/);
  screen.take({ kind: 'machine', machine: 'two', isThere: true, reason: '' });
  expect(draw()).toMatch(/two +in step/);
  screen.take(end('runs'));
  expect(draw()).toMatch(/one +in step/);
});

test('daemons of a machine that is away are not said to be ready', () => {
  const screen = new HackScreen(labOf('one'), ['api']);
  const draw = (): string => stripVTControlCharacters(screen.draw(30).join('\n'));
  screen.take(ready);
  screen.take({ kind: 'machine', machine: 'one', isThere: false, reason: 'it is off' });
  expect(draw()).toMatch(/one +away: it is off +-/);
  screen.take({ kind: 'machine', machine: 'one', isThere: true, reason: '' });
  expect(draw()).toMatch(/one +in step +-/);
});

test('while a daemon gets ready the screen says what it waits for, and how long yet', () => {
  const screen = new HackScreen(labOf('one', 'two'), ['api']);
  const draw = (): string => stripVTControlCharacters(screen.draw(30).join('\n'));
  screen.take(wait);
  expect(draw()).toContain('… api on one: waiting for port 8080: Connection refused, 27 s left');
  screen.take({ ...wait, machine: 'two' });
  expect(draw()).toContain('s left; 1 more');
  screen.take(ready);
  expect(draw()).toContain('… api on two: waiting');
  screen.take(end('runs'));
  expect(draw()).not.toContain('waiting for port');
});

test('a large file that is being written is told once, and again when something else comes of it', () => {
  const once = onceWhileWritten();
  const saved = (...paths: string[]): HackEvent => ({
    ...{ kind: 'change', paths, removed: [], again: [], failed: [] },
  });
  let now = 0;
  const told = (event: HackEvent): string[] =>
    once(event, (now += 1000)).map((each) => (each.kind === 'end' ? each.outcome : each.kind));
  expect(told(saved('big'))).toEqual(['change']);
  expect(told(end('on-its-way'))).toEqual(['on-its-way']);
  for (let times = 0; times < 3; times++) {
    expect(told(saved('big'))).toEqual([]);
    expect(told({ kind: 'push', machine: 'one', changes: 0, bytes: 0 })).toEqual(['push']);
    expect(told(end('on-its-way'))).toEqual([]);
  }
  expect(told(saved('big'))).toEqual([]);
  expect(told(end('failed'))).toEqual(['change', 'failed']);
  expect(told(saved('big'))).toEqual(['change']);
  expect(told(end('on-its-way'))).toEqual(['on-its-way']);
  expect(told(saved('big', 'small'))).toEqual(['change']);
  now += 20_000;
  expect(told(saved('big', 'small'))).toEqual(['change']);
});
