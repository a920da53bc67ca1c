import { expect, test } from 'vitest';
import { componentMessage } from './finish-tag.ts';

test.each([
  ['https://me:p@ss@host/x', 'https://host/x'],
  ['https://token@host/x', 'https://host/x'],
  ['ssh://git:p@ss@host/x', 'ssh://host/x'],
  ['ssh://git@host:22/x', 'ssh://host:22/x'],
  ['ssh://me@corp@host/x', 'ssh://corp@host/x'],
  ['git@host:x', 'git@host:x'],
  ['file:///srv/me@host/x', 'file:///srv/me@host/x'],
])('the tag of a component names %s as %s', (url, shown) => {
  expect(componentMessage('1.0', url)).toBe(`1.0\n\nSuperproject: ${shown}\n`);
});
