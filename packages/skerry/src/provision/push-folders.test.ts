import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { tarMode } from './file.ts';
import { type Parcel, tarArgs } from './push-folders.ts';

let from = '';
beforeEach(() => {
  from = mkdtempSync(join(tmpdir(), 'skerry-parcel-'));
  mkdirSync(join(from, 'spec'));
  mkdirSync(join(from, '.git'));
  writeFileSync(join(from, 'spec', 'x'), '');
  writeFileSync(join(from, '.git', 'x'), '');
  writeFileSync(join(from, 'run'), '');
  chmodSync(join(from, 'run'), 0o755);
  symlinkSync('./run', join(from, 'link'));
});
afterEach(() => rmSync(from, { recursive: true }));

/** Mode, owner and name of what tar makes of it. */
function list(parcel: Partial<Parcel> = {}): string[] {
  const args = tarArgs({ from, as: 'to', isFolder: true, ...parcel });
  const archive = execFileSync('tar', args);
  return execFileSync('tar', ['-tvf', '-'], { input: archive, encoding: 'utf8' })
    .trim()
    .split('\n')
    .map((line) => line.replace(/^(\S+) (\S+) .*?:\d\d /, '$1 $2 '))
    .sort();
}
const names = (parcel: Partial<Parcel>): string[] =>
  list(parcel).map((line) => line.split(' ').slice(2).join(' '));

test('a folder arrives under its new name, links as they are', () => {
  expect(names({ exclude: ['.git'] })).toContain('to/link -> ./run');
  expect(list().every((line) => / root\/root to\//.test(line))).toBe(true);
});

test('exclusions are those of rsync', () => {
  expect(names({ exclude: ['.git', 'spec/', 'link'] }).sort()).toEqual(['to/', 'to/run']);
  expect(names({ exclude: ['/x', '.git'] })).toContain('to/spec/x');
});

test('a file has the mode and owner that are asked for', () => {
  const file = { from: join(from, 'link'), as: 'a,b&c', isFolder: false };
  expect(list({ ...file, mode: '0640', owner: ['etcd', '33'] })).toEqual([
    '-rw-r----- etcd/0 a,b&c',
  ]);
});

test('a number stays one, whatever name it has here', () => {
  const args = tarArgs({ from, as: 'to', isFolder: true, owner: ['1234', '33'] });
  const numbers = execFileSync('tar', ['-tvf', '-', '--numeric-owner'], {
    input: execFileSync('tar', args),
    encoding: 'utf8',
  });
  expect(numbers).toMatch(/^\S+ 1234\/33 /);
});

test.each([
  ['0640', ['drwxr-x---', '-rw-r-----']],
  ['0600', ['drwx------', '-rw-------']],
  ['0755', ['drwxr-xr-x', '-rwxr-xr-x']],
])('mode %s of a folder lets those enter it who may read', (octal, modes) => {
  const lines = list({ mode: tarMode(octal, true), exclude: ['.git', 'spec', 'link'] });
  expect(lines.map((line) => line.slice(0, 10)).sort()).toEqual(modes.sort());
});
