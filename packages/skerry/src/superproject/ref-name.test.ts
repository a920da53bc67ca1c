import { expect, test } from 'vitest';
import { checkRefName } from './ref-name.ts';

const say = (name: string) => (): void => checkRefName('the branch', name);

test.each(['3.11', 'main', 'release/3.11.2', 'a'.repeat(39), 'g'.repeat(40), 'x@y'])(
  '%s is a name',
  (name) => expect(say(name)).not.toThrow(),
);

test.each([
  ['a'.repeat(40), 'looks like a commit'],
  ['0123456789ABCDEF0123456789abcdef01234567', 'looks like a commit'],
  ['1'.repeat(64), 'looks like a commit'],
  ['my phone', 'cannot be a name in git'],
  ['a..b', 'cannot be a name in git'],
  ['-x', 'cannot be a name in git'],
  ['x.lock', 'cannot be a name in git'],
  ['HEAD', 'means something else to git'],
])('%s is none: it %s', (name, reason) => {
  expect(say(name)).toThrow(`the branch: '${name}' ${reason}`);
});
