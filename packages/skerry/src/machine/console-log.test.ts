import { expect, test } from 'vitest';
import { lastLine, stripControls } from './console-log.ts';

test.each([
  ['plain', 'plain'],
  ['\x1b[1;32mgreen\x1b[0m', 'green'],
  ['\x1b]0;title\x07text', 'text'],
  ['\x1b]0;title\x1b\\text', 'text'],
  ['\x1b[2J\x1b[Htop', 'top'],
  ['a\x1bMb', 'ab'],
  ['a\0b\x08c\x7fd', 'abcd'],
  ['tab\tand\r\nline', 'tab\tand\r\nline'],
  ['é ✓', 'é ✓'],
])('of %j without control characters %j is left', (text, plain) => {
  expect(stripControls(text)).toBe(plain);
});

test.each([
  ['', ''],
  ['one\n', 'one'],
  ['one\r\ntwo\r\n\r\n', 'two'],
  ['one\n\x1b[0m\n   \n', 'one'],
  ['  [ OK ] ssh  ', '[ OK ] ssh'],
])('the last line of %j is %j', (text, line) => {
  expect(lastLine(text)).toBe(line);
});
