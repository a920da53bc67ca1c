import { expect, test } from 'vitest';
import { SkerryError, SkerryErrors } from './errors.ts';

test('placeholders of message and hint are filled; one without a value stays visible', () => {
  const error = new SkerryError('MACHINE_UNKNOWN', { data: { lab: 'a', name: '$&' } });
  expect(error.message).toBe("the lab 'a' has no machine '$&'");
  expect(error.hint).toBe('{advice}');
});

test('zero is a value', () => {
  const error = new SkerryError('PROGRAM_FAILED', { data: { program: 'x', code: 0, reason: '' } });
  expect(error.message).toBe('x ended with code 0: ');
});

test('as data it has all a program needs, and only what is known', () => {
  const place = { file: '/f', line: 1, column: 2 };
  expect(JSON.parse(JSON.stringify(new SkerryError('NOT_CONFIRMED')))).toEqual({
    code: 'NOT_CONFIRMED',
    message: 'nothing was destroyed',
    hint: 'answer y, or add --yes',
    data: {},
  });
  expect(new SkerryError('LAB_MACHINES_NONE', { place, field: 'machines' }).toJSON()).toMatchObject(
    { place, field: 'machines' },
  );
});

test('the cause is kept', () => {
  const cause = new Error('below');
  expect(new SkerryError('LIBVIRT', { data: { detail: 'x' }, cause }).cause).toBe(cause);
  expect('cause' in new SkerryError('NOT_CONFIRMED')).toBe(false);
});

test('of several the worst exit code counts, and each message is there', () => {
  const both = new SkerryErrors([
    new SkerryError('NOT_CONFIRMED'),
    new SkerryError('MACHINE_OFF', { data: { machine: 'one' } }),
  ]);
  expect(both.exitCode).toBe(4);
  expect(both.message).toBe('nothing was destroyed\none is not running');
});

test('of a superproject, one that may pass beside one that does not is none to try again', () => {
  const denied = new SkerryError('SP_DENIED', { data: {} });
  const busy = new SkerryError('SP_TRANSIENT', { data: {} });
  expect(new SkerryErrors([busy, denied]).exitCode).toBe(denied.exitCode);
  expect(new SkerryErrors([busy, busy]).exitCode).toBe(4);
});

test('what a superproject names is quoted where a shell would take it apart', () => {
  const data = { gitDir: "/srv/my lib's", path: 'x' };
  const { hint } = new SkerryError('SP_GIT_DIR_TAKEN', { data });
  expect(hint).toContain(String.raw`mv '/srv/my lib'\''s' ELSEWHERE`);
  expect(new SkerryError('SP_UNPINNED', { data: { name: 'lib/a-b' } }).hint).toMatch(/ lib\/a-b$/);
});

test('no login that stands in a url is in its message, hint or data', () => {
  const url = 'https://me:s3cret@example.org/x.git';
  const nested = { list: [url, { url }], n: 1 } as unknown as string;
  const error = new SkerryError('SP_REF_MISSING', {
    data: { url, what: 'tag', where: '', advice: `git ls-remote ${url}`, nested },
    hint: `git ls-remote ${url}`,
  });
  const clean = 'https://example.org/x.git';
  expect(error.data).toMatchObject({ url: clean, nested: { list: [clean, { url: clean }], n: 1 } });
  expect(`${error.message} ${error.hint} ${JSON.stringify(error)}`).not.toContain('s3cret');
});
