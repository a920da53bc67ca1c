import { expect, test } from 'vitest';
import { applyLive } from './apply-live.ts';
import { answer, ask, forget } from './pending.ts';
import { EMPTY } from './state.ts';
import { vmStatus } from './status.ts';
import { hello, verb, vm } from './test-entities.ts';

const web = vm('web', { uuid: 'a' });
const start = verb('create', { pending: 'starting', states: ['shutoff'] });
const live = applyLive(EMPTY, hello([[web, 0]]));
const asked = ask(live, { id: 'r', entity: web, verb: start, at: 1 });
const running = {
  type: 'entities',
  changed: [[{ ...web, state: 'running' }, 0]],
  removed: [],
} as const;

test('the row says at once what was asked of it', () => {
  const status = vmStatus(web, asked.pending.get('vm:a'), () => undefined, 'ann');
  expect(status).toEqual({ tone: 'busy', text: 'starting (you)' });
  expect(asked.tasks).toMatchObject([{ id: 'r', verb: 'create', by: 'ann', outcome: 'running' }]);
});

test('it settles when the answer and then the state are here', () => {
  const answered = answer(asked, { id: 'r', entity: web, at: 2 });
  expect(answered.pending.has('vm:a')).toBe(true);
  expect(applyLive(answered, running).pending.has('vm:a')).toBe(false);
});

test('it settles when the state and then the answer are here', () => {
  const seen = applyLive(asked, running);
  expect(seen.pending.has('vm:a')).toBe(true);
  expect(answer(seen, { id: 'r', entity: web, at: 2 }).pending.has('vm:a')).toBe(false);
});

test('a refusal takes it back and keeps the words', () => {
  const error = { code: 'libvirt', message: 'no memory' } as const;
  const refused = answer(asked, { id: 'r', entity: web, at: 2 }, error);
  expect(refused.pending.has('vm:a')).toBe(false);
  expect(refused.tasks).toMatchObject([{ outcome: 'failed', message: 'no memory' }]);
});

test('the answer to an older request leaves a newer one alone', () => {
  const newer = ask(asked, { id: 's', entity: web, verb: start, at: 2 });
  expect(answer(newer, { id: 'r', entity: web, at: 3 }).pending.get('vm:a')?.id).toBe('s');
  expect(forget(newer, 'vm:a', 'r').pending.get('vm:a')?.id).toBe('s');
  expect(forget(newer, 'vm:a', 's').pending.has('vm:a')).toBe(false);
});

test('what a lost connection missed settles with hello', () => {
  const answered = answer(asked, { id: 'r', entity: web, at: 2 });
  const back = applyLive(answered, hello([[{ ...web, state: 'running' }, 0]]));
  expect(back.pending.has('vm:a')).toBe(false);
});

test("others' work shows their name", () => {
  const task = { id: 't', verb: 'migrate', by: 'ben', startedAt: 1, progress: 0.42, note: '' };
  const migrate = verb('migrate', { pending: 'migrating' });
  const status = vmStatus({ ...web, task }, undefined, () => migrate, 'ann');
  expect(status.text).toBe('migrating 42 % (ben)');
});
