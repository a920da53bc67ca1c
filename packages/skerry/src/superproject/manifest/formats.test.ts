import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { SkerryError, SkerryErrors } from '../../util/errors.ts';
import { formatOf, parseManifest, writeManifest } from './formats.ts';
import { type Format, FORMATS, joinUrl, type ManifestProject, splitUrl } from './project.ts';

const withoutLine = ({ name, path, url, branch, pin, groups }: ManifestProject): unknown =>
  JSON.parse(JSON.stringify({ name, path, url, branch, pin, groups }));

const ID = '0123456789abcdef0123456789abcdef01234567';

function parse(text: string, file: string): ReturnType<typeof parseManifest> {
  return parseManifest(text, { file, isLocal: false });
}

/** `line: message` of all that is wrong. */
function faults(text: string, file: string): string[] {
  try {
    parse(text, file);
  } catch (error) {
    const all = error instanceof SkerryErrors ? error.errors : [error];
    return all.map((one) => {
      expect(one).toBeInstanceOf(SkerryError);
      const { place, message } = one as SkerryError;
      return `${place?.line}: ${message}`;
    });
  }
  return [];
}

const REPO = `<?xml version="1.0" encoding="UTF-8"?>
<manifest>
  <remote name="aosp" fetch=".." review="https://review.example.org/" />
  <remote name="own" fetch="https://example.org/team/" revision="trunk" />
  <default remote="aosp" revision="refs/heads/main" sync-j="4" />
  <include name="more.xml" />
  <project path="build/make" name="platform/build" groups="pdk,tradefed">
    <linkfile src="CleanSpec.mk" dest="build/CleanSpec.mk" />
    <copyfile src="a" dest="b" />
  </project>
  <project name="tool" remote="own" clone-depth="1" />
  <project name="fixed" remote="own" revision="${ID}" upstream="dev" />
  <remove-project name="old" />
  <extend-project name="tool" revision="x" />
</manifest>`;

const WEST = `manifest:
  version: "1.0"
  defaults: {remote: up, revision: v1.10}
  remotes:
    - name: up
      url-base: https://example.org/up
  projects:
    - name: hal
      repo-path: modules/hal.git
      path: modules/hal
      revision: 1.10
      groups: [hal, 5]
      import: true
    - name: net
      url: https://elsewhere.example/net
      revision: ${ID}
      submodules: true
  group-filter: [-hal]
  self: {path: zephyr, west-commands: x.yml}
`;

const REPOS = `repositories:
  common/foo:
    type: git
    url: https://example.org/foo.git
    version: jazzy
  bar:
    type: hg
    url: https://example.org/bar
  baz: {type: git, url: 'git@example.org:baz.git'}
`;

describe('what others write', () => {
  test('a manifest of repo', () => {
    const { projects, losses } = parse(REPO, 'default.xml');
    expect(projects).toEqual([
      {
        ...{ name: 'build/make', path: 'build/make', url: '../../platform/build', branch: 'main' },
        ...{ groups: ['pdk', 'tradefed'], line: 7 },
      },
      {
        ...{ name: 'tool', path: 'tool', url: 'https://example.org/team/tool', branch: 'trunk' },
        ...{ groups: [], line: 11 },
      },
      {
        ...{ name: 'fixed', path: 'fixed', url: 'https://example.org/team/fixed', branch: 'dev' },
        ...{ pin: ID, groups: [], line: 12 },
      },
    ]);
    expect(losses).toEqual([
      { what: '<include> is not followed', names: ['more.xml'] },
      { what: '<linkfile> of <project> is not carried over', names: ['platform/build'] },
      { what: '<copyfile> of <project> is not carried over', names: ['platform/build'] },
      { what: 'clone-depth of <project> is not carried over', names: ['tool'] },
      { what: '<remove-project> is not followed', names: ['old'] },
      { what: '<extend-project> is not followed', names: ['tool'] },
    ]);
  });

  test('a west.yml', () => {
    const { projects, losses } = parse(WEST, 'west.yml');
    expect(projects).toEqual([
      {
        ...{ name: 'hal', path: 'modules/hal', url: 'https://example.org/up/modules/hal.git' },
        ...{ branch: '1.10', groups: ['hal', '5'], line: 8 },
      },
      {
        ...{ name: 'net', path: 'net', url: 'https://elsewhere.example/net', pin: ID },
        ...{ groups: [], line: 14 },
      },
    ]);
    expect(losses).toEqual([
      { what: 'group-filter is not carried over', names: ['group-filter'] },
      { what: "path of 'self' is not followed", names: ['self'] },
      { what: "west-commands of 'self' is not followed", names: ['self'] },
      { what: 'import is not followed', names: ['hal'] },
      { what: 'submodules is not carried over', names: ['net'] },
    ]);
  });

  test('a .repos file', () => {
    const { projects, losses } = parse(REPOS, 'all.repos');
    expect(projects).toEqual([
      {
        ...{ name: 'common/foo', path: 'common/foo', url: 'https://example.org/foo.git' },
        ...{ branch: 'jazzy', groups: [], line: 3 },
      },
      { name: 'baz', path: 'baz', url: 'git@example.org:baz.git', groups: [], line: 9 },
    ]);
    expect(losses).toEqual([{ what: 'no git repository but hg: left out', names: ['bar'] }]);
  });

  test.each([
    ['x', REPO, 'repo'],
    ['x', WEST, 'west'],
    ['x', REPOS, 'repos'],
    ['x', ' {"components": []}', 'json'],
    ['x.repos', '', 'repos'],
    ['x', 'hello: 1', undefined],
  ])('its kind is found: %s %#', (file, text, kind) => {
    expect(formatOf(file, text)).toBe(kind);
  });
});

const word = fc
  .stringMatching(/^[a-z][a-z0-9_.+]{0,8}[a-z0-9]$/)
  .filter((text) => !/\.lock|\.\./.test(text));
const revision = fc.oneof(
  word,
  fc.constantFrom('1.10', 'yes', 'null', '0x1f', '1e3', 'a&b', "it's", 'é"<>'),
);
const url = fc
  .tuple(
    fc.constantFrom('https://example.org/', 'ssh://git@h:29/~x/', 'git@h:', '../', 'git@h:g/'),
    word,
  )
  .map((parts) => parts.join(''));
const id = fc.stringMatching(/^[0-9a-f]{40}$/);
const project: fc.Arbitrary<ManifestProject> = fc
  .record({
    path: fc.array(word, { minLength: 1, maxLength: 3 }),
    url,
    branch: revision,
    pin: fc.option(id),
    groups: fc.uniqueArray(word),
  })
  .map(({ path, pin, ...rest }) => ({
    ...{ name: path.join('/'), path: path.join('/') },
    ...rest,
    ...(pin !== null && { pin }),
  }));
/** No path twice, and none inside another. */
const projects = fc.uniqueArray(project, {
  selector: ({ path }) => path.split('/')[0],
  maxLength: 6,
});

describe('what is written is read again the same', () => {
  test.each<Format>(['repo', 'west', 'json'])('%s', (format) => {
    fc.assert(
      fc.property(projects, fc.boolean(), (list, isRenamed) => {
        const named = list.map((one, at) => ({ ...one, name: isRenamed ? `n${at}` : one.name }));
        const { text } = writeManifest(format, named);
        const again = parseManifest(text, { file: 'x', format, isLocal: false });
        expect(again.losses).toEqual([]);
        // A relative url is not of repo's kind.
        const urls =
          format === 'repo'
            ? named.map((one) => ({ ...one, url: one.url.replace(/^\.\.\//, '../../') }))
            : named;
        expect(again.projects.map(withoutLine)).toEqual(urls);
      }),
    );
  });

  test('repos, but for branches beside pins, and groups', () => {
    fc.assert(
      fc.property(projects, (list) => {
        const { text, losses } = writeManifest('repos', list);
        const again = parseManifest(text, { file: 'x', format: 'repos', isLocal: false });
        const kept = list.map(({ branch, pin, ...rest }) => ({
          ...rest,
          ...(pin ? { pin } : { branch }),
          groups: [],
        }));
        expect(again.projects.map(withoutLine)).toEqual(kept);
        const isLossy = list.some(({ pin, groups }) => pin !== undefined || groups.length > 0);
        expect(losses.length > 0).toBe(isLossy);
      }),
    );
  });

  test('a url is base and rest, and again the url', () => {
    for (const one of [
      'https://h/a/b.git',
      'git@h:b.git',
      'git@h:a/b',
      '../b',
      '/srv/b',
      'ssh://h/b',
    ]) {
      const { base, rest } = splitUrl(one);
      expect(joinUrl(base, rest)).toBe(one);
    }
  });
});

test('values are in quotes: = or 12e45 are no texts to PyYAML', () => {
  const one = { name: 'a', path: 'yes', url: 'https://h/a', branch: '=', groups: ['on'] };
  const west = writeManifest('west', [one]).text;
  expect(west).toContain('revision: "="\n      path: "yes"\n      groups:\n        - "on"\n');
  expect(writeManifest('repos', [one]).text).toBe(
    'repositories:\n  "yes":\n    type: "git"\n    url: "https://h/a"\n    version: "="\n',
  );
});

test('what a format has no word for is named', () => {
  const one = { name: 'libs/foo', path: 'foo', url: 'https://h/foo', groups: ['-x'] };
  expect(writeManifest('west', [one]).losses).toEqual([
    { what: 'west takes no such name: libs-foo is written', names: ['libs/foo'] },
    { what: "west takes no group '-x'", names: ['libs/foo'] },
    { what: "west knows no 'default branch': HEAD is written", names: ['libs/foo'] },
  ]);
  expect(writeManifest('repo', [one]).losses).toHaveLength(1);
  expect(writeManifest('repos', [one]).losses).toHaveLength(2);
  const twins = [one, { ...one, name: 'libs-foo', path: 'b' }];
  expect(writeManifest('west', twins).text).toContain('name: "libs-foo-2"');
});

describe('hostile manifests are refused', () => {
  const inRepo = (project: string): string =>
    `<manifest><remote name="o" fetch="https://h"/><default remote="o" revision="m"/>\n${project}\n</manifest>`;
  const inRepos = (path: string): string =>
    `repositories:\n  ${JSON.stringify(path)}: {url: https://h/x}`;

  test('entities that read files or fill memory', () => {
    const xxe =
      '<?xml version="1.0"?>\n<!DOCTYPE m [<!ENTITY x SYSTEM "file:///etc/passwd">]>\n<manifest>&x;</manifest>';
    expect(faults(xxe, 'a.xml')).toEqual([
      '2: it declares a document type, which could read files or fill memory',
    ]);
    const laughs = `<!doctype m [<!ENTITY a "ha">${'<!ENTITY b "&a;&a;">'.repeat(9)}]><manifest/>`;
    expect(faults(laughs, 'a.xml')).toHaveLength(1);
    expect(faults('<manifest><!ENTITY a "x"></manifest>', 'a.xml')).toHaveLength(1);
  });

  test('aliases that grow without end', () => {
    const grow = Array.from(
      { length: 12 },
      (_, i) => `l${i + 1}: &l${i + 1} [${Array(9).fill(`*l${i}`).join(',')}]`,
    );
    const [fault = ''] = faults(`l0: &l0 [x]\n${grow.join('\n')}\nrepositories: {}`, 'a.repos');
    expect(fault).toMatch(/^1: its aliases cannot be read/);
  });

  test('what is huge or nested without end', () => {
    expect(faults(' '.repeat(4_000_001), 'a.xml')[0]).toContain('larger than 4 MB');
    const deep = '<project name="a">'.repeat(5000) + '</project>'.repeat(5000);
    expect(faults(`<manifest>${deep}</manifest>`, 'a.xml')).toHaveLength(1);
    expect(faults('['.repeat(50_000), 'a.repos')).toHaveLength(1);
  });

  test.each([
    ['../x', 'leads elsewhere'],
    ['/etc/x', 'absolute'],
    ['a/../../x', 'leads elsewhere'],
    ['.git/hooks', "git's own folder"],
    ['a/.GIT ', "git's own folder"],
    ['-x', 'option'],
    ['a\\b', 'backslash'],
    ['a\r', 'control'],
  ])('the path %j', (path, reason) => {
    const all = faults(inRepos(path), 'a.repos');
    expect(all.length).toBeGreaterThan(0);
    for (const fault of all) {
      expect(fault).toMatch(/^2: /);
      expect(fault).toContain(reason);
    }
  });

  test('paths that come twice, with their lines', () => {
    const twice = inRepo(
      '<project name="a" path="x"/>\n<project name="b" path="X"/>\n<project name="c" path="x/y"/>',
    );
    expect(faults(twice, 'a.xml').map((fault) => fault.split(':')[0])).toEqual([
      '3',
      '4',
      '3',
      '4',
    ]);
    expect(
      faults('repositories:\n  a: {url: https://h/x}\n  a: {url: https://h/y}', 'a.repos'),
    ).toHaveLength(1);
  });

  test('urls, branches and pins that would do something else', () => {
    const one = (url: string, more = ''): string =>
      `repositories:\n  a: {url: ${JSON.stringify(url)}${more}}`;
    for (const url of [
      'ext::sh -c x',
      '--upload-pack=x',
      'file:///etc',
      '/srv/x',
      'fd::7',
      'ssh://-oProxyCommand=x/y',
    ])
      expect(faults(one(url), 'a.repos'), url).toHaveLength(1);
    expect(faults(one('https://h/x', ', version: "--force"'), 'a.repos')).toHaveLength(1);
    expect(
      faults('{"components":[{"path":"a","url":"https://h/x","pin":"--x"}]}', 'a.json'),
    ).toHaveLength(1);
  });

  test.each(FORMATS)('nonsense as %s is one error with a place', (format) => {
    for (const text of ['', '[]', '<a', '{', 'a: [', '\0', 'null', '<a/><b/>', '"x"'])
      expect(() => parseManifest(text, { file: 'f', format, isLocal: false }), text).toThrow(
        SkerryError,
      );
  });

  test('keys of objects are no way in', () => {
    expect(
      parse('repositories:\n  __proto__: {url: https://h/x}', 'a.repos').projects[0]?.path,
    ).toBe('__proto__');
    expect(({} as { url?: string }).url).toBeUndefined();
  });
});
