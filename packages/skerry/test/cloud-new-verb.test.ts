// Adding a verb adds it everywhere: one more row of the table and its handler, and a cloud takes it, guards it and notes it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { onVm } from '../src/cloud/agent/verbs/handler.ts';
import type { VmState } from '../src/cloud/entity.ts';
import { VERBS, VerbTable } from '../src/cloud/verbs/table.ts';
import { defineVerb } from '../src/cloud/verbs/verb.ts';
import { startTestCloud, type TestCloud } from './support/cloud.ts';

const sing = defineVerb({
  name: 'sing',
  entity: 'vm',
  title: 'Sing',
  summary: 'sing a song',
  params: z.object({ song: z.string().max(20) }),
  result: z.object({ lines: z.int() }),
  permission: 'sing',
  danger: 'changes',
  chat: { words: ['sing'], takes: ['song'], says: 'I have sung {lines} lines.' },
});
const table = new VerbTable([...VERBS.all, sing]);
const handlers = [onVm(sing, async (_, { song }) => ({ lines: song.length }))];

let cloud: TestCloud;
let vm: VmState;

beforeAll(async () => {
  cloud = await startTestCloud(['hv1'], table, { handlers });
  vm = cloud.central.registry.findVm('test') as VmState;
});
afterAll(() => cloud[Symbol.asyncDispose]());

const call = (user: string, song: unknown) =>
  cloud.call(user, 'POST', '/api/v1/vms/test/sing', { song });

test('REST has it, with its parameters checked, and the agent guards it', async () => {
  cloud.central.policies.setGrant('user:ben', vm.id, ['info']);
  expect(await call('ben', 'la')).toMatchObject({
    status: 403,
    body: { error: { permission: 'sing', message: expect.stringContaining('(Sing)') as string } },
  });
  expect((await call('ann', 7)).body.error?.message).toMatch(/^sing: song: /);
  cloud.central.policies.setGrant('user:ben', vm.id, ['sing']);
  expect(await call('ben', 'lala')).toEqual({ status: 200, body: { lines: 4 } });
  const { body } = await cloud.call('ben', 'GET', '/api/v1/openapi.json');
  expect(Object.keys(body['paths'] as object)).toContain('/api/v1/vms/{vm}/sing');
});

test('the log has who did it, and people are told which permission there is', async () => {
  const [last] = cloud.central.audit.list({ limit: 1 });
  expect(last).toMatchObject({ verb: 'sing', by: { user: 'ben' }, outcome: 'done' });
  const { body } = await cloud.call('ann', 'POST', '/api/v1/central/permission_list');
  expect(JSON.stringify(body)).toContain('"permission":"sing"');
});

test('browsers get it, with what its form and its button are made of', async () => {
  const { body } = await cloud.call('ben', 'GET', '/api/v1/verbs');
  const found = (body as unknown as { name: string }[]).find(({ name }) => name === 'sing');
  expect(found).toMatchObject({ entity: 'vm', title: 'Sing', danger: 'changes' });
  expect(JSON.stringify(found)).toContain('"maxLength":20');
});

test('the machine understands it in a chat', async () => {
  cloud.central.policies.setGrant('user:ben', vm.id, ['sing', 'message']);
  const said = await cloud.call('ben', 'POST', '/api/v1/vms/test/chat', { text: 'sing la' });
  expect(said.body).toEqual({ text: 'I have sung 2 lines.' });
});
