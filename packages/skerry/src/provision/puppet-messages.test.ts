import { expect, test } from 'vitest';
import { isSuccess, parseError } from './puppet-messages.ts';

test.each([
  [
    "Error: Could not parse for environment production: Syntax error at '}' (file: /tmp/p/default.pp, line: 3, column: 5) on node one.demo.test",
    {
      message: "Could not parse for environment production: Syntax error at '}'",
      ...{ file: '/tmp/p/default.pp', line: 3, column: 5 },
    },
  ],
  [
    'Error: Evaluation Error: Error while evaluating a Resource Statement, Unknown resource type: x (file: /m/a (b).pp, line: 2) on node one',
    {
      message:
        'Evaluation Error: Error while evaluating a Resource Statement, Unknown resource type: x',
      ...{ file: '/m/a (b).pp', line: 2 },
    },
  ],
  [
    'Error: Evaluation Error: no such class at /m/site.pp:4:1 on node one',
    { message: 'Evaluation Error: no such class', file: '/m/site.pp', line: 4, column: 1 },
  ],
  ['Error: Failed to apply catalog: x', { message: 'Failed to apply catalog: x' }],
])('%s', (line, error) => {
  expect(parseError(line)).toEqual(error);
});

test('what is no error is none', () => {
  expect(parseError('Notice: Applied catalog in 0.02 seconds')).toBeUndefined();
  expect(parseError('Warning: Error: x')).toBeUndefined();
});

test.each([
  [0, true],
  [2, true],
  [1, false],
  [4, false],
  [6, false],
  [undefined, false],
])('exit code %s is a success: %s', (code, is) => {
  expect(isSuccess(code)).toBe(is);
});
