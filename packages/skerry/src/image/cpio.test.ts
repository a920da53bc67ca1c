import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';

import { type CpioEntry, formatCpio } from './cpio.ts';

const ENTRIES: readonly CpioEntry[] = [
  { kind: 'directory', path: 'dev', mode: 0o755 },
  { kind: 'device', path: 'dev/null', mode: 0o666, major: 1, minor: 3 },
  { kind: 'file', path: 'init', mode: 0o755, data: Buffer.from('hello') },
  { kind: 'symlink', path: 'sbin', target: 'bin' },
];

test('one member, to the byte', () => {
  const [, file] = formatCpio([
    { kind: 'file', path: 'init', mode: 0o755, data: Buffer.from('hello') },
  ])
    .toString('latin1')
    .split('070701');
  expect(file).toBe(
    [
      '00000001 000081ED 00000000 00000000 00000001 00000000 00000005',
      '00000000 00000000 00000000 00000000 00000005 00000000',
    ]
      .join(' ')
      .replaceAll(' ', '')
      .concat('init\0\0hello\0\0\0'),
  );
});

const busybox = hasBusybox();

const readName = 'another cpio reads what we write';

test.skipIf(!busybox)(busybox ? readName : `${readName} (not run: busybox is missing)`, () => {
  const listing = execFileSync('busybox', ['cpio', '-itv'], {
    input: formatCpio(ENTRIES),
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  const lines = listing.split('\n').map((line) => line.replaceAll(/\s+/g, ' '));
  expect(
    lines
      .slice(0, 4)
      .map((line) => `${line.slice(0, 10)} ${line.replace(/.*\d\d:\d\d:\d\d /, '')}`),
  ).toEqual(['drwxr-xr-x dev', 'crw-rw-rw- dev/null', '-rwxr-xr-x init', 'lrwxrwxrwx sbin -> bin']);
});

function hasBusybox(): boolean {
  try {
    execFileSync('busybox', ['true']);
    return true;
  } catch {
    return false;
  }
}
