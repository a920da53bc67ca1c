import { describe, expect, test } from 'vitest';
import type { LogEntry } from './commit-log.ts';
import { buildChangelog, type ComponentChange } from './document.ts';
import { escapeMarkdown, formatMarkdown, plainText } from './format-markdown.ts';

const id = (letter: string): string => letter.repeat(40);

function commit(letter: string, subject: string, more: Partial<LogEntry> = {}): LogEntry {
  return {
    id: id(letter),
    parents: [id('0')],
    author: 'Ann',
    seconds: 1_790_000_000,
    subject,
    ...more,
  };
}

function change(path: string, more: Partial<ComponentChange> = {}): ComponentChange {
  return {
    path,
    name: path,
    kind: 'forward',
    from: id('a'),
    to: id('b'),
    url: `https://host/${path}.git`,
    commits: [],
    dropped: [],
    notes: [],
    ...more,
  };
}

const HEAD = {
  url: 'https://host/all.git',
  from: { ref: '3.11.1', commit: id('1') },
  to: { ref: '3.11.2', commit: id('2') },
  unchanged: 7,
};

describe('changelog as Markdown', () => {
  test('has a section for each component that moved, in words', () => {
    const log = buildChangelog(HEAD, [
      change('libfoo', {
        commits: [
          commit('c', 'Merge branch x', { parents: [id('d'), id('a')] }),
          commit('d', 'fix overflow in parser (#123)'),
        ],
      }),
      change('gone', { kind: 'removed', to: undefined }),
      change('back', {
        kind: 'rewound',
        dropped: [commit('e', 'a change that was taken back')],
        notes: ['a note'],
      }),
      change('moved', { kind: 'changed', urlBefore: 'https://old/x.git', pathBefore: 'was' }),
    ]);
    expect(formatMarkdown(log)).toMatchInlineSnapshot(`
      "# Changes from 3.11.1 to 3.11.2

      Components: 1 moved, 1 rewound, 1 removed, 1 with another url or path. 7 components are as before.

      ## libfoo

      \`aaaaaaaaaaaa\` to \`bbbbbbbbbbbb\`, 2 commits

      - \`cccccccccccc\` Merge branch x (Ann, 2026-09-21, merge)
      - \`dddddddddddd\` fix overflow in parser (#123) (Ann, 2026-09-21)

      ## gone

      **Removed**; it was at \`aaaaaaaaaaaa\`

      ## back

      **Rewound** from \`aaaaaaaaaaaa\` to \`bbbbbbbbbbbb\`, which does not come after it\\
      a note

      No longer in it:

      - \`eeeeeeeeeeee\` a change that was taken back (Ann, 2026-09-21)

      ## moved

      Still at \`bbbbbbbbbbbb\`\\
      It was at the path was\\
      **Its url changed** from https://old/x.git to https://host/moved.git
      "
    `);
    expect(formatMarkdown(log, { noMerges: true })).not.toContain('Merge branch');
  });

  test('shows a commit once when a component is there twice, and says where', () => {
    const commits = [commit('c', 'one'), commit('d', 'two')];
    const log = buildChangelog(HEAD, [
      change('app/deps/libfoo', { within: 'app', commits }),
      change('app', { commits: [commit('f', 'app')] }),
      change('libfoo', { commits: [...commits, commit('e', 'three')] }),
    ]);
    expect(
      log.sections.map(({ path, commits: own, repeated }) => [path, own.length, repeated]),
    ).toEqual([
      ['app', 1, []],
      ['libfoo', 3, []],
      ['app/deps/libfoo', 0, [{ path: 'libfoo', count: 2 }]],
    ]);
    expect(formatMarkdown(log)).toContain('2 commits listed under libfoo already.');
  });

  test.each([
    ['<script>alert(1)</script>', '\\<script\\>alert(1)\\</script\\>'],
    ['[x](javascript:alert(1))', '\\[x\\](javascript:alert(1))'],
    ['![x](http://evil/p.png)', '\\!\\[x\\](http://evil/p.png)'],
    ['`code` **bold** _it_ ~~del~~', '\\`code\\` \\*\\*bold\\*\\* \\_it\\_ \\~\\~del\\~\\~'],
    ['a | b &lt; \\', 'a \\| b \\&lt; \\\\'],
    ['line\r\n# heading', 'line # heading'],
    ['fix #123 and !45', 'fix #123 and \\!45'],
  ])('shows %j as it is', (text, shown) => {
    expect(escapeMarkdown(text)).toBe(shown);
  });

  test('takes the sting out of what steers a terminal or turns writing round', () => {
    expect(plainText('a\u001b[31mred\u0007 \u202eevil\u2066 \u009b1A\u0000')).toBe(
      'a\ufffd[31mred\ufffd \ufffdevil\ufffd \ufffd1A\ufffd',
    );
  });

  test('a subject never stands where it could begin a block', () => {
    const log = buildChangelog(HEAD, [
      change('a', { commits: [commit('c', '# heading'), commit('d', '- item'), commit('e', '')] }),
    ]);
    const lines = formatMarkdown(log).split('\n');
    expect(lines.filter((line) => /^(#+ heading|- item|- #)/.test(line))).toEqual([]);
    expect(lines).toContain('- `eeeeeeeeeeee` (no subject) (Ann, 2026-09-21)');
  });
});
