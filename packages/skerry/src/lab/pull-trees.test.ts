import { expect, test } from 'vitest';
import { folderWithin } from './pull-trees.ts';

test.each([
  ['/lab/made', '/tmp/out/made'],
  ['/lab/build/dist', '/tmp/out/build/dist'],
  ['/lab', '/tmp/out/lab'],
  ['/elsewhere/dist', '/tmp/out/dist'],
])('what comes to %s goes to %s instead', (to, wanted) => {
  expect(folderWithin('/tmp/out', '/lab', to)).toBe(wanted);
});
