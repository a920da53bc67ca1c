import { expect, test } from 'vitest';
import { encodePath } from './source-walk.ts';
import { tarHeader, tarPadding } from './tar.ts';

const SECONDS = 1_700_000_000;
const entry = (path: Buffer, more = {}): Buffer =>
  tarHeader({ path, kind: 'file', size: 0, seconds: SECONDS, ...more });

test('a plain name needs one block, a long one or a huge file an extended header before it', () => {
  expect(entry(Buffer.from('a/b'))).toHaveLength(512);
  const long = entry(Buffer.from('x'.repeat(101)));
  expect(long).toHaveLength(3 * 512);
  expect(long.toString('latin1', 512, 512 + 111)).toBe(`111 path=${'x'.repeat(101)}\n`);
  const huge = entry(Buffer.from('a'), { size: 8 ** 11 });
  expect(huge.toString('latin1', 512, 512 + 19)).toBe('19 size=8589934592\n');
});

test('the length of a record counts its own digits', () => {
  for (const length of [85, 86, 87, 88, 89, 90, 91, 985, 986, 987, 988, 989, 990]) {
    const text = entry(Buffer.from('y'.repeat(length + 100))).subarray(512);
    const said = Number(text.toString('latin1').split(' ')[0]);
    expect(text.toString('latin1', said - 2, said)).toBe('y\n');
  }
});

test('owner, modes and time depend on nothing but the entry', () => {
  const text = entry(Buffer.from('run'), { isExecutable: true }).toString('latin1');
  expect(text.slice(100, 136)).toBe('0000755\u00000000000\u00000000000\u000000000000000\0');
  expect(text.slice(136, 147)).toBe(SECONDS.toString(8).padStart(11, '0'));
  expect(entry(Buffer.from('a'), { seconds: -5 })).toEqual(entry(Buffer.from('a'), { seconds: 0 }));
});

test('fills up the last block', () => {
  expect([0, 1, 511, 512, 513].map((size) => tarPadding(size).length)).toEqual([0, 511, 1, 0, 511]);
});

test('any bytes of a path are written on one line without spaces', () => {
  expect(encodePath(Buffer.from('a b\n%\u00fc'))).toBe('a%20b%0a%25%c3%bc');
});
