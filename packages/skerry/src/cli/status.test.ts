import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { DaemonStatus } from '../lab/daemon-status.ts';
import { type LabStatus, type MachineStatus, unprovisioned } from '../lab/status.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import { formatDaemons } from './format-daemons.ts';
import { formatStatus } from './status.ts';

const provision = [
  { name: 'web', run: 'once', on: ['one', 'two'] },
  { name: 'db', run: 'always', on: ['one'] },
  { name: 'by-hand', run: 'never', on: ['one', 'two'] },
] as unknown as LabSpec['provision'];

const machine = (name: string, provisioned: Readonly<Record<string, string>>): MachineStatus => {
  const mark = { lab: '', machine: name, image: '', facts: {}, provisioned };
  return {
    ...{ name, state: 'running', hostname: name, address: '10.0.0.2', memoryMiB: 512, cpus: 1 },
    ...{ image: 'debian-12', nested: false, primary: false, orphan: false },
    ...unprovisioned({ provision }, { name, running: true, mark }),
  };
};
const warnings = (status: Partial<LabStatus>): string[] => {
  const whole = { lab: 'a', network: { cidr: '10.0.0.0/24', domain: 'a.test' }, ...status };
  const text = formatStatus(whole as LabStatus, { trees: [] } as unknown as LabSpec);
  return stripVTControlCharacters(text)
    .split('\n')
    .filter((line) => line.startsWith('!'));
};

test('what has not been provisioned is named, with what to do', () => {
  expect(warnings({ machines: [machine('one', { db: 'h' }), machine('two', {})] })).toEqual([
    '! one is not provisioned: web did not run or failed. skerry provision one',
    '! two is not provisioned: web did not run or failed. skerry provision two',
  ]);
});

test('where all is well nothing is said of it', () => {
  const machines = [machine('one', { db: 'h', web: 'h' }), machine('two', { web: 'h' })];
  expect(machines.some((one) => 'unprovisioned' in one)).toBe(false);
  expect(warnings({ machines })).toEqual([]);
});

test('a restore that was interrupted is told', () => {
  expect(warnings({ machines: [], fork: 'try', halfRestored: 'before' })).toEqual([
    '! the restore of snapshot before was interrupted; to finish it: skerry up --lab try',
  ]);
});

test('while a command is at work, what is not done yet has not failed', () => {
  const since = new Date(Date.now() - 95_000).toISOString();
  const atWork = { command: 'up', pid: 4711, since };
  const machines = [machine('one', { db: 'h' })];
  expect(warnings({ machines, atWork, halfRestored: 'before' })).toEqual([
    '! skerry up is at work, for 1 min 35 s so far (process 4711)',
    '! one is not provisioned yet: web',
  ]);
});

const daemon = (
  name: string,
  machine: string,
  state: DaemonStatus['state'],
  lastExit?: string,
): DaemonStatus => ({
  ...{ daemon: name, machine, state, lastExit, unit: '', changed: false, orphan: false },
  ...{ pid: undefined, sinceMs: undefined, restarts: undefined, memoryBytes: undefined },
});

test('daemons have a line each, which says where they do not run', () => {
  const daemons = [
    ...['one', 'two', 'three'].map((machine) => daemon('api', machine, 'running')),
    daemon('db', 'one', 'running'),
    daemon('db', 'two', 'failed', 'exit code 3'),
    daemon('db', 'three', 'stopped'),
    daemon('web', 'two', 'silent'),
    daemon('old', 'two', 'stopped', 'exit code 0'),
  ];
  expect(formatDaemons(daemons, {}).map((line) => stripVTControlCharacters(line))).toEqual([
    'Daemon: api on 3 machines, running',
    'Daemon: db running on one, failed (exit code 3) on two, not started on three: skerry daemons logs db',
    'Daemon: web on two, no answer yet: skerry daemons status',
    'Daemon: old on two, stopped',
  ]);
});
