import { expect, test } from 'vitest';
import { parseResult, userDataProblem } from './cloud-init-data.ts';

test.each([
  '#cloud-config\na: 1\n',
  '#!/bin/sh\n',
  '## template: jinja\n#cloud-config\na: {{ x }}',
])('%j is user data', (text) => {
  expect(userDataProblem(text)).toBeUndefined();
});

test.each([
  ['packages: [x]\n', 1, /begins with 'packages: \[x\]'/],
  ['# cloud-config\n', 1, /does not know/],
  ['', 1, /does not know/],
  ['#cloud-config\na: 1\nb: [\n', 4, /no YAML/],
])('%j is none', (text, line, reason) => {
  expect(userDataProblem(text)).toMatchObject({ line, reason: expect.stringMatching(reason) });
});

test('errors of stages are found in the status', () => {
  const status = {
    v1: { datasource: 'x', stage: null, init: { errors: [] }, 'modules-final': { errors: ['no'] } },
  };
  expect(parseResult(JSON.stringify(status))).toEqual(['modules-final: no']);
  expect(parseResult('')).toEqual([]);
});
