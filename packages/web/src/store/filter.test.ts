import { expect, test } from 'vitest';
import { matches, parseFilter } from './filter.ts';
import { hypervisor, vm } from './test-entities.ts';

const web = vm('web-1', {
  hypervisor: 'hv1',
  state: 'running',
  tags: ['web', 'prod'],
  nics: [
    {
      mac: '52:54:00:aa:bb:cc',
      type: 'network',
      source: 'default',
      model: null,
      addresses: ['10.98.0.57', 'fd00::57'],
    },
  ],
});
const old = vm('Old-Wiki', {
  hypervisor: 'hv2',
  state: 'shutoff',
  tags: ['archive'],
  managed: false,
});

test.each([
  ['', true, true],
  ['web', true, false],
  ['WEB', true, false],
  ['wiki', false, true],
  ['arch', false, true],
  ['tag:prod', true, false],
  ['tag:pro', true, false],
  ['tag:', true, true],
  ['-tag:prod', false, true],
  ['state:running', true, false],
  ['state:off', false, true],
  ['state:stopped', false, true],
  ['host:hv2', false, true],
  ['host:hv', true, true],
  ['tag:web state:paused', false, false],
  ['web host:hv1 -state:off', true, false],
  ['is:on', true, false],
  ['is:off', false, true],
  ['is:unmanaged', false, true],
  ['mac:aa:bb', true, false],
  ['ip:10', true, false],
  ['ip:98', false, false],
  ['10.98.', true, false],
  ['10', false, false],
  ['fd00::', true, false],
  ['name:wiki', false, true],
  ['colour:red', false, false],
  ['-', true, true],
])('%s', (text, isWeb, isOld) => {
  const filter = parseFilter(text);
  expect([matches(filter, web), matches(filter, old)]).toEqual([isWeb, isOld]);
});

test('a machine is found by the beginning of its uuid', () => {
  expect(matches(parseFilter(web.uuid.slice(0, 8)), web)).toBe(true);
});

test('a hypervisor has no state, and its own name as host', () => {
  const host = hypervisor('hv1');
  expect(matches(parseFilter('host:hv1'), host)).toBe(true);
  expect(matches(parseFilter('state:running'), host)).toBe(false);
  expect(matches(parseFilter('is:drained'), hypervisor('hv1', { drained: true }))).toBe(true);
});

test('only some filters look at states', () => {
  expect(parseFilter('web tag:x').byState).toBe(false);
  expect(parseFilter('state:run').byState).toBe(true);
  expect(parseFilter('is:busy').byState).toBe(true);
  expect(parseFilter('10.98').byState).toBe(true);
});
