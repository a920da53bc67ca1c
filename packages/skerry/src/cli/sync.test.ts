import { expect, test } from 'vitest';
import { refuseContradictions } from './sync.ts';

test.each([
  [{ stop: true, check: true }, '--check and --stop'],
  [{ check: true, watch: true }, '--watch and --check'],
  [{ watch: true, stop: true, into: 'x' }, '--watch and --stop and --into'],
])('%j is refused', (options, words) => {
  const detail = `${words} do not go together: one at a time`;
  const error = expect.objectContaining({ code: 'USAGE', message: detail, exitCode: 2 });
  expect(() => refuseContradictions(options)).toThrow(error);
});

test.each([{}, { stop: true }, { check: true }, { into: 'x' }])('%j is done', (options) => {
  expect(() => refuseContradictions(options)).not.toThrow();
});
