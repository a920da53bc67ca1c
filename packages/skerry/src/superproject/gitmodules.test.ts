import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { SkerryErrors } from '../util/errors.ts';
import { removeSection, setKeys } from './edit-gitmodules.ts';
import { checkedComponents } from './gitmodules.ts';

const dir = mkdtempSync(join(tmpdir(), 'gitmodules-'));
const file = join(dir, 'gitmodules');
afterAll(() => rmSync(dir, { recursive: true }));

const gitList = (text: string): string[] => {
  writeFileSync(file, text);
  const out = execFileSync('git', ['config', '-f', file, '--list', '-z'], { encoding: 'utf8' });
  return out.split('\0').slice(0, -1);
};

const module = (name: string, more: string): string =>
  `[submodule "${name}"]\n\tpath = ${name}\n\turl = ../${name}.git\n${more}`;

/** Each problem as `line:column: message`. */
function problemsOf(text: string, isLocal = false): string[] {
  try {
    checkedComponents(text, '.gitmodules', { isLocal });
    return [];
  } catch (error) {
    if (!(error instanceof SkerryErrors)) throw error;
    return error.errors.map(({ place, message }) => `${place?.line}:${place?.column}: ${message}`);
  }
}

test('reads components, with all other keys', () => {
  const text = `# all of it\n${module('a', '\tbranch = .\n\tshallow = yes\n\tsuperproject-policy = frozen\n')}`;
  expect(checkedComponents(text, 'x', { isLocal: false })).toEqual([
    {
      name: 'a',
      path: 'a',
      url: '../a.git',
      branch: '.',
      shallow: true,
      extra: { 'superproject-policy': 'frozen' },
      line: 2,
    },
  ]);
});

test('says all that is wrong at once, with the place', () => {
  const text = `${module('a', '\tbranch = x\n\tbranch = y\n')}[submodule "b"]\n\turl = ../b.git\n`;
  expect(problemsOf(text)).toEqual(['5:2: a: branch is written twice', '6:1: b has no path']);
});

describe('hostile entries are refused', () => {
  const sha = 'a'.repeat(40);
  test.each([
    ['[submodule "../../x"]\n\tpath = a\n\turl = ../a\n', /1:1: .*leads elsewhere/],
    ['[submodule "a"]\n\tpath = ../a\n\turl = ../a\n', /2:2: .*leads elsewhere/],
    ['[submodule "a"]\n\tpath = /etc\n\turl = ../a\n', /absolute/],
    ['[submodule "a"]\n\tpath = -x\n\turl = ../a\n', /looks like an option/],
    ['[submodule "a"]\n\tpath = "a\r"\n\turl = ../a\n', /control characters/],
    [
      '[submodule "a"]\n\tpath = a\u009b2Jb\n\turl = ../a\n',
      /"a\\u009b2Jb" has control characters/,
    ],
    ['[submodule "a"]\n\tpath = a\u202eb\n\turl = ../a\n', /"a\\u202eb" has control characters/],
    ['[submodule "a"]\n\tpath = .GitModules\n\turl = ../a\n', /where \.gitmodules itself is/],
    ['[submodule "a"]\n\tpath = gitmod~1/x\n\turl = ../a\n', /where \.gitmodules itself is/],
    ['[submodule "a"]\n\tpath = x/.GIT/hooks\n\turl = ../a\n', /git's own folder/],
    ['[submodule ".skerry-9999999-x"]\n\tpath = a\n\turl = ../a\n', /of a clone that is under way/],
    ['[submodule "a"]\n\tpath = git~1\n\turl = ../a\n', /git's own folder/],
    ['[submodule "a"]\n\tpath = .g\u200cit\n\turl = ../a\n', /git's own folder/],
    ['[submodule "a"]\n\tpath = ".git::$INDEX_ALLOCATION"\n\turl = ../a\n', /git's own folder/],
    ['[submodule "a"]\n\tpath = ".git . "\n\turl = ../a\n', /git's own folder/],
    ['[submodule "a"]\n\tpath = a\\\\b\n\turl = ../a\n', /backslash/],
    ['[submodule "a"]\n\tpath = a\n\turl = -u./evil\n', /looks like an option/],
    ['[submodule "a"]\n\tpath = a\n\turl = ext::sh -c evil\n', /runs a program/],
    ['[submodule "a"]\n\tpath = a\n\turl = ssh://-oProxyCommand=evil/x\n', /looks like an option/],
    ['[submodule "a"]\n\tpath = a\n\turl = git@-oProxyCommand=evil:x\n', /looks like an option/],
    ['[submodule "a"]\n\tpath = a\n\turl = file:///etc\n', /on this computer/],
    ['[submodule "a"]\n\tpath = a\n\turl = /etc\n', /on this computer/],
    ['[submodule "a"]\n\tpath = a\n\turl = gopher://x/y\n', /scheme gopher/],
    ['[submodule "a"]\n\tpath = a\n\turl = ../a\n\tupdate = !evil\n', /would run a program/],
    [`[submodule "a"]\n\tpath = a\n\turl = ../a\n\tbranch = ${sha}\n`, /looks like a commit/],
    ['[submodule "a"]\n\tpath = a\n\turl = ../a\n\tbranch = x..y\n', /cannot be a branch/],
    [module('a', '\tsuperproject-tag-prefix = my phone/\n'), /tag-prefix my phone\/ cannot begin/],
    [module('a', '\tsuperproject-tag-prefix = -x\n'), /4:2: .*tag-prefix -x cannot begin/],
    [module('a', '\tsuperproject-tag-prefix = a//\n'), /tag-prefix a\/\/ cannot begin/],
    [`${module('a', '')}${module('A', '')}`, /is that of a/],
    [`${module('a', '')}${module('a/b', '')}`, /inside that of a/],
  ])('%j', (text, expected) => {
    expect(problemsOf(text).join('\n')).toMatch(expected);
  });

  test('a relative url may not climb higher than the superproject is', () => {
    const text = '[submodule "a"]\n\tpath = a\n\turl = ../../../../../srv/a\n';
    const check = (base: string) => () => checkedComponents(text, 'x', { isLocal: false, base });
    expect(check('https://me:secret@example.org/all')).toThrow(
      /its url \.\.\/.* leads above the superproject's, https:\/\/.*example\.org\/all$/,
    );
    expect(check('https://me:secret@example.org/all')).not.toThrow(/secret/);
    expect(check('https://example.org/b/c/d/all')).not.toThrow();
  });

  test('local urls are fine below a local superproject', () => {
    const text = '[submodule "a"]\n\tpath = a\n\turl = /srv/a.git\n';
    expect(problemsOf(text, true)).toEqual([]);
  });
});

describe('edits', () => {
  const text = `# top\n${module('a', '\tbranch = dev # why\n')}\n# about b\n${module('b', '')}; end\n`;

  test('change a value and keep everything else', () => {
    expect(setKeys(text, [{ name: 'a', key: 'branch', value: '3.11' }])).toBe(
      text.replace('branch = dev', 'branch = 3.11'),
    );
  });

  test('add a key to its section, and a section at the end', () => {
    const added = setKeys(text, [
      { name: 'b', key: 'branch', value: '3.11' },
      { name: 'c "d"', key: 'path', value: ' x;' },
    ]);
    expect(added).toBe(
      `${text.replace('../b.git\n', '../b.git\n\tbranch = 3.11\n')}[submodule "c \\"d\\""]\n\tpath = " x;"\n`,
    );
    expect(gitList(added)).toContain('submodule.c "d".path\n x;');
  });

  test('take out a key, and a section with its comments only', () => {
    expect(setKeys(text, [{ name: 'a', key: 'branch' }])).toBe(
      text.replace('\tbranch = dev # why\n', ''),
    );
    expect(removeSection(text, 'a')).toBe(`# top\n# about b\n${module('b', '')}; end\n`);
    expect(removeSection(text, 'b')).not.toContain('submodule "b"');
  });

  test('whatever is set is what git reads, and nothing else changes', { timeout: 60_000 }, () => {
    // Newlines inside are git's business too, so all printable text is tried.
    const value = fc.string({ minLength: 1, maxLength: 12 }).filter((each) => !each.includes('\0'));
    fc.assert(
      fc.property(
        fc.constantFrom('a', 'b', 'new'),
        fc.constantFrom('branch', 'x-y'),
        value,
        (name, key, set) => {
          const before = gitList(text).filter(
            (line) => !line.startsWith(`submodule.${name}.${key}\n`),
          );
          const after = gitList(setKeys(text, [{ name, key, value: set }]));
          expect(after).toContain(`submodule.${name}.${key}\n${set}`);
          expect(after.filter((line) => !line.startsWith(`submodule.${name}.${key}\n`))).toEqual(
            before,
          );
        },
      ),
      { numRuns: 60 },
    );
  });
});
