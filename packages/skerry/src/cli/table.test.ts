import { stripVTControlCharacters, styleText } from 'node:util';
import { expect, test } from 'vitest';
import { formatTable } from './table.ts';

test('columns line up, also where cells are coloured, and no line ends in blanks', () => {
  const paint = (text: string): string => styleText('green', text, { validateStream: false });
  const table = formatTable(
    ['MACHINE', 'STATE', 'NOTE'],
    [
      ['one', paint('running'), ''],
      ['central_server', 'off', 'x'],
    ],
  );
  expect(stripVTControlCharacters(table)).toMatchInlineSnapshot(`
    "MACHINE         STATE    NOTE
    one             running
    central_server  off      x"
  `);
});

test('a row that is short is filled up', () => {
  expect(stripVTControlCharacters(formatTable(['A', 'B'], [['1']]))).toBe('A  B\n1');
});
