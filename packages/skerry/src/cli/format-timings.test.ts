import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { formatTimings } from './format-timings.ts';

test('each provisioner has its name, and who hardly waited has not waited', () => {
  const timings = [
    { machine: 'one', phase: 'provision', subject: 'base', startMs: 10, durationMs: 50 },
    { machine: 'one', phase: 'wait', subject: 'two', startMs: 5, durationMs: 5 },
    { machine: 'one', phase: 'provision', subject: 'app', startMs: 60, durationMs: 40 },
    { machine: 'two', phase: 'wait', subject: 'one', startMs: 0, durationMs: 100 },
  ] as const;
  const text = stripVTControlCharacters(formatTimings({ timings, elapsedMs: 100 }));
  const rows = text.split('\n').map((row) => row.replace(/ ms.*/, ' ms').replaceAll(/ +/g, ' '));
  expect(rows.slice(2)).toEqual([
    'one provision base 50 ms',
    'one provision app 40 ms',
    'two wait one 100 ms',
  ]);
});
