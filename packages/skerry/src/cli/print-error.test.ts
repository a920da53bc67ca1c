import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { LibvirtError } from '@skerry/libvirt';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { SkerryError, SkerryErrors } from '../util/errors.ts';
import { printError } from './print-error.ts';

let said = { stdout: '', stderr: '' };
beforeEach(() => {
  said = { stdout: '', stderr: '' };
  vi.spyOn(console, 'log').mockImplementation((text: string) => {
    said.stdout += `${text}\n`;
  });
  vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
    said.stderr += stripVTControlCharacters(String(text));
    return true;
  });
});
afterEach(() => vi.restoreAllMocks());

const text = { json: false, debug: false };
const off = new SkerryError('MACHINE_OFF', { data: { machine: 'one' } });
const placed = new SkerryError('LAB_MACHINES_NONE', {
  field: 'machines',
  place: { file: join(process.cwd(), 'skerry.config.yaml'), line: 3, column: 7 },
});

test('an error says what failed and what to do, and asks for its exit code', () => {
  expect(printError(off, text)).toBe(4);
  expect(said).toEqual({
    stdout: '',
    stderr: 'error: one is not running\nhint: start it with: skerry up one\n',
  });
});

test('an error in a file begins with its place, as editors read it', () => {
  printError(placed, text);
  expect(said.stderr).toMatch(/^skerry\.config\.yaml:3:7: error: /);
});

test('several are all printed; the worst decides the exit code', () => {
  expect(printError(new SkerryErrors([placed, off]), text)).toBe(4);
  expect(said.stderr.match(/^hint: /gm)).toHaveLength(2);
});

test('what is the same in several machines is said once', () => {
  const failed = (machine: string, reason: string): SkerryError =>
    new SkerryError('EXEC_FAILED', { data: { machine, reason } });
  const errors = [
    ...[failed('one', '/srv/one is full'), failed('none', '/srv/one is full')],
    ...[failed('four', 'no answer'), failed('two-one', '/srv/one is full')],
    ...[failed('a', 'a does not answer'), failed('b', 'b does not answer')],
  ];
  printError(new SkerryErrors(errors), text);
  expect(said.stderr.replaceAll(/^hint: .*\n/gm, '')).toBe(
    [
      'error: the command did not run on one: /srv/one is full',
      '  the same on none, two-one',
      'error: the command did not run on four: no answer',
      'error: the command did not run on a: a does not answer',
      '  the same on b',
      '',
    ].join('\n'),
  );
});

test('what failed in several machines is to be repeated in all of them', () => {
  const failed = (machine: string): SkerryError =>
    new SkerryError('PROVISION_FAILED', { data: { machine, provisioner: 'base', reason: 'x' } });
  printError(failed('one'), text);
  expect(said.stderr).toContain('then: skerry provision --only base one; look');
  printError(new SkerryErrors([failed('one'), failed('two')]), text);
  expect(said.stderr).toContain('then: skerry provision --only base one two; look');
});

test('--json prints them as data on stdout and nothing else', () => {
  expect(printError(new SkerryErrors([placed, off]), { json: true, debug: false })).toBe(4);
  expect(said.stderr).toBe('');
  expect(JSON.parse(said.stdout)).toMatchObject({
    errors: [
      { code: 'LAB_MACHINES_NONE', field: 'machines', place: { line: 3, column: 7 } },
      { code: 'MACHINE_OFF', data: { machine: 'one' }, hint: 'start it with: skerry up one' },
    ],
  });
});

test.each([
  ['a full disk', Object.assign(new Error('write'), { code: 'ENOSPC' }), 'DISK_FULL', 1],
  [
    'an error of libvirt',
    Object.assign(Object.create(LibvirtError.prototype) as Error, { name: 'LibvirtError' }),
    'LIBVIRT',
    1,
  ],
  ['anything else', new TypeError('x is undefined'), 'INTERNAL', 1],
  ['no error at all', 'words', 'INTERNAL', 1],
])('%s is reported under a code of the table', (_, error, code, exit) => {
  expect(printError(error, { json: true, debug: false })).toBe(exit);
  expect(JSON.parse(said.stdout)).toMatchObject({ errors: [{ code }] });
});

test('an interrupt is no error: it says what becomes of what was begun', () => {
  expect(printError(new DOMException('up goes on from there', 'AbortError'), text)).toBe(130);
  expect(said.stderr).toBe('interrupted: up goes on from there\n');
  const wrapped = new DOMException('aborted', { name: 'AbortError', cause: new Error('') });
  said.stderr = '';
  printError(wrapped, text);
  expect(said.stderr).toBe('interrupted\n');
});

test('--debug adds the stack with its causes', () => {
  const error = new SkerryError('INTERNAL', {
    data: { detail: 'x' },
    cause: new Error('the cause'),
  });
  printError(error, { json: false, debug: true });
  expect(said.stderr).toMatch(/at .*print-error\.test\.ts[\s\S]*caused by: Error: the cause/);
});
