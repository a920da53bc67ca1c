import { stripVTControlCharacters } from 'node:util';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { outputCollector, prefixedOutput } from './exec-output.ts';

let out = '';
beforeEach(() => {
  out = '';
  for (const stream of ['stdout', 'stderr'] as const) {
    vi.spyOn(process[stream], 'write').mockImplementation((data) => {
      out += stripVTControlCharacters(
        typeof data === 'string' ? data : Buffer.from(data).toString(),
      );
      return true;
    });
  }
});
afterEach(() => vi.restoreAllMocks());

test('lines come whole, each after the name of its machine, all names equally wide', () => {
  const output = prefixedOutput(['one', 'three']);
  output.write('one', 'stdout', Buffer.from('a\nb'));
  output.write('three', 'stdout', Buffer.from('x\n'));
  output.write('one', 'stdout', Buffer.from('c\n'));
  expect(out).toBe('one   | a\nthree | x\none   | bc\n');
});

test('what has no line end comes at the end', () => {
  const output = prefixedOutput(['one', 'two']);
  output.write('one', 'stderr', Buffer.from('rest'));
  expect(out).toBe('');
  output.end();
  expect(out).toBe('one | rest\n');
});

test('a character split over two pieces stays one; stdout and stderr are not mixed', () => {
  const output = prefixedOutput(['one', 'two']);
  const bytes = Buffer.from('é🐧\n');
  for (const byte of bytes) {
    output.write('one', 'stdout', Buffer.from([byte]));
    output.write('one', 'stderr', Buffer.from([byte]));
  }
  expect(out).toBe('one | é🐧\none | é🐧\n');
});

test('bytes that are cut off in the middle of a character are not lost silently', () => {
  const output = prefixedOutput(['one', 'two']);
  output.write('one', 'stdout', Buffer.from('é').subarray(0, 1));
  output.end();
  expect(out).toBe('one | \ufffd\n');
});

test('one machine alone is passed on as it is', () => {
  const output = prefixedOutput(['one']);
  output.write('one', 'stdout', Buffer.from('a\nb'));
  output.end();
  expect(out).toBe('a\nb');
});

test('for --json all is kept, by machine and stream', () => {
  const output = outputCollector();
  const bytes = Buffer.from('é');
  output.write('one', 'stdout', bytes.subarray(0, 1));
  output.write('two', 'stderr', Buffer.from('x'));
  output.write('one', 'stdout', bytes.subarray(1));
  expect([output.of('one'), output.of('two'), output.of('three')]).toEqual([
    { stdout: 'é', stderr: '' },
    { stdout: '', stderr: 'x' },
    { stdout: '', stderr: '' },
  ]);
  expect(out).toBe('');
});
