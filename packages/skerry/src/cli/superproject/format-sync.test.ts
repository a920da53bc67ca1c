import { stripVTControlCharacters } from 'node:util';
import { expect, test } from 'vitest';
import type { SyncedComponent } from '../../superproject/checkout/sync.ts';
import { SkerryError } from '../../util/errors.ts';
import { formatPlan, formatSync, syncExit } from './format-sync.ts';

function component(path: string, rest: Partial<SyncedComponent> = {}): SyncedComponent {
  return {
    ...{ name: path, path, pin: '1'.repeat(40), isNested: false, status: 'unchanged', notes: [] },
    ...rest,
  };
}

function failed(path: string, code: 'SP_TRANSIENT' | 'SP_GIT' | 'SP_PATH_LINK'): SyncedComponent {
  const data = {
    action: 'fetch',
    where: '',
    reason: '  line 1\n  line 2',
    tries: '4 times',
    command: 'git fetch',
    path,
  };
  return component(path, { status: 'failed', error: new SkerryError(code, { data }) });
}

const found = (components: readonly SyncedComponent[]) => ({
  ...{ components, leftOvers: [], commands: [], connections: 0 },
});

test('numbers first, then what somebody should know, with all that git said', () => {
  const text = formatSync({
    ...found([
      component('calm'),
      component('kept', { status: 'moved', rescued: 'refs/superproject/rescue/20261125T070000Z' }),
      component('mine', { status: 'left', notes: ['has changes that are not committed'] }),
      failed('broken', 'SP_GIT'),
    ]),
    leftOvers: [
      { name: 'old', path: 'old', dir: '/old', gitDir: '/g' },
      { name: 'held', path: 'held', dir: '/held', gitDir: '/g', reason: 'a rebase is under way' },
    ],
  });
  expect(`\n${stripVTControlCharacters(text)}\n`).toMatchInlineSnapshot(`
    "
    4 components: 1 moved, 1 as they were, 1 left alone, 1 failed.
    - old: removed, this commit does not have it
    ! held: this commit does not have it, and a rebase is under way: not removed
    ! kept: commits that were on no branch are kept: git log refs/superproject/rescue/20261125T070000Z
    ! mine: left alone: has changes that are not committed
    ✗ broken: git fetch failed:
      line 1
      line 2
      hint: try it by hand: git fetch
    "
  `);
});

test('nested components are counted as such, and no path is said twice', () => {
  const text = formatSync(found([component('a'), component('a/b', { isNested: true })]));
  expect(text).toBe('2 components (1 of them in components): 2 as they were.');
  const link = stripVTControlCharacters(formatSync(found([failed('a', 'SP_PATH_LINK')])));
  expect(link).toContain('✗ a: a symbolic link is on the way to it');
});

test('a plan says what it does not reach, and that there is nothing to do only where that is so', () => {
  const left = component('mine', { status: 'left', notes: ['has changes that are not committed'] });
  const plan = (components: readonly SyncedComponent[]): string =>
    stripVTControlCharacters(formatPlan(found(components)));
  expect(plan([component('calm')])).toBe('Nothing to do.');
  expect(plan([component('calm'), left])).toBe(
    '! mine: left alone: has changes that are not committed',
  );
});

test.each([
  ['all at their pins', [component('a'), component('b', { status: 'moved' })], 0],
  ['one left alone', [component('a'), component('b', { status: 'left' })], 5],
  ['some failed', [component('a'), failed('b', 'SP_GIT')], 5],
  ['no connection got through', [failed('a', 'SP_TRANSIENT'), failed('b', 'SP_TRANSIENT')], 4],
  ['all refused', [failed('a', 'SP_PATH_LINK')], 3],
  ['all failed, for different reasons', [failed('a', 'SP_TRANSIENT'), failed('b', 'SP_GIT')], 1],
])('the exit code when %s', (_, components, code) => {
  expect(syncExit(found(components))).toBe(code);
});
