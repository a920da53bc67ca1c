import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { TreeState } from '../lab/live-protocol.ts';
import type { TreeSpec } from '../lab-file/spec-sync.ts';
import { awayWords, treeLines } from './tree-state.ts';

const common = { exclude: [], owner: 'root' };
const src: TreeSpec = {
  ...{ ...common, mode: 'push', on: ['one', 'two', 'three'] },
  ...{ from: join(process.cwd(), 'src'), to: '/srv/src' },
};
const made: TreeSpec = {
  ...{ ...common, mode: 'pull', on: ['one'] },
  ...{ from: '/srv/made', to: join(process.cwd(), 'made') },
};
const state = (tree: TreeSpec, machine: string, more: Partial<TreeState> = {}): TreeState => ({
  ...{ mode: tree.mode, from: tree.from, to: tree.to, machine },
  ...{ connected: true, reason: '', refused: 0, ...more },
});
const lines = (fork: string | undefined, states: readonly TreeState[], off: string[] = []) => {
  const machines = off.map((name) => ({ name, state: 'shutoff' }));
  const away = awayWords(machines, { fork });
  return treeLines({ trees: [src, made], fork }, states, away).map((line) =>
    stripVTControlCharacters(line),
  );
};

test('one line for the machines with the same state; trees that are pulled too', () => {
  const lost = { connected: false, reason: 'the machine ended' };
  const states = [
    ...[state(src, 'one'), state(src, 'two', lost), state(src, 'three')],
    state(made, 'one', {
      refused: 2,
      refusals: [{ path: 'a', reason: 'No space left on device' }],
    }),
  ];
  expect(lines(undefined, states)).toEqual([
    'Tree: src -> one,three:/srv/src, up to date',
    'Tree: src -> two:/srv/src, not reached: the machine ended',
    'Tree: one:/srv/made -> made, 2 not written: a (No space left on device); more in skerry logs --system',
  ]);
  expect(lines(undefined, states, ['two'])[1]).toBe(
    'Tree: src -> two:/srv/src, two is off: skerry up two',
  );
});

test('of one that runs by now and was off a moment ago it is said that it boots', () => {
  const states = [state(src, 'two', { connected: false, reason: 'it is off' })];
  const text = (off: string[]): string => lines(undefined, states, off).join('\n');
  expect(text([])).toContain('two:/srv/src, not reached: it boots');
  expect(text(['two'])).toContain('two:/srv/src, two is off: skerry up two');
});

test('where nobody keeps a tree it is said what goes on with it', () => {
  expect(lines(undefined, [])[0]).toBe(
    'Tree: src -> one,two,three:/srv/src, not kept up to date: skerry up or skerry hack goes on with it, skerry sync brings it once',
  );
});

test('what is on its way is named', () => {
  const sending = { path: 'big.bin', files: 1, bytes: 40, of: 100 };
  const states = [state(src, 'one', { sending }), state(src, 'two'), state(made, 'one')];
  expect(lines(undefined, states).slice(0, 2)).toEqual([
    'Tree: src -> one:/srv/src, sending big.bin 40 %',
    'Tree: src -> two:/srv/src, up to date',
  ]);
});

test('of a fork it is said what brings a tree there, and that it brings nothing here', () => {
  expect(lines('try1', [])).toEqual([
    'Tree: src -> one,two,three:/srv/src, not kept up to date: skerry sync --lab try1 brings it once',
    'Tree: one:/srv/made -> made, stays in the fork: skerry sync --lab try1 --into FOLDER',
  ]);
});
