// What is sent by who means no good, or by a broken program: nobody is let in, and nothing ends or changes by it.
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { BusConnection } from '../src/cloud/bus/bus.ts';
import { hypervisorId, type VmState } from '../src/cloud/entity.ts';
import { VERBS } from '../src/cloud/verbs/table.ts';
import { startTestCloud, type TestCloud } from './support/cloud.ts';

const RUNS = process.env.SKERRY_CAMPAIGN ? 5000 : 150;

let cloud: TestCloud;
let stranger: BusConnection;
let vm: VmState;

beforeAll(async () => {
  cloud = await startTestCloud(['hv1']);
  stranger = await cloud.bus.connect('stranger');
  vm = cloud.central.registry.findVm('test') as VmState;
});
afterAll(() => cloud[Symbol.asyncDispose]());

/** The machine as libvirt has it, and an answer from each part. */
async function allIsWell(): Promise<void> {
  const answer = await cloud.call('ann', 'POST', '/api/v1/vms/test/info');
  expect(answer.status).toBe(200);
  expect(cloud.central.registry.get(vm.id)).toMatchObject({ name: 'test', state: 'running' });
  expect(cloud.central.registry.isLive('hv1')).toBe(true);
}

const verbs = fc.constantFrom(...VERBS.all.filter(({ entity }) => entity !== 'central'));
const pathOf = (verb: (typeof VERBS.all)[number]): string =>
  verb.entity === 'vm'
    ? `/api/v1/vms/${vm.uuid}/${verb.name}`
    : `/api/v1/hypervisors/hv1/${verb.name}`;

test('whoever has no permission can do no verb, whatever the body', async () => {
  await fc.assert(
    fc.asyncProperty(verbs, fc.jsonValue(), async (verb, body) => {
      const { status } = await cloud.call('cleo', 'POST', pathOf(verb), JSON.stringify(body));
      expect([400, 403, 404]).toContain(status);
    }),
    { numRuns: RUNS },
  );
  await allIsWell();
});

test('a body that is no JSON, or the wrong one, is answered in words', async () => {
  const harmless = verbs.filter(({ danger }) => danger === 'reads');
  await fc.assert(
    fc.asyncProperty(harmless, fc.oneof(fc.string(), fc.json()), async (verb, body) => {
      const { status, body: answer } = await cloud.call('ann', 'POST', pathOf(verb), body);
      expect(status).not.toBe(500);
      if (status !== 200) expect(answer.error?.message).toEqual(expect.any(String));
    }),
    { numRuns: RUNS },
  );
  await allIsWell();
});

/** What people and programs write where something else is wanted. */
const values = fc.oneof(
  fc.constantFrom<unknown>('', 'ben', 'fuzz', 'hv1', 'default', '../x', 'a\u0000b', '<x/>', 'all'),
  fc.constantFrom<unknown>(0, -1, 1, 2, 64, 0.5, 1e9, 2 ** 53, null, true, false, [], ['all'], {}),
  fc.constantFrom<unknown>(
    '2099-01-01T00:00:00Z',
    '* * * * *',
    '61 * * * *',
    'start',
    'qcow2',
    'vda',
  ),
  fc.jsonValue(),
);

test('whoever may do everything, with parameters near to what they should be, is answered in words', async () => {
  await using own = await startTestCloud(['hv1', 'hv2']);
  const { central } = own;
  const make = (): Promise<unknown> =>
    own.call('ann', 'POST', '/api/v1/hypervisors/hv1/alloc', { name: 'fuzz', diskGiB: 0 });
  const calls = fc.constantFrom(...VERBS.all).chain((verb) =>
    fc.tuple(
      fc.constant(verb),
      fc.record(Object.fromEntries(Object.keys(verb.params.shape).map((key) => [key, values])), {
        requiredKeys: [],
      }),
    ),
  );
  await fc.assert(
    fc.asyncProperty(calls, async ([verb, params]) => {
      if (verb.entity === 'vm' && !('uuid' in central.registry.findVm('fuzz'))) await make();
      const of = { vm: 'vms/fuzz', hypervisor: 'hypervisors/hv1', central: 'central' }[verb.entity];
      const { status, body } = await own.call('ann', 'POST', `/api/v1/${of}/${verb.name}`, params);
      if (status === 200) return;
      expect(body.error).toMatchObject({ code: expect.not.stringMatching(/^failed$/) as string });
      expect(body.error?.message).toEqual(expect.stringMatching(/./));
    }),
    { numRuns: RUNS * 2 },
  );
  expect(['hv1', 'hv2'].map((name) => central.registry.isLive(name))).toEqual([true, true]);
  expect((await own.call('ann', 'POST', '/api/v1/vms/test/info')).status).not.toBe(500);
});

test('an agent takes nothing but what it knows, from a central either', async () => {
  await using central = await cloud.bus.connect('central-2');
  const near = fc.oneof(
    fc.jsonValue(),
    fc.record({
      type: fc.constantFrom('verb', 'chat', 'sync', 'policy', 'audit', 'else'),
      id: fc.string(),
      verb: fc.oneof(fc.constantFrom(...VERBS.all.map(({ name }) => name)), fc.string()),
      entity: fc.constantFrom(vm.id, hypervisorId('hv1'), 'vm:none', ''),
      params: fc.jsonValue(),
      text: fc.string(),
      by: fc.record({
        user: fc.constantFrom('cleo', '', 'nobody'),
        via: fc.constantFrom('web', 'x'),
      }),
    }),
  );
  await fc.assert(
    fc.asyncProperty(near, async (body) => {
      const reply = await central.request('hv1', body).catch(() => null);
      expect(reply).not.toMatchObject({ ok: true });
    }),
    { numRuns: RUNS },
  );
  await allIsWell();
});

test('only central says who may do what', async () => {
  const policy = { ...cloud.central.policies.policy, version: 1e9, admins: ['cleo'] };
  await expect(stranger.request('hv1', { type: 'policy', policy })).rejects.toThrow('only central');
  const verb = { type: 'verb', id: '1', verb: 'destroy', entity: vm.id, params: {} };
  const asAnn = { ...verb, by: { user: 'ann', via: 'web' } };
  await expect(stranger.request('hv1', asAnn)).rejects.toThrow('only central');
  await allIsWell();
});

test('central believes nothing that makes no sense', async () => {
  await fc.assert(
    fc.asyncProperty(fc.jsonValue(), async (body) => {
      stranger.publish(body as never);
    }),
    { numRuns: RUNS },
  );
  stranger.publish({
    type: 'state',
    epoch: 'x',
    seq: 1,
    changed: [{ ...vm, name: 'mine' }],
    removed: [],
  });
  stranger.publish({ type: 'state', epoch: 'x', seq: 2, changed: [], removed: [vm.id] });
  await allIsWell();
});

test('a live socket takes nonsense, and goes on', async () => {
  const session = cloud.central.users.issue('ann', 'session');
  const socket = new WebSocket(`${cloud.server.url.replace('http', 'ws')}/api/v1/live`, {
    headers: { cookie: `skerry=${session}` },
  });
  await new Promise((resolve) => socket.once('message', resolve));
  for (const words of ['', '{', '[]', '{"type":"watch"}', '{"type":"watch","ids":[1]}', '\u0000'])
    socket.send(words);
  socket.send(Buffer.from([0, 255, 1]));
  await allIsWell();
  expect(socket.readyState).toBe(WebSocket.OPEN);
  socket.terminate();
});

test('a path is no way to a file', async () => {
  for (const path of [
    '/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/assets/..%2f..%2fetc/passwd',
  ]) {
    const response = await fetch(`${cloud.server.url}${path}`);
    expect(await response.text()).not.toContain('root:');
  }
});

test('two people press opposite buttons: each is answered, and the state is one of both', async () => {
  cloud.central.policies.setGrant('user:ben', vm.id, ['suspend', 'resume', 'info']);
  const presses = Array.from({ length: 20 }, (_, index) =>
    index % 2 === 0 ? (['ann', 'suspend'] as const) : (['ben', 'resume'] as const),
  );
  const answers = await Promise.all(
    presses.map(([user, verb]) => cloud.call(user, 'POST', `/api/v1/vms/test/${verb}`)),
  );
  for (const [index, { status, body }] of answers.entries()) {
    expect([200, 409, 502]).toContain(status);
    // Each hears of what was in their own way: the other's task, or the state that their own button cannot change.
    const own = index % 2 === 0 ? 'to pause it must be running' : 'to resume it must be paused';
    if (status === 409)
      expect(body.error?.message).toMatch(new RegExp(`${own}|is busy: (ann|ben) started`));
  }
  expect(answers.some(({ status }) => status === 200)).toBe(true);
  const last = await cloud.until(vm.id, (each) => each?.kind === 'vm' && !each.task);
  const change = last.kind === 'vm' ? last.lastChange : null;
  expect(last).toMatchObject(
    change?.verb === 'suspend'
      ? { state: 'paused', lastChange: { by: 'ann' } }
      : { state: 'running', lastChange: { verb: 'resume', by: 'ben' } },
  );
  cloud.central.policies.setGrant('user:ben', vm.id, []);
  await cloud.call('ann', 'POST', '/api/v1/vms/test/resume');
  await cloud.until(vm.id, (each) => each?.kind === 'vm' && each.state === 'running' && !each.task);
  await allIsWell();
});
