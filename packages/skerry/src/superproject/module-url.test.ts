import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { hostOf, leadsAbove, resolveUrl } from './module-url.ts';

const dir = mkdtempSync(join(tmpdir(), 'module-url-'));
afterAll(() => rmSync(dir, { recursive: true }));
const env = {
  ...{ PATH: process.env.PATH, HOME: dir, GIT_CONFIG_NOSYSTEM: '1', LC_ALL: 'C' },
  ...{
    GIT_AUTHOR_NAME: 'a',
    GIT_AUTHOR_EMAIL: 'a',
    GIT_COMMITTER_NAME: 'a',
    GIT_COMMITTER_EMAIL: 'a',
  },
};
const git = (args: readonly string[], input = ''): string =>
  execFileSync('git', args, { cwd: dir, env, input, encoding: 'utf8', stdio: 'pipe' });
git(['init', '--quiet']);
const config = readFileSync(join(dir, '.git/config'), 'utf8');

test.each([
  [
    'https://example.org/product/all.git',
    '../libfoo.git',
    'https://example.org/product/libfoo.git',
  ],
  ['https://example.org/product/all.git/', '../../x/libfoo', 'https://example.org/x/libfoo'],
  ['git@example.org:product/all.git', '../libfoo.git', 'git@example.org:product/libfoo.git'],
  ['git@example.org:all.git', '../libfoo.git', 'git@example.org:libfoo.git'],
  ['/srv/all.git', './sub/x', '/srv/all.git/sub/x'],
  ['https://example.org/all.git', 'ssh://other/x', 'ssh://other/x'],
])('of %s, %s is %s', (base, url, expected) => {
  expect(resolveUrl(base, url)).toBe(expected);
});

const BASES = [
  ...['https://h/a', 'https://h/p/a.git/', 'https://h:8/p/a', 'https://h/p//', 'https://h/p/x:y'],
  ...['git@h:p/a.git', 'git@h:a', 'h:p/x:y', 'ssh://u@h:22/p/a', 'file:///srv/p/a'],
  ...['/srv/p/a', './p/a', '../p/a', 'p/a'],
];
const URLS = [
  ...['../b', './b', '../../b', '../b/', './b//', './../b', '.././b', '..//b', '../:b', '../b c'],
  ...['../../../b', '../../../../b'],
];

/** Makes a superproject with these components and has git make their urls absolute. */
function gitResolves(base: string, urls: readonly string[]): string[] {
  const commit = git(['commit-tree', git(['mktree']).trim()], 'x').trim();
  const links = urls.map((_, at) => `160000 ${commit}\tm${at}\n`);
  const sections = urls.map((url, at) => `[submodule "m${at}"]\n\tpath = m${at}\n\turl = ${url}\n`);
  writeFileSync(join(dir, '.gitmodules'), sections.join(''));
  writeFileSync(join(dir, '.git/config'), `${config}[remote "origin"]\n\turl = ${base}\n`);
  git(['read-tree', '--empty']);
  git(['update-index', '--index-info'], links.join(''));
  git(['submodule', 'init']);
  return urls.map((_, at) => git(['config', `submodule.m${at}.url`]).trim());
}

test.each(BASES)('of %s, git makes the same', (base) => {
  const urls = URLS.filter((url) => !leadsAbove(base, url));
  expect(urls.length).toBeGreaterThan(8);
  // We keep the ./ of relative paths, so that none can look like anything else.
  const ours = urls.map((url) => resolveUrl(base, url).replace(/^\.\//, ''));
  expect(ours).toEqual(gitResolves(base, urls));
});

test.each(['https://h/a', 'git@h:a', '/srv/a', './a'])('git refuses to climb above %s', (base) => {
  const url = '../../../../../../b';
  expect(leadsAbove(base, url)).toBe(true);
  expect(() => gitResolves(base, [url])).toThrow(/cannot strip one component off url/);
});

test.each([
  ['https://me:pw@Example.org:8443/x', 'example.org:8443'],
  ['git@example.org:a/b', 'example.org'],
  ['ssh://git@example.org:2222/a', 'example.org:2222'],
  ['/srv/x', 'local'],
  ['file:///srv/x', 'local'],
  ['../x', 'local'],
])('the host of %s is %s', (url, host) => {
  expect(hostOf(url)).toBe(host);
});
