import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { LabSpec } from '../lab-file/spec.ts';
import { formatClock, logFormatter } from './format-log.ts';

test('each line has its time, machine and daemon', () => {
  const lab = {
    machines: [{ name: 'one' }, { name: 'three' }],
    daemons: [{ name: 'api', on: ['one', 'three'] }],
  } as unknown as LabSpec;
  const format = logFormatter(lab, ['api'], undefined);
  const now = new Date().setHours(14, 5, 3, 120);
  const message = Buffer.from('first\nsecond\n');
  const entry = { machine: 'one', daemon: 'api', atUs: now * 1000, pid: 1, priority: 6, message };
  expect(stripVTControlCharacters(format({ ...entry, bySystemd: false, cursor: '' }))).toBe(
    '14:05:03 one   api | first\n14:05:03 one   api | second\n',
  );
});

test('of another day the date is told', () => {
  const then = new Date(2026, 10, 25, 23, 59, 59).getTime();
  expect(formatClock(then, then + 500)).toBe('23:59:59');
  expect(formatClock(then, then + 5000)).toBe('2026-11-25 23:59:59');
});
