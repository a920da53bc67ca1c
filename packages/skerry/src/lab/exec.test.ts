import { expect, test } from 'vitest';
import { SkerryError } from '../util/errors.ts';
import { type MachineExecResult, worstExitCode } from './exec.ts';

const ended = (exitCode?: number, signal?: string): MachineExecResult => ({
  machine: 'one',
  durationMs: 1,
  via: 'channel',
  exitCode,
  signal,
});
const off: MachineExecResult = {
  machine: 'two',
  durationMs: 1,
  via: 'channel',
  error: new SkerryError('MACHINE_OFF', { data: { machine: 'two' } }),
};

test.each([
  ['nothing', [], 0],
  ['all well', [ended(0), ended(0)], 0],
  ['one not', [ended(0), ended(3), ended(1)], 3],
  ['one killed', [ended(3), ended(undefined, 'SIGTERM')], 143],
  ['a signal without a name', [ended(undefined, 'signal 40')], 128],
  ['one not running', [ended(0), off], 4],
])('the exit code of %s', (_, results, code) => {
  expect(worstExitCode(results)).toBe(code);
});
