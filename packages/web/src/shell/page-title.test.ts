import { expect, test } from 'vitest';
import { vm } from '../store/test-entities.ts';
import { pageTitle } from './page-title.ts';

test.each([
  ['/', 'Overview · Skerry'],
  ['/map', 'Overview · Skerry'],
  ['/people', 'People · Skerry'],
  ['/people/ann', 'ann · Skerry'],
  ['/nowhere', 'Skerry'],
])('%s is called %s', (path, title) => {
  expect(pageTitle(path, undefined)).toBe(title);
});

test('of a machine its name comes first, then which side of it is seen', () => {
  expect(pageTitle('/vm/u1', vm('web-1'))).toBe('web-1 · Skerry');
  expect(pageTitle('/vm/u1/console', vm('web-1'))).toBe('web-1 · console · Skerry');
});
