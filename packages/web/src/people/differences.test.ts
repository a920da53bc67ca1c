import { expect, test } from 'vitest';
import { differences, isSame, scopeWords } from './differences.ts';

test('what is given and what is taken', () => {
  expect(differences(['info', 'create'], ['create', 'clone'])).toEqual({
    given: ['clone'],
    taken: ['info'],
  });
  expect(isSame(differences(['a', 'b'], ['b', 'a']))).toBe(true);
  expect(isSame(differences([], ['a']))).toBe(false);
});

test.each([
  ['all', 'everything'],
  ['tag:db:main', 'all with the tag db:main'],
  ['hypervisor:hv1', 'hv1 and its machines'],
  ['vm:1', 'web'],
  ['vm:2', '2'],
])('%s is %s', (scope, words) => {
  expect(scopeWords(scope, (id) => (id === 'vm:1' ? 'web' : undefined))).toBe(words);
});
