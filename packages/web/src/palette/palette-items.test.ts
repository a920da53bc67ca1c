import { expect, test } from 'vitest';
import { hypervisor, verb, vm } from '../store/test-entities.ts';
import { paletteItems } from './palette-items.ts';

const web = vm('web-1', { uuid: 'a', state: 'running', tags: ['prod'] });
const off = vm('web-2', { uuid: 'b' });
const verbs = [
  verb('create', {
    title: 'Start',
    command: 'start',
    chat: ['start', 'boot'],
    states: ['shutoff'],
  }),
  verb('destroy', { title: 'Force off', chat: ['kill'], states: ['running'] }),
  verb('migrate', { title: 'Migrate', command: 'migrate', states: ['running'] }),
  verb('drain', { title: 'Drain', entity: 'hypervisor' }),
];
const find = (query: string, current?: typeof web): string[] =>
  paletteItems({
    query,
    entities: [web, off, hypervisor('hv1'), hypervisor('hv2')],
    verbs,
    current,
    readinessOf: (each, entity) => ({
      ready: entity.kind !== 'vm' || (each.states ?? []).includes(entity.state),
      why: 'why',
    }),
    iconOf: () => 'dot',
  }).map(({ label, off: isOff }) => (isOff ? `(${label})` : label));

test('a name finds the machine first', () => {
  expect(find('web-2')[0]).toBe('web-2');
});

test('a verb and a part of a name find the verb, those that can be first', () => {
  const found = find('start web');
  expect(found.slice(0, 2)).toEqual(['Start: web-2', '(Start: web-1)']);
});

test.each(['boot web-2', 'start web-2'])('the words of the chat mean the same: %s', (query) => {
  expect(find(query)[0]).toBe('Start: web-2');
});

test('verbs of several words are understood', () => {
  expect(find('force off web-1')[0]).toBe('Force off: web-1');
});

test('the verbs of the open page come first when nothing is typed', () => {
  expect(find('', web)[0]).toBe('Force off: web-1');
});

test.each(['migrate web-1 hv2', 'migrate web-1 to hv2', 'migrate web hv'])('%s', (query) => {
  expect(find(query)[0]).toBe('Migrate: web-1 to hv2');
  expect(find(query)).not.toContain('Migrate: web-1 to hv1');
});

test('the words of the filter find machines, and whom a verb is for', () => {
  expect(find('tag:prod')).toEqual(['web-1']);
  expect(find('state:off')).toEqual(['web-2']);
  expect(find('force off tag:prod')).toEqual(['Force off: web-1']);
});

test('pages are found', () => {
  expect(find('parked')).toContain('Parked machines');
});
