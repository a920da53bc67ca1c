import { expect, test } from 'vitest';
import { treeName } from './tree-name.ts';

const pushed = { mode: 'push', from: '/home/me/lab/src', to: '/srv/src' } as const;
const pulled = { mode: 'pull', from: '/srv/made', to: '/home/me/lab/made' } as const;

test.each([
  [pushed, '/home/me/lab', 'src -> one:/srv/src'],
  [{ ...pushed, mode: 'share' as const }, '/home/me/lab/src', '. -> one:/srv/src'],
  [pushed, '/home/you', '/home/me/lab/src -> one:/srv/src'],
  [pushed, '/', '/home/me/lab/src -> one:/srv/src'],
  [pulled, '/home/me/lab', 'one:/srv/made -> made'],
])('%j seen from %s is %s', (tree, cwd, name) => {
  expect(treeName(tree, 'one', cwd)).toBe(name);
});
