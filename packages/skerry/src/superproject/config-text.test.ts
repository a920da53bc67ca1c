import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, expect, test } from 'vitest';
import { parseConfig } from './config-text.ts';

const dir = mkdtempSync(join(tmpdir(), 'config-text-'));
afterAll(() => rmSync(dir, { recursive: true }));

/** What git reads from the text: `key NL value`, or undefined where it refuses the file. */
function gitReads(text: string): string[] | undefined {
  const file = join(dir, 'config');
  writeFileSync(file, text);
  const { status, stdout } = spawnSync('git', ['config', '-f', file, '--list', '-z'], {
    encoding: 'utf8',
  });
  return status === 0 ? stdout.split('\0').slice(0, -1) : undefined;
}

function weRead(text: string): string[] | undefined {
  const { entries, problems } = parseConfig(text);
  if (problems.length > 0) return undefined;
  return entries.map(({ section, subsection, key, value }) => {
    const name = [section, ...(subsection === undefined ? [] : [subsection]), key].join('.');
    return value === true ? name : `${name}\n${value}`;
  });
}

test.each([
  '[submodule "a"]\n\tpath = a\n\turl = ../a.git\n',
  '[submodule "a b"] path = x # why\n; comment\n[Sub.Old]\nKey = "quoted # ; "  tail  \n',
  '[a "q\\"uo\\\\te"]\nk = one \\\n  two\n\tflag\n',
  '[a]\r\nk = v\r\nj = "x"\r\n',
  '\uFEFF[a]\nk = v',
  '[a]\nk = esc \\t\\n\\b \\" \\\\\n',
  '[a "x"]\nk=\nj = ""\n',
  '[a]\nk = v\f\nl = v\v\nm = \u00a0v\u00a0\nn = v\u2028\no = v\ufeff\n',
  '[a]\nk = v\r',
  '[a]\nk \r\n\r\r\nl\t= v\t# tab\n',
])('reads what git reads: %j', (text) => {
  expect(weRead(text)).toEqual(gitReads(text));
});

test.each([
  ['[a\nk = v\n', '1:1: a section is written [name "subsection"]'],
  ['[a]\n  1k = v\n', "2:3: a key begins with a letter, not with '1'"],
  ['[a]\nk v\n', '2:3: after the key k comes = and its value'],
  ['[a]\nk = "open\n', '2:5: the quote is not closed on its line'],
  ['[a]\nk = bad \\x\n', '2:9: git knows no escape \\x'],
  ['[]\nk = v\n', '1:1: a section is written [name "subsection"]'],
  ['[a]\n\fk = v\n', "2:1: a key begins with a letter, not with '\f'"],
  ['[a]\nk\f= v\n', '2:2: after the key k comes = and its value'],
  ['[a]\nk\r= v\n', '2:2: after the key k comes = and its value'],
])('refuses %j where it is', (text, expected) => {
  const [problem] = parseConfig(text).problems;
  expect(`${problem?.line}:${problem?.column}: ${problem?.message}`).toBe(expected);
  expect(gitReads(text)).toBeUndefined();
});

test('refuses a key before any section, of which git makes a key without one', () => {
  expect(parseConfig('k = v\n').problems).toMatchObject([{ line: 1, column: 1 }]);
});

test.each([
  ['[a]\nk = x\ty\n', 2],
  ['[a]\nk = x\ry\n', 2],
  ['[a]\nk = x\0y\n', 2],
])('refuses %j, which not all versions of git read the same', (text, line) => {
  expect(parseConfig(text).problems).toMatchObject([{ line }]);
});

test('finds all errors, not only the first', () => {
  expect(parseConfig('[a]\n1 = x\nk = v\n2 = y\n').problems).toHaveLength(2);
});

test('reads any text as git does, or refuses it as git does', { timeout: 60_000 }, () => {
  const word = fc.constantFrom(
    ...[
      '[',
      ']',
      '"',
      '\\',
      '\n',
      ' ',
      '=',
      '#',
      ';',
      'a',
      'B',
      '-',
      '.',
      '1',
      '[s "x"]',
      'k = ',
      'é',
      // What other languages take for blanks, and git does not.
      ...['\t', '\r', '\r\n', '\f', '\v', '\0', '\u00a0', '\u2028', '\ufeff'],
    ],
  );
  fc.assert(
    fc.property(fc.array(word, { maxLength: 14 }), (words) => {
      const text = words.join('');
      const ours = weRead(text);
      // A name that git takes and we do not would be a pity; one that we take and git does not, a hole.
      if (ours !== undefined) expect(ours).toEqual(gitReads(text));
    }),
    { numRuns: process.env.SKERRY_CAMPAIGN ? 20_000 : 300 },
  );
});
