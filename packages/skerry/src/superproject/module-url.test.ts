import { expect, test } from 'vitest';
import { hostOf, resolveUrl } from './module-url.ts';

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
