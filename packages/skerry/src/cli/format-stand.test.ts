import { expect, test } from 'vitest';
import type { StandView } from '../cloud/central/stand-view.ts';
import { checkCentrals } from '../cloud/doctor/cloud-checks.ts';
import { formatStand } from './format-stand.ts';

const other = {
  name: 'two',
  url: 'https://two:8443',
  heard: true,
  behind: 0,
  ready: true,
} as const;
const active: StandView = {
  name: 'one',
  role: 'active',
  term: 3,
  since: 0,
  active: 'one',
  other,
  problem: '',
};

test.each<[string, StandView, string[], string | undefined]>([
  ['alone', { ...active, role: 'alone', other: null }, ['one is the only central'], undefined],
  [
    'active',
    active,
    [
      'one is active',
      'one is active since 90 min, in term 3',
      'two is heard (https://two:8443)',
      'two has all that is here, and takes over when this one is gone',
    ],
    'ok one is active, the other one follows',
  ],
  [
    'active with a standby that is behind',
    { ...active, other: { ...other, behind: 2, ready: false } },
    [
      'one is active',
      'one is active since 90 min, in term 3',
      'two is heard (https://two:8443)',
      'two is 2 changes behind, and cannot take over yet',
    ],
    'note one is active; two cannot take over yet: it is 2 changes behind',
  ],
  [
    'active without the other',
    {
      ...active,
      other: { ...other, heard: false, behind: null, ready: false },
      problem: 'timed out',
    },
    [
      'one is active',
      'one is active since 90 min, in term 3',
      'two is not heard (https://two:8443)',
      'two has no copy of what is here: it cannot take over',
      'problem: timed out',
    ],
    'problem one is active; two is not heard: timed out',
  ],
  [
    'standby',
    { ...active, role: 'standby', active: 'two', other: { ...other, behind: null, ready: false } },
    [
      'one is a standby',
      'two is active since 90 min, in term 3',
      'two is heard (https://two:8443)',
    ],
    'ok two is active, the other one follows',
  ],
  [
    'cut off',
    { ...active, role: 'cut-off', other: { ...other, heard: false } },
    [
      'one is cut off: it does nothing until it hears the other one, or most hypervisors',
      'one is active since 90 min, in term 3',
      'two is not heard (https://two:8443)',
    ],
    'problem one reaches neither two nor most hypervisors, so it does nothing',
  ],
])('%s', (_, stand, lines, check) => {
  expect(formatStand(stand, 90 * 60_000).split('\n')).toEqual(lines);
  expect(checkCentrals(stand).map(({ state, found }) => `${state} ${found}`)).toEqual(
    check === undefined ? [] : [check],
  );
});
