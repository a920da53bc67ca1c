import { expect, test } from 'vitest';
import { isIn } from './is-in.ts';

test.each([
  ['/pool/a', true],
  ['/pool/a/b', true],
  ['/pool/../a', false],
  ['/poolx/a', false],
  ['/pool/./a', false],
  ['/pool//a', false],
])('%s is in /pool: %s', (path, is) => expect(isIn(path, '/pool')).toBe(is));
