import { execFileSync } from 'node:child_process';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { shellJoin, shellWords } from './shell-quote.ts';

const word = fc.string({ unit: 'binary', maxLength: 20 }).filter((text) => !text.includes('\0'));

/** What a real shell makes of a command line. */
function words(line: string): string[] {
  const script = `set -- ${line}\nfor word do printf '%s\\0' "$word"; done`;
  return execFileSync('sh', ['-c', script], { encoding: 'utf8' }).split('\0').slice(0, -1);
}

test('a shell reads words back as they were', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (given) => {
      expect(words(shellJoin(given))).toEqual(given);
    }),
    { numRuns: 40 },
  );
});

test('words that were joined are split again', () => {
  fc.assert(
    fc.property(fc.array(word, { maxLength: 5 }), (given) => {
      expect(shellWords(shellJoin(given))).toEqual(given);
    }),
  );
});

test.each([
  '--verbose --debug',
  '  --tags "a b"  ',
  String.raw`--logdest=/var/log/a\ b.log`,
  `'it'\\''s' "say \\"hi\\""`,
  `''`,
])('%s is split as a shell does', (line) => {
  expect(shellWords(line)).toEqual(words(line));
});

test('nothing is expanded', () => {
  expect(shellWords('$HOME *.pp `id` ;x')).toEqual(['$HOME', '*.pp', '`id`', ';x']);
});
