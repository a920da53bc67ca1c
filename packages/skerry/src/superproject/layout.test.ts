import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { layoutOf, type RepositoryUse } from './layout.ts';
import { resolveUrl } from './module-url.ts';

function uses(parent: string, ...urls: string[]): RepositoryUse[] {
  return urls.map((url) => ({ parent, url, remote: resolveUrl(parent, url) }));
}

function paths(superUrl: string, all: readonly RepositoryUse[]): Record<string, string> {
  return Object.fromEntries(layoutOf(superUrl, all).paths);
}

describe('layout of repositories in a folder', () => {
  test('siblings lie beside the superproject, whatever it is called', () => {
    const main = 'ssh://git@host/group/all.git';
    expect(paths(main, uses(main, '../lib.git', '../deep/x.git'))).toEqual({
      [main]: 'super.git',
      'ssh://git@host/group/lib.git': 'lib.git',
      'ssh://git@host/group/deep/x.git': 'deep/x.git',
    });
  });

  test('keeps as many folders as relative urls go up', () => {
    const main = 'https://host/a/b/all.git';
    expect(Object.values(paths(main, uses(main, '../../c/lib.git')))).toEqual([
      'b/super.git',
      'c/lib.git',
    ]);
    expect(Object.values(paths(main, uses(main, '../../b/lib.git')))).toEqual([
      'b/super.git',
      'b/lib.git',
    ]);
  });

  test('below the superproject, scp urls, a component that is called super.git', () => {
    const main = 'git@host:group/all.git';
    expect(Object.values(paths(main, uses(main, './lib.git', '../super.git')))).toEqual([
      'all.git',
      'all.git/lib.git',
      'super.git',
    ]);
    expect(Object.values(paths(main, uses(main, './lib.git')))).toEqual([
      'super.git',
      'super.git/lib.git',
    ]);
  });

  test('other hosts lie apart, and absolute urls are rewritten', () => {
    const main = 'https://host/g/all.git';
    const urls = ['https://other.org/x/y.git', 'git@third:z.git', 'https://host/g/own.git'];
    const layout = layoutOf(main, uses(main, ...urls));
    expect([...layout.paths.values()]).toEqual([
      'super.git',
      'external/other.org/x/y.git',
      'external/third/z.git',
      'own.git',
    ]);
    expect(layout.rewrites).toEqual([
      { url: 'git@third:', path: 'external/third/' },
      { url: 'https://host/g/', path: '' },
      { url: 'https://other.org/', path: 'external/other.org/' },
    ]);
  });

  test('no secret of a url gets into a path', () => {
    const main = 'https://host/g/all.git';
    const found = layoutOf(main, uses(main, 'https://me:secret@other.org/x.git'));
    expect([...found.paths.values()].join()).not.toContain('secret');
  });

  test('gives way to names that are taken', () => {
    const main = 'https://host/g/all.git';
    const all = uses(main, '../README.txt');
    expect([...layoutOf(main, all, ['README.txt']).paths.values()]).toEqual([
      'g/super.git',
      'g/README.txt',
    ]);
    expect(() => layoutOf('https://host/README.txt', [], ['README.txt'])).not.toThrow();
    const flat = 'https://host/all.git';
    expect(() => layoutOf(flat, uses(flat, '../README.txt'), ['README.txt'])).toThrow(/README/);
  });

  test.each(['https://host/a/../../etc/x.git', 'https://host/.GIT/x', 'https://host/'])(
    'refuses %s',
    (url) => {
      const main = 'https://host/g/all.git';
      expect(() => layoutOf(main, uses(main, url))).toThrow(/no place in a folder/);
    },
  );

  test('relative urls find in the folder what they find on the host', () => {
    const part = fc.constantFrom('a', 'b', 'c', 'lib.git');
    const relative = fc
      .tuple(fc.integer({ min: 0, max: 3 }), fc.array(part, { minLength: 1, maxLength: 3 }))
      .map(([ups, parts]) => `${ups === 0 ? './' : '../'.repeat(ups)}${parts.join('/')}`);
    fc.assert(
      fc.property(
        fc.array(part, { minLength: 3, maxLength: 4 }),
        fc.array(relative, { maxLength: 5 }),
        (at, urls) => {
          const main = `https://host/${at.join('/')}/all.git`;
          const all = uses(main, ...urls);
          const layout = layoutOf(main, all);
          for (const { url, remote } of all)
            expect(resolveUrl(`/root/${layout.main}`, url)).toBe(
              `/root/${layout.paths.get(remote)}`,
            );
        },
      ),
    );
  });
});
