import { expect, test } from 'vitest';
import { decodeText, isoTime, parseLog } from './commit-log.ts';
import { parseRawLog } from './superproject-log.ts';

const ID = 'a'.repeat(40);
const OTHER = 'b'.repeat(40);
const record = (subject: string | Buffer, author = 'Ann'): Buffer =>
  Buffer.concat([
    Buffer.from(`${ID}\0${OTHER} ${ID}\0${author}\x00001700000000\0`),
    Buffer.from(subject),
    Buffer.from('\0'),
  ]);

test('reads commits whose text is not UTF-8, letter by letter', () => {
  const [first, second] = parseLog(
    Buffer.concat([record(Buffer.from('gr\xfc\xdfe', 'latin1')), record('größe')]),
  );
  expect(first).toEqual({
    id: ID,
    parents: [OTHER, ID],
    author: 'Ann',
    seconds: 1_700_000_000,
    subject: 'grüße',
  });
  expect(second?.subject).toBe('größe');
});

test('keeps of a huge subject its beginning, and no half of a character', () => {
  const [entry] = parseLog(record(`${'x'.repeat(499)}😀${'y'.repeat(1_000_000)}`));
  expect(entry?.subject).toBe(`${'x'.repeat(499)}…`);
});

test('an empty log has no commits, and one without a subject has one', () => {
  expect(parseLog(Buffer.alloc(0))).toEqual([]);
  expect(parseLog(record(''))).toHaveLength(1);
});

test('reads what commits moved: pins by path, files by number', () => {
  const zero = '0'.repeat(40);
  const out = Buffer.concat([
    record('moves'),
    Buffer.from(
      [
        `\n:160000 160000 ${ID} ${OTHER} M\0libs/foo\0`,
        `:000000 160000 ${zero} ${ID} A\0new\0`,
        `:160000 000000 ${ID} ${zero} D\0gone\0`,
        `:100644 100644 ${ID} ${OTHER} M\0:odd name\0`,
      ].join(''),
    ),
    record('empty'),
    record(':160000 in the subject'),
  ]);
  expect(parseRawLog(out).map(({ subject, moves, files }) => ({ subject, moves, files }))).toEqual([
    {
      subject: 'moves',
      moves: [
        { path: 'libs/foo', from: ID, to: OTHER },
        { path: 'new', from: undefined, to: ID },
        { path: 'gone', from: ID, to: undefined },
      ],
      files: 1,
    },
    { subject: 'empty', moves: [], files: 0 },
    { subject: ':160000 in the subject', moves: [], files: 0 },
  ]);
});

test('knows times that no calendar has', () => {
  expect(isoTime(1_700_000_000)).toBe('2023-11-14T22:13:20Z');
  expect(isoTime(1e18)).toBeUndefined();
  expect(decodeText(undefined)).toBe('');
});
