import { expect, test } from 'vitest';
import type { PinnedComponent } from '../read-superproject.ts';
import { compareComponents } from './compare-components.ts';

function component(name: string, pin: string | undefined, more = {}): PinnedComponent {
  const remote = `https://host/${name}.git`;
  return { name, path: name, url: `../${name}.git`, extra: {}, line: 1, remote, pin, ...more };
}

function words(before: PinnedComponent[], now: PinnedComponent[]): string[] {
  return compareComponents(before, now).differences.map(({ path, kind }) => `${path} ${kind}`);
}

test('tells moved, added, removed and changed ones apart, in the order of paths', () => {
  const before = [component('b', '1'), component('gone', '1'), component('same', '1')];
  const now = [component('new', '1'), component('b', '2'), component('same', '1')];
  expect(words(before, now)).toEqual(['b moved', 'gone removed', 'new added']);
  expect(compareComponents(before, now).unchanged).toBe(1);
});

test('a component that moved to another path or url is the same one', () => {
  const before = [component('a', '1')];
  const now = [component('a', '2', { path: 'libs/a', remote: 'https://me:secret@new/a.git' })];
  const [difference] = compareComponents(before, now).differences;
  expect(difference).toMatchObject({
    path: 'libs/a',
    pathBefore: 'a',
    kind: 'moved',
    urlBefore: 'https://host/a.git',
  });
  expect(words(before, [component('a', '1', { path: 'x' })])).toEqual(['x changed']);
});

test('a new name at the same path is the same one, unless its name lives elsewhere', () => {
  expect(words([component('a', '1')], [component('z', '2', { path: 'a' })])).toEqual(['a moved']);
  const swapped = [component('a', '1', { path: 'b' }), component('b', '2', { path: 'a' })];
  expect(words([component('a', '1'), component('b', '2')], swapped)).toEqual([
    'a changed',
    'b changed',
  ]);
});

test('one that pins nothing is not there', () => {
  expect(words([component('a', undefined)], [component('a', '1')])).toEqual(['a added']);
  expect(words([component('a', undefined)], [component('a', undefined)])).toEqual([]);
});
