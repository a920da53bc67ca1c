import { expect, test } from 'vitest';
import { VERBS } from '../verbs/table.ts';
import { knownPermissions } from './known.ts';
import { FIRST_ROLES } from './policy.ts';

test('every permission is there once, with words', () => {
  const known = knownPermissions(VERBS);
  const names = known.map(({ permission }) => permission);
  expect(new Set(names).size).toBe(names.length);
  for (const { permission } of VERBS.all) expect(names).toContain(permission);
  for (const { title, summary } of known) {
    expect(title).toMatch(/^[A-Z]/);
    expect(summary).toMatch(/^[a-z'].*[^.]$/);
  }
});

test('the first roles may do what there is', () => {
  const names = knownPermissions(VERBS).map(({ permission }) => permission);
  expect(names).toEqual(expect.arrayContaining(Object.values(FIRST_ROLES).flat()));
});

test('what everybody may ask for gives a permission no name', () => {
  const titleOf = (name: string) =>
    knownPermissions(VERBS).find(({ permission }) => permission === name)?.title;
  expect(titleOf('permission_get')).toBe('Permissions');
  expect(titleOf('vmparking_unpark')).toBe('Unpark');
  const known = knownPermissions(VERBS);
  expect(known.find(({ title }) => title === 'Unpark')?.about).toBe('vm');
});

test('what machines and hypervisors have both is for both', () => {
  expect(knownPermissions(VERBS).find(({ permission }) => permission === 'settags')).toMatchObject({
    title: 'Tags',
    about: 'any',
  });
});
