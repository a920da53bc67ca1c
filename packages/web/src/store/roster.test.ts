import { expect, test } from 'vitest';
import { applyLive } from './apply-live.ts';
import { parseFilter } from './filter.ts';
import { loads, orderOf, rosterRows } from './roster.ts';
import { EMPTY } from './state.ts';
import { hello, hypervisor, vm } from './test-entities.ts';

const state = applyLive(
  EMPTY,
  hello([
    [vm('web-10', { uuid: 'a', hypervisor: 'hv2', state: 'running', memoryMiB: 100 }), 0],
    [vm('web-9', { uuid: 'b', hypervisor: 'hv2', state: 'paused', memoryMiB: 10 }), 0],
    [vm('db', { uuid: 'c', hypervisor: 'hv10', state: 'shutoff' }), 0],
    [hypervisor('hv2'), 0],
    [hypervisor('hv10'), 0],
    [hypervisor('hv3'), 0],
  ]),
);
const order = orderOf(state);
const ids = (text: string, folded: string[] = []): string[] =>
  rosterRows(order, state.entities, parseFilter(text), new Set(folded)).map(({ id }) => id);

test('hypervisors and their machines are in the order people count in', () => {
  expect(ids('')).toEqual([
    'hypervisor:hv2',
    'vm:b',
    'vm:a',
    'hypervisor:hv3',
    'hypervisor:hv10',
    'vm:c',
  ]);
});

test('a filter leaves out what does not match, and the groups without any', () => {
  expect(ids('web-1')).toEqual(['hypervisor:hv2', 'vm:a']);
  expect(ids('hv3')).toEqual(['hypervisor:hv3']);
});

test('a folded group hides its machines, until one filters', () => {
  expect(ids('', ['hv2', 'hv10'])).toEqual(['hypervisor:hv2', 'hypervisor:hv3', 'hypervisor:hv10']);
  expect(ids('web-1', ['hv2'])).toEqual(['hypervisor:hv2', 'vm:a']);
});

test('the order stays the same object as long as nobody comes or goes', () => {
  const changed = [[vm('db', { uuid: 'c', hypervisor: 'hv10', state: 'running' }), 0]] as const;
  const next = applyLive(state, { type: 'entities', changed, removed: [] });
  expect(orderOf(next, order)).toBe(order);
  const fewer = applyLive(state, { type: 'entities', changed: [], removed: ['vm:c'] });
  expect(orderOf(fewer, order)).not.toBe(order);
});

test('machines that are on use memory', () => {
  expect(loads(state.entities).get('hv2')).toEqual({ total: 2, running: 1, usedMiB: 110 });
  expect(loads(state.entities).get('hv10')).toEqual({ total: 1, running: 0, usedMiB: 0 });
});

test('a machine whose hypervisor one may not see is still in a group', () => {
  const lone = applyLive(EMPTY, hello([[vm('x', { uuid: 'd', hypervisor: 'far' }), 1]]));
  const rows = rosterRows(orderOf(lone), lone.entities, parseFilter(''), new Set());
  expect(rows).toMatchObject([{ kind: 'group', name: 'far' }, { id: 'vm:d' }]);
});

test('by tag, each machine is under each of them, and those without are the last', () => {
  const tagged = applyLive(
    EMPTY,
    hello([
      [vm('a', { uuid: 'a', tags: ['web', 'prod'] }), 0],
      [vm('b', { uuid: 'b' }), 0],
      [vm('c', { uuid: 'c', tags: ['db'] }), 0],
      [hypervisor('hv1'), 0],
    ]),
  );
  const byTag = orderOf(tagged, order, 'tag');
  const rows = (folded: string[] = []) =>
    rosterRows(byTag, tagged.entities, parseFilter(''), new Set(folded)).map(({ id }) => id);
  expect(rows()).toEqual([
    ...['tag:db', 'vm:c', 'tag:prod', 'vm:a'],
    ...['tag:web', 'vm:a', 'tag:', 'vm:b'],
  ]);
  expect(rows(['tag:web', 'prod'])).toEqual([
    ...['tag:db', 'vm:c', 'tag:prod', 'vm:a'],
    ...['tag:web', 'tag:', 'vm:b'],
  ]);
  expect(orderOf(tagged, byTag, 'tag')).toBe(byTag);
});
