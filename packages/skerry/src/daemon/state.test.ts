import { expect, test } from 'vitest';
import type { DaemonSpec } from '../lab-file/spec-sync.ts';
import { formatExit, stateOf, whyDead } from './describe.ts';
import { parseEvent, type UnitState } from './state.ts';

const signalName = (number: number): string => `signal ${number}`;

function stateFrom(fields: string): UnitState {
  const event = parseEvent(`state\tskerry-api.service\t${fields.replaceAll(' ', '\t')}`);
  if (!event || !('state' in event)) throw new Error('no state');
  return event.state;
}

test('a line of a state is read', () => {
  const line =
    'died=1 definition=abc ActiveEnterTimestamp=1764039262123456 ActiveState=active ExecMainCode=0 ExecMainStatus=0 LoadState=loaded MainPID=312 MemoryCurrent=4096 NRestarts=2 NeedDaemonReload=1 Result=success SubState=running';
  expect(parseEvent(`state\tskerry-api.service\t${line.replaceAll(' ', '\t')}`)).toEqual({
    kind: 'died',
    state: {
      unit: 'skerry-api.service',
      isOther: false,
      load: 'loaded',
      active: 'active',
      sub: 'running',
      isStale: true,
      definition: 'abc',
      pid: 312,
      sinceMs: 1_764_039_262_123,
      restarts: 2,
      memoryBytes: 4096,
      exit: undefined,
      result: 'success',
    },
  });
});

test('what systemd does not know is undefined', () => {
  const state = stateFrom('MainPID=0 MemoryCurrent=18446744073709551615 ActiveEnterTimestamp=0');
  expect(state).toMatchObject({ pid: undefined, memoryBytes: undefined, sinceMs: undefined });
});

test.each([
  [
    'did\ta.service\tstarted\tdone',
    { kind: 'did', unit: 'a.service', how: 'started', result: 'done' },
  ],
  [
    'did\ta.service\trestarted\tdone\t1795875219837736',
    { kind: 'did', unit: 'a.service', how: 'restarted', result: 'done', beganUs: 1795875219837736 },
  ],
  ['did\ta.service\tkept\tdone\t', { kind: 'did', unit: 'a.service', how: 'kept', result: 'done' }],
  [
    'refused\ta.service\tUnit a.service not found.',
    { kind: 'refused', unit: 'a.service', reason: 'Unit a.service not found.' },
  ],
  ['runs\ta.service', { kind: 'runs', unit: 'a.service' }],
  ['up\ta.service', { kind: 'up', unit: 'a.service' }],
  ['', undefined],
  ['something else', undefined],
])('the line %j is read', (line, event) => {
  expect(parseEvent(line)).toEqual(event);
});

test.each([
  ['ActiveState=active SubState=running', 'running'],
  ['ActiveState=activating SubState=start', 'starting'],
  ['ActiveState=activating SubState=auto-restart', 'restarting'],
  ['ActiveState=deactivating SubState=stop-sigterm', 'stopping'],
  ['ActiveState=failed SubState=failed', 'failed'],
  ['ActiveState=inactive SubState=dead', 'stopped'],
  ['LoadState=not-found ActiveState=inactive SubState=dead', 'stopped'],
])('%s is %s', (fields, expected) => {
  expect(stateOf(stateFrom(fields), false)).toBe(expected);
});

test('a unit that is not there is missing', () => {
  expect(stateOf(stateFrom('LoadState=not-found ActiveState=inactive'), true)).toBe('missing');
});

test.each([
  ['ExecMainCode=1 ExecMainStatus=3 Result=exit-code', 'exit code 3'],
  ['ExecMainCode=2 ExecMainStatus=9 Result=signal', 'signal 9'],
  ['ExecMainCode=2 ExecMainStatus=9 Result=oom-kill', 'signal 9, oom-kill'],
  ['ExecMainCode=1 ExecMainStatus=1 Result=start-limit-hit', 'exit code 1, start-limit-hit'],
  ['Result=resources', 'resources'],
])('%s is called %s', (fields, expected) => {
  expect(formatExit(stateFrom(fields), signalName)).toBe(expected);
});

test.each([
  ['ExecMainCode=1 ExecMainStatus=3 Result=exit-code', 'ended at once (exit code 3)'],
  ['ExecMainCode=1 ExecMainStatus=0 Result=success', 'ended at once (exit code 0)'],
  ['ActiveState=active Result=success', 'ended at once, and systemd has started it again'],
  [
    'ExecMainCode=1 ExecMainStatus=200 Result=exit-code',
    'cannot be started: its folder /nowhere cannot be entered (exit code 200)',
  ],
  [
    'ExecMainCode=1 ExecMainStatus=203 Result=exit-code',
    'cannot be started: its program serve cannot be run (exit code 203)',
  ],
  [
    'ExecMainCode=1 ExecMainStatus=217 Result=exit-code',
    'cannot be started: there is no user who (exit code 217)',
  ],
])('%s: it %s', (fields, expected) => {
  const spec = { command: ['serve'], cwd: '/nowhere', user: 'who' } as unknown as DaemonSpec;
  expect(whyDead(spec, stateFrom(fields), signalName)).toBe(expected);
});
