import { expect, test } from 'vitest';
import type { SkerryError } from '../util/errors.ts';
import { checkJson } from './check-json.ts';

test.each([
  ['{ "a": }', '1:8', "Unexpected token '}'"],
  ["{\n  'a': 1 }", '2:3', "Expected property name or '}' in JSON"],
  ['{ "a": 1,\n  // no\n "b": 2 }', '2:3', 'Expected double-quoted property name in JSON'],
  ['{ "a": tru }', '1:11', "Unexpected token ' '"],
  ['{ "a": "x\ny" }', '1:10', 'Bad control character in string literal in JSON'],
  ['{ "a": [1, 2 }\n', '1:14', "Expected ',' or ']' after array element in JSON"],
  ['{} x', '1:4', 'Unexpected non-whitespace character after JSON'],
  ['{ "a": "x', '1:10', 'Unterminated string in JSON'],
  ['', '1:1', 'Unexpected end of JSON input'],
])('%j is wrong at %s', (source, place, reason) => {
  let error: SkerryError | undefined;
  try {
    checkJson('a.json', source);
  } catch (caught) {
    error = caught as SkerryError;
  }
  expect(`${error?.place?.line}:${error?.place?.column}`).toBe(place);
  expect(error?.message).toBe(reason);
});

test('JSON is JSON', () => {
  expect(() => checkJson('a.json', '{ "a": [1, true, null] }\n')).not.toThrow();
});
