import { expect, test } from 'vitest';
import { reflow } from './reflow.ts';

test('paragraphs are filled, what is indented stays', () => {
  const text = `
Example:
  $ a command that is far too long for this width

one two three four five six
seven
eight

short
as it is
Options:
  -a  something that is far too long for it
`;
  expect(reflow(text, 20)).toBe(`
Example:
  $ a command that is far too long for this width

one two three four
five six seven eight

short
as it is
Options:
  -a  something that is far too long for it
`);
});

test.each(['', '\n', 'word', 'a\n\nb\n', '  x\n y\n', '\n\n\n'])('%j stays', (text) => {
  expect(reflow(text, 20)).toBe(text);
});
