import { expect, test } from 'vitest';
import { OutputLines } from './output-lines.ts';

function linesOf(chunks: readonly (readonly ['stdout' | 'stderr', string | Buffer])[]): string[] {
  const said: string[] = [];
  const lines = new OutputLines((line) => said.push(line));
  for (const [stream, data] of chunks) lines.push(stream, Buffer.from(data));
  lines.end();
  return said;
}

test('lines are whole, whatever the chunks, and streams do not mix', () => {
  const euro = Buffer.from('€\n');
  expect(
    linesOf([
      ['stdout', 'on'],
      ['stderr', 'oops\n'],
      ['stdout', 'e\ntwo\n\n'],
      ['stdout', euro.subarray(0, 1)],
      ['stdout', euro.subarray(1)],
      ['stdout', 'rest'],
    ]),
  ).toEqual(['oops', 'one', 'two', '€', 'rest']);
});

test('colours go, and a progress bar is its last state', () => {
  expect(linesOf([['stdout', '\x1b[1;31mred\x1b[0m\r\n 1%\r 50%\r100%\n']])).toEqual([
    ...['red', '100%'],
  ]);
});

test('the tail is the last ten lines', () => {
  const lines = new OutputLines(() => {});
  lines.push('stdout', Buffer.from(Array.from({ length: 12 }, (_, at) => `${at}\n`).join('')));
  expect(lines.tail).toEqual(['2', '3', '4', '5', '6', '7', '8', '9', '10', '11']);
});
