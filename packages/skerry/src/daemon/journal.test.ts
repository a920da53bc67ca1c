import { array, assert, nat, property, string } from 'fast-check';
import { expect, test } from 'vitest';
import { journalCommand, LineReader, parseEntry } from './journal.ts';

const UNITS = new Map([['skerry-api.service', 'api']]);
const entry = (fields: object) =>
  parseEntry(
    JSON.stringify({
      __CURSOR: 's=1',
      __REALTIME_TIMESTAMP: '1764039262123456',
      PRIORITY: '6',
      _PID: '312',
      _SYSTEMD_UNIT: 'skerry-api.service',
      MESSAGE: 'hello',
      ...fields,
    }),
    'one',
    UNITS,
  );

test('an entry is read', () => {
  expect(entry({})).toEqual({
    machine: 'one',
    daemon: 'api',
    atUs: 1_764_039_262_123_456,
    pid: 312,
    priority: 6,
    message: Buffer.from('hello'),
    bySystemd: false,
    cursor: 's=1',
  });
});

test('what systemd says of a daemon belongs to it', () => {
  const found = entry({ _SYSTEMD_UNIT: 'init.scope', UNIT: 'skerry-api.service', _PID: '1' });
  expect(found).toMatchObject({ daemon: 'api', bySystemd: true });
});

test.each([
  ['bytes that are not UTF-8', [104, 255, 105], Buffer.from([104, 255, 105])],
  ['several lines', 'one\ntwo', Buffer.from('one\ntwo')],
  ['several messages', ['one', [255]], Buffer.from([111, 110, 101, 10, 255])],
  ['nothing', null, Buffer.alloc(0)],
])('a message of %s', (_, MESSAGE, message) => {
  expect(entry({ MESSAGE })?.message).toEqual(message);
});

test.each([
  ['another unit', JSON.stringify({ _SYSTEMD_UNIT: 'ssh.service' })],
  ['no JSON', 'Failed to open journal'],
  ['half a line', '{"MESSAGE":"he'],
])('%s is no entry', (_, line) => {
  expect(parseEntry(line, 'one', UNITS)).toBeUndefined();
});

test('the command asks for the units, from a moment on', () => {
  const query = {
    units: ['a.service', 'b.service'],
    lines: 5,
    sinceUs: 1_764_039_262_000_456,
    follow: true,
  };
  expect(journalCommand(query).slice(7)).toEqual([
    ...['--unit', 'a.service', '--unit', 'b.service', '--lines=5'],
    ...['--since=@1764039262.000456', '--follow'],
  ]);
});

test('in brief it leaves out what systemd says when all is well', () => {
  expect(journalCommand({ units: ['a.service'], lines: 5, isBrief: true }).slice(7)).toEqual([
    ...['--lines=5', '_SYSTEMD_UNIT=a.service', '+', 'UNIT=a.service', '_PID=1'],
    ...[0, 1, 2, 3, 4, 5].map((priority) => `PRIORITY=${priority}`),
  ]);
});

test('lines are whole wherever the stream was cut', () => {
  assert(
    property(
      array(string({ unit: 'binary' }).map((text) => text.replaceAll('\n', ' '))),
      array(nat(40)),
      (lines, cuts) => {
        const whole = Buffer.from(lines.map((line) => `${line}\n`).join(''));
        const reader = new LineReader();
        const read: string[] = [];
        let at = 0;
        for (const cut of [...cuts, whole.length]) {
          read.push(...reader.push(whole.subarray(at, at + cut)));
          at += cut;
        }
        expect(read).toEqual(whole.toString('utf8').split('\n').slice(0, -1));
      },
    ),
  );
});
