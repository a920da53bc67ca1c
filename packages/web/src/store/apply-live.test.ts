import { expect, test } from 'vitest';
import { applyLive } from './apply-live.ts';
import { type CloudState, EMPTY, may, mayAnywhere, permissionsFor } from './state.ts';
import { ask } from './pending.ts';
import { tasksRead } from './tasks.ts';
import { hello, hypervisor, verb, vm } from './test-entities.ts';
import type { AuditEntry } from '../api/types.ts';

const web = vm('web', { uuid: 'a' });
const start = applyLive(
  EMPTY,
  hello([
    [hypervisor('hv1'), 0],
    [web, 0],
  ]),
);

test('hello is all there is, and makes it live', () => {
  expect(start.phase.is).toBe('live');
  expect([...start.entities.keys()]).toEqual(['hypervisor:hv1', 'vm:a']);
  const again = applyLive(start, hello([[hypervisor('hv1'), 0]]));
  expect([...again.entities.keys()]).toEqual(['hypervisor:hv1']);
});

test('a change replaces one entity and leaves the others as they are', () => {
  const next = applyLive(start, {
    type: 'entities',
    changed: [[{ ...web, state: 'running' }, 0]],
    removed: [],
  });
  expect(next.entities.get('vm:a')).toMatchObject({ state: 'running' });
  expect(next.entities.get('hypervisor:hv1')).toBe(start.entities.get('hypervisor:hv1'));
});

test.each([
  ['its state', { state: 'running' } as const, false],
  ['its name', { name: 'www' }, true],
  ['its place', { hypervisor: 'hv2' }, true],
  ['its tags', { tags: ['x'] }, true],
])('when %s changes, lists are sorted anew: %#', (_, change, isSorted) => {
  const changed = [[{ ...web, ...change }, 0]] as const;
  const next = applyLive(start, { type: 'entities', changed, removed: [] });
  expect(next.shape !== start.shape).toBe(isSorted);
});

test('what is removed is gone', () => {
  const next = applyLive(start, { type: 'entities', changed: [], removed: ['vm:a'] });
  expect(next.entities.has('vm:a')).toBe(false);
  expect(next.shape).not.toBe(start.shape);
});

test('permissions are those of the set that comes with the entity', () => {
  const next = applyLive(start, {
    type: 'entities',
    changed: [[web, 2]],
    removed: [],
    permissionSets: [['all'], ['info'], ['create']],
  });
  expect(may(permissionsFor(next, 'vm:a'), 'create')).toBe(true);
  expect(may(permissionsFor(next, 'vm:a'), 'destroy')).toBe(false);
  expect(may(permissionsFor(next, 'hypervisor:hv1'), 'drain')).toBe(true);
  expect(permissionsFor(next, 'vm:nobody').size).toBe(0);
});

test('a permission that one has no more for anything is none', () => {
  const none = applyLive(EMPTY, hello([[web, 0]], { permissionSets: [['info']] }));
  const permissionSets = [['info'], ['alloc']];
  const tell = (state: CloudState, set: number): CloudState =>
    applyLive(state, { type: 'entities', changed: [[web, set]], removed: [], permissionSets });
  const has = tell(none, 1);
  expect([none, has, tell(has, 0)].map((each) => mayAnywhere(each, 'alloc'))).toEqual([
    false,
    true,
    false,
  ]);
  const gone = applyLive(has, { type: 'entities', changed: [], removed: ['vm:a'] });
  expect(mayAnywhere(gone, 'alloc')).toBe(false);
});

test('a task shows up, goes on, and ends with its line in the log', () => {
  const task = { id: 't', verb: 'clone', by: 'ben', startedAt: 5, progress: null, note: '' };
  const busy = (progress: number | null) =>
    ({
      type: 'entities',
      changed: [[{ ...web, task: { ...task, progress } }, 0]],
      removed: [],
    }) as const;
  let state = applyLive(start, busy(null));
  state = applyLive(state, busy(0.5));
  expect(state.tasks).toMatchObject([{ id: 't', progress: 0.5, outcome: 'running', by: 'ben' }]);
  const entry = {
    id: 't',
    at: 5,
    entity: 'vm:a',
    name: 'web',
    hypervisor: 'hv1',
    verb: 'clone',
    by: { user: 'ben', via: 'cli' },
    outcome: 'failed',
    message: 'no room',
    params: {},
    durationMs: 10,
  } as const;
  state = applyLive(state, { type: 'audit', entry });
  expect(state.tasks).toMatchObject([
    { id: 't', outcome: 'failed', message: 'no room', endedAt: 15 },
  ]);
  expect(applyLive(state, busy(0.9)).tasks).toMatchObject([{ outcome: 'failed' }]);
});

const busy = { id: 't', verb: 'clone', by: 'ben', startedAt: 5, progress: 0.5, note: '' };
const seen = applyLive(start, {
  type: 'entities',
  changed: [[{ ...web, task: busy }, 0]],
  removed: [],
});

const done: AuditEntry = {
  ...{ id: 't', at: 5, entity: 'vm:a', name: 'web', hypervisor: 'hv1', verb: 'clone' },
  by: { user: 'ben', via: 'cli' },
  ...{ outcome: 'done', message: '', params: {}, durationMs: 10 },
};

test('a task that ended while nobody told goes on no more, and one that goes on does', () => {
  expect(seen.tasks).toMatchObject([{ id: 't', outcome: 'running' }]);
  const idle = applyLive(seen, hello([[web, 0]]));
  expect(idle.tasks).toMatchObject([{ id: 't', outcome: 'ended', progress: null }]);
  const still = applyLive(seen, hello([[{ ...web, task: busy }, 0]]));
  expect(still.tasks).toMatchObject([{ id: 't', outcome: 'running', endedAt: null }]);
  // It was only not heard of: a central that has just started.
  const again = applyLive(idle, hello([[{ ...web, task: busy }, 0]]));
  expect(again.tasks).toMatchObject([{ id: 't', outcome: 'running', endedAt: null }]);
});

test("others' tasks end with what they are done to; one's own with the answer", () => {
  const asked = ask(seen, { id: 'mine', entity: web, verb: verb('free'), at: 6 });
  const gone = applyLive(asked, { type: 'entities', changed: [], removed: ['vm:a'] });
  expect(gone.tasks).toMatchObject([
    { id: 'mine', outcome: 'running' },
    { id: 't', outcome: 'ended' },
  ]);
  const all = applyLive(gone, hello([]));
  expect(all.tasks).toMatchObject([{ outcome: 'running' }, { outcome: 'ended' }]);
  expect(tasksRead(all.tasks, [{ ...done, id: 't' }])).toMatchObject([
    { id: 'mine' },
    { id: 't', outcome: 'done', endedAt: 15 },
  ]);
});

test('what only reads is in the log and no task', () => {
  const entry = {
    id: 'r',
    at: 1,
    entity: 'vm:a',
    name: 'web',
    hypervisor: 'hv1',
    verb: 'info',
  } as const;
  const rest = {
    by: { user: 'ben', via: 'web' },
    outcome: 'done',
    message: '',
    params: {},
    durationMs: 1,
  } as const;
  const state = applyLive(
    start,
    { type: 'audit', entry: { ...entry, ...rest } },
    (name) => name === 'info',
  );
  expect(state.log).toHaveLength(1);
  expect(state.tasks).toHaveLength(0);
});

test('a lamp and the parked machines are replaced', () => {
  const lamp = { hypervisor: 'hv1', live: false, heardAt: 7 };
  expect(applyLive(start, { type: 'lamp', lamp }).lamps.get('hv1')).toEqual(lamp);
  expect(applyLive(start, { type: 'parked', parked: [] }).parked).toEqual([]);
});
