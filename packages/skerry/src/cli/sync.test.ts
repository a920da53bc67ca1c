import { expect, test } from 'vitest';
import { formatStates, refuseContradictions } from './sync.ts';

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

test('machines that have a tree in the same state are named together, as in status', () => {
  const row = (machine: string, words: string, to = '/srv/src') => ({
    ...{ place: { mode: 'push', from: '/src', to, machine } as const, words },
  });
  const rows = [row('one', 'up to date'), row('two', 'off'), row('three', 'up to date')];
  expect(formatStates([...rows, row('one', 'up to date', '/srv/web')]).split('\n')).toEqual([
    'TREE                        STATE',
    '/src -> one,three:/srv/src  up to date',
    '/src -> two:/srv/src        off',
    '/src -> one:/srv/web        up to date',
  ]);
});
