import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { objectId, writeObject } from './loose-object.ts';
import {
  formatCommit,
  formatTag,
  parseCommit,
  parseTag,
  signedCommit,
  trailers,
} from './objects.ts';

const TREE = '4b825dc642cb6eb9a060e54bf8d69288fbee4904';
const stamp = { identity: 'A <a@example.org>', seconds: 1_700_000_000 };
const dir = mkdtempSync(join(tmpdir(), 'objects-'));
const git = (...args: string[]): string =>
  execFileSync('git', args, { cwd: dir, encoding: 'utf8' }).trim();
git('init', '-q', '--bare', '.');
afterAll(() => rmSync(dir, { recursive: true }));

test('a commit and a tag are what git itself makes of them', async () => {
  git('hash-object', '-t', 'tree', '-w', '/dev/null');
  const text = formatCommit({ tree: TREE, parents: [], stamp, message: 'title\n\nbody' });
  const commit = await writeObject(dir, 'commit', text, TREE);
  const tag = formatTag({ object: commit, name: 'v1', stamp, message: 'v1' });
  const object = await writeObject(dir, 'tag', tag, TREE);
  expect(git('fsck', '--strict', '--no-dangling')).toBe('');
  expect(git('cat-file', '-t', object)).toBe('tag');
  expect(git('log', '-1', '--format=%an %ae %ct %s', commit)).toBe(
    'A a@example.org 1700000000 title',
  );
  expect(parseTag(git('cat-file', '-p', object))).toEqual({ ...stamp, message: 'v1' });
});

test('ids are those of git hash-object, whatever the text', { timeout: 60_000 }, () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const id = execFileSync('git', ['hash-object', '--stdin'], { cwd: dir, input: text });
      expect(objectId('blob', text, TREE)).toBe(id.toString().trim());
    }),
    { numRuns: 20 },
  );
});

test('a commit is read back', () => {
  const text = formatCommit({
    tree: TREE,
    parents: ['ab', 'cd'],
    stamp,
    message: 'x\n\nparent ef\n',
  });
  expect(parseCommit(text)).toEqual({
    parents: ['ab', 'cd'],
    seconds: stamp.seconds,
    message: 'x\n\nparent ef\n',
  });
  expect(parseCommit('tree x\n')).toEqual({ parents: [], seconds: 0, message: '' });
});

test('a signature stands in the header of a commit, indented', () => {
  const text = formatCommit({ tree: TREE, parents: [], stamp, message: 'x' });
  const lines = signedCommit(text, '-----BEGIN SSH SIGNATURE-----\nabc\n-----END-----\n').split(
    '\n',
  );
  expect(lines.slice(3, 8)).toEqual([
    'gpgsig -----BEGIN SSH SIGNATURE-----',
    ' abc',
    ' -----END-----',
    '',
    'x',
  ]);
});

test('trailers are read from the last paragraph only', () => {
  expect([...trailers('t\n\nNote: no\n\nCollected: stable\nRun-Key: 7\n')]).toEqual([
    ['Collected', 'stable'],
    ['Run-Key', '7'],
  ]);
});
