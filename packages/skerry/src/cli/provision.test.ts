import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import { SkerryError } from '../util/errors.ts';
import { formatProvision } from './provision.ts';

test('a line for each provisioner and machine, what it changed, and how many failed', () => {
  const error = new SkerryError('GUEST_LOST', { data: { machine: 'two' } });
  const text = formatProvision({
    steps: [
      {
        ...{ machine: 'one', provisioner: 'site', why: 'asked', durationMs: 1234, changed: 2 },
        summary: '2 resources changed',
        changes: [
          { what: 'File[/etc/motd]', place: 'puppet/manifests/default.pp:3' },
          { what: 'Exec[ldconfig]' },
        ],
      },
      { machine: 'two', provisioner: 'site', why: 'new', durationMs: 60, error },
    ],
    errors: [error],
    elapsedMs: 2000,
  });
  expect(stripVTControlCharacters(text)).toMatchInlineSnapshot(`
    "MACHINE  PROVISIONER  RESULT               TIME
    one      site         2 resources changed  1.2 s
    two      site         failed               0.1 s
      one: File[/etc/motd] (puppet/manifests/default.pp:3)
      one: Exec[ldconfig]
    1 failed, 1 done in 2.0 s."
  `);
});

test('nothing to run', () => {
  expect(formatProvision({ steps: [], errors: [], elapsedMs: 0 })).toBe('No provisioner to run.');
});
