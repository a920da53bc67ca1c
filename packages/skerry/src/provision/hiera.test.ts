import { expect, test } from 'vitest';
import { hieraFolders } from './hiera.ts';

test.each([
  ['version: 5\n', ['data']],
  ['version: 5\ndefaults:\n  datadir: hieradata\n', ['hieradata']],
  [
    'version: 5\nhierarchy:\n- name: a\n  datadir: one/%{role}\n- name: b\n  datadir: ./two/\n- name: c\n',
    ['data', 'one', 'two'],
  ],
  ['version: 5\ndefaults:\n  datadir: d\nhierarchy:\n- name: a\n  datadir: d/sub\n', ['d']],
  ['version: 5\ndefaults:\n  datadir: /etc/data\n', []],
  ['version: 5\ndefaults:\n  datadir: ../data\n', []],
  ['version: 5\ndefaults:\n  datadir: "%{environment}"\n', []],
  [':backends:\n- yaml\n', []],
  ['', []],
])('%j has its data in %j', (text, folders) => {
  expect(hieraFolders(text)).toEqual(folders);
});
