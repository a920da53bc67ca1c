import { expect, test } from 'vitest';
import { hostPrograms, missingPrograms, nameOf, parseHostPackages } from './host-packages.ts';

test('reads a line', () => {
  expect(parseHostPackages('# head\n\npasta|slirp4netns internet new|old - the way out\n')).toEqual(
    [
      {
        programs: ['pasta', 'slirp4netns'],
        need: 'internet',
        debian: ['new', 'old'],
        fedora: [],
        purpose: 'the way out',
      },
    ],
  );
});

test.each(['unshare run util-linux util-linux', 'unshare always a b c'])('refuses %j', (line) => {
  expect(() => parseHostPackages(line)).toThrow(line);
});

test('the table that is shipped can be read and names no program twice', () => {
  const names = hostPrograms().map(nameOf);
  expect(new Set(names).size).toBe(names.length);
  expect(names).toContain('qemu-system-x86_64');
});

test('one of several programs is enough', () => {
  const missing = missingPrograms(['internet', 'build'], (program) => program === 'slirp4netns');
  expect(missing.map(nameOf)).toEqual([
    'mmdebstrap',
    'mke2fs',
    'debian-archive-keyring.gpg',
    'perl',
  ]);
});
