import { expect, test } from 'vitest';
import { formatStates, refuseContradictions, withHeld } from './sync.ts';

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

test('what hack holds back is not said to differ: sync would not send it', () => {
  const place = { mode: 'push', from: '/src', to: '/srv/src' } as const;
  const check = (machine: string, different: string[], extra: string[] = []) => ({
    ...{ ...place, machine, files: 3, hash: { host: 'a', machine: 'b' }, different, extra },
  });
  const state = { ...place, machine: 'one', connected: true, reason: '', refused: 0 };
  const live = { machines: [{ ...state, held: ['web.pl', 'gone.pl'] }] };
  expect(
    withHeld(
      [check('one', ['web.pl', 'note'], ['gone.pl', 'log']), check('two', ['web.pl'])],
      live,
    ),
  ).toMatchObject([
    { machine: 'one', different: ['note'], extra: ['log'], held: ['web.pl', 'gone.pl'] },
    { machine: 'two', different: ['web.pl'] },
  ]);
});
