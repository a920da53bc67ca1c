// Whoever has something on one hypervisor gets nothing of others by it: not by a uuid, by a name, nor by what is said.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { join } from 'node:path';
import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { Agent } from '../src/cloud/agent/agent.ts';
import { Entities } from '../src/cloud/agent/entities.ts';
import type { BusConnection } from '../src/cloud/bus/bus.ts';
import { agentRequest } from '../src/cloud/bus/messages.ts';
import type { LiveMessage } from '../src/cloud/central/http/live.ts';
import { hypervisorId, vmId, type VmState } from '../src/cloud/entity.ts';
import { aHypervisor } from '../src/cloud/test-entities.ts';
import { type Answer, SETTINGS, startTestCloud, type TestCloud } from './support/cloud.ts';

const HOST = `<node><domain type='test'><name>there</name><memory>65536</memory><os><type>hvm</type></os></domain></node>`;

let cloud: TestCloud;
/** Ann's machine, on hv1. */
let vm: VmState;
let agent: Agent;

beforeAll(async () => {
  cloud = await startTestCloud(['hv1']);
  const host = join(cloud.dir, 'hv2.xml');
  await writeFile(host, HOST);
  agent = await cloud.startAgent('hv2', {
    libvirtUri: cloud.daemon.uri(`test://${host}`),
    settings: { ...SETTINGS, migrationUri: 'test:///nowhere' },
  });
  await cloud.until(
    hypervisorId('hv2'),
    (each) => each?.kind === 'hypervisor' && each.libvirt === 'connected',
  );
  vm = cloud.central.registry.findVm('test') as VmState;
});
afterAll(() => cloud[Symbol.asyncDispose]());
beforeEach(() => {
  cloud.central.policies.update((policy) => ({ ...policy, grants: [] }));
});

const post = (user: string, path: string, body: object = {}): Promise<Answer> =>
  cloud.call(user, 'POST', `/api/v1/${path}`, body);

const xmlOf = (name: string, uuid: string): string =>
  `<domain type='test'><name>${name}</name><uuid>${uuid}</uuid><memory unit='MiB'>64</memory><os><type>hvm</type></os></domain>`;

const has = (user: string, id: string): string[] =>
  cloud.central.policies.policy.grants
    .filter(({ who, scope }) => who === `user:${user}` && scope === id)
    .flatMap(({ permissions }) => permissions);

test.each([
  ['as it is', (uuid: string) => uuid],
  ['in capitals', (uuid: string) => uuid.toUpperCase()],
  ['without dashes', (uuid: string) => ` ${uuid.replaceAll('-', '')}\n`],
])("a machine that comes with another's uuid gets its own, %s", async (_, words) => {
  cloud.central.policies.setGrant('user:ben', 'hypervisor:hv2', ['alloc']);
  const made = await post('ben', 'hypervisors/hv2/alloc', { xml: xmlOf('twin', words(vm.uuid)) });
  expect(made.status).toBe(200);
  const id = vmId(made.body['uuid'] as string);
  expect(id).not.toBe(vm.id);
  expect(has('ben', id)).toEqual(['all']);
  expect(has('ben', vm.id)).toEqual([]);
  expect((await post('ben', `vms/${vm.uuid}/info`)).status).toBe(404);
  await cloud.until(id, (each) => each !== undefined);
  expect((await post('ben', `vms/twin/free`)).status).toBe(200);
  await cloud.until(id, (each) => each === undefined);
});

test('nor has it one of a machine that is parked', async () => {
  const { parking, policies } = cloud.central;
  const uuid = randomUUID();
  parking.add({ uuid, name: 'boat', hypervisor: 'hv1', tags: [] }, xmlOf('boat', uuid), 'ann');
  policies.setGrant('user:ben', 'hypervisor:hv2', ['alloc']);
  const made = await post('ben', 'hypervisors/hv2/alloc', { xml: xmlOf('x', uuid) });
  expect(made.status).toBe(200);
  expect(made.body['uuid']).not.toBe(uuid);
  expect(has('ben', vmId(uuid))).toEqual([]);
  parking.remove(uuid);
  const id = vmId(made.body['uuid'] as string);
  await cloud.until(id, (each) => each !== undefined);
  expect((await post('ben', 'vms/x/free')).status).toBe(200);
});

test('a name is taken on all hypervisors, also where it is in the XML', async () => {
  const made = await post('ann', 'hypervisors/hv2/alloc', { xml: xmlOf('test', randomUUID()) });
  expect(made).toMatchObject({ status: 409, body: { error: { code: 'conflict' } } });
  cloud.central.policies.setGrant('user:ben', 'hypervisor:hv2', ['alloc']);
  const ben = await post('ben', 'hypervisors/hv2/alloc', { xml: xmlOf('test', randomUUID()) });
  expect(ben.body.error?.message).toBe("the name 'test' is taken");
});

test('whoever brings back a parked machine has no more of it than before', async () => {
  const { parking, policies } = cloud.central;
  const made = await post('ann', 'hypervisors/hv2/alloc', { name: 'boat', diskGiB: 0 });
  const id = vmId(made.body['uuid'] as string);
  await cloud.until(id, (each) => each !== undefined);
  policies.setGrant('user:cleo', id, ['info']);
  expect((await post('ann', 'vms/boat/park')).status).toBe(200);
  await cloud.until(id, (each) => each === undefined);
  policies.setGrant('user:ben', 'hypervisor:hv2', ['vmparking_unpark', 'alloc']);
  expect((await post('ben', 'central/unpark', { machine: 'boat', hypervisor: 'hv2' })).status).toBe(
    200,
  );
  expect(parking.list()).toEqual([]);
  expect(has('ben', id)).toEqual([]);
  expect(has('cleo', id)).toEqual(['info']);
  await cloud.until(id, (each) => each !== undefined);
  expect((await post('ann', 'vms/boat/free')).status).toBe(200);
  expect(has('cleo', id)).toEqual([]);
  await cloud.until(id, (each) => each === undefined);
});

test('what is of its host goes to another one only with who may hand that out there', async () => {
  const { policies } = cloud.central;
  const device =
    "<devices><serial type='file'><source path='/tmp/of-the-host'/></serial></devices>";
  const xml = xmlOf('rooted', randomUUID()).replace('</domain>', `${device}</domain>`);
  const made = await post('ann', 'hypervisors/hv1/alloc', { xml });
  const id = vmId(made.body['uuid'] as string);
  await cloud.until(id, (each) => each !== undefined);
  policies.setGrant('user:ben', id, ['all']);
  for (const host of ['hv1', 'hv2'])
    policies.setGrant('user:ben', `hypervisor:${host}`, ['vmparking_unpark', 'alloc', 'migrate']);
  const denied = { status: 403, body: { error: { permission: 'define_host' } } };
  const away = () => post('ben', 'vms/rooted/migrate', { target: 'hv2' });
  const back = (hypervisor: string) =>
    post('ben', 'central/unpark', { machine: 'rooted', hypervisor });
  const moved = await away();
  expect(moved).toMatchObject(denied);
  expect(moved.body.error?.message).toContain('a serial of the type file');
  expect((await post('ben', 'vms/rooted/park')).status).toBe(200);
  await cloud.until(id, (each) => each === undefined);
  expect(await back('hv2')).toMatchObject(denied);
  expect((await back('hv1')).status).toBe(200);
  await cloud.until(id, (each) => each !== undefined);
  policies.setGrant('user:ben', 'hypervisor:hv2', ['alloc', 'vmparking_unpark', 'define_host']);
  // The test driver moves nothing, and says so.
  expect((await away()).body.error).not.toHaveProperty('permission');
  expect((await post('ben', 'vms/rooted/park')).status).toBe(200);
  await cloud.until(id, (each) => each === undefined);
  expect((await back('hv2')).status).toBe(200);
  await cloud.until(id, (each) => each !== undefined);
  expect((await post('ann', 'vms/rooted/free')).status).toBe(200);
});

/** A machine on hv2 that is parked as well: as when a host of before is back, with what was brought elsewhere meanwhile. */
async function twin(name: string) {
  const made = await post('ann', 'hypervisors/hv2/alloc', { name, diskGiB: 0 });
  const uuid = made.body['uuid'] as string;
  await cloud.until(vmId(uuid), (each) => each !== undefined);
  cloud.central.parking.add({ uuid, name, hypervisor: 'hv1', tags: [] }, xmlOf('x', uuid), 'ann');
  return { uuid, id: vmId(uuid) };
}

test('a twin that is deleted takes no grants and no jobs of the other along, nor what is kept of it', async () => {
  const { parking, policies, schedule } = cloud.central;
  const { uuid, id } = await twin('double');
  policies.setGrant('user:cleo', id, ['info']);
  const at = '2099-01-01T00:00:00Z';
  schedule.add({ entity: id, verb: 'create', params: {}, at, user: 'ann' });
  expect((await post('ann', `vms/${uuid}/undefine`)).status).toBe(200);
  expect(has('cleo', id)).toEqual(['info']);
  expect(schedule.of(id)).toHaveLength(1);
  expect(parking.get(uuid)).toMatchObject({ name: 'double' });
  // What is parked and may be somewhere all the same can be deleted, and is whose it was when it comes back.
  parking.settle(uuid, ['hv9']);
  const gone = (user: string) => post(user, 'central/parked_delete', { machine: 'double' });
  await cloud.until(id, (each) => each === undefined);
  expect(await gone('cleo')).toMatchObject({ status: 403 });
  expect(await gone('ann')).toEqual({ status: 200, body: {} });
  expect(parking.get(uuid)).toBeUndefined();
  expect([has('cleo', id), schedule.of(id)]).toMatchObject([['info'], [{ verb: 'create' }]]);
  // Else all that was about it goes.
  parking.add({ uuid, name: 'double', hypervisor: 'hv1', tags: [] }, xmlOf('x', uuid), 'ann');
  expect(await gone('ann')).toEqual({ status: 200, body: {} });
  expect(parking.get(uuid)).toBeUndefined();
  expect([has('cleo', id), schedule.of(id)]).toEqual([[], []]);
  expect((await gone('ann')).body.error?.message).toBe('no parked machine is called double');
});

test('of a machine that is parked and on a hypervisor as well, what is kept can be deleted', async () => {
  const { parking, policies } = cloud.central;
  const { uuid, id } = await twin('pair');
  policies.setGrant('user:cleo', id, ['info']);
  const machine = { machine: 'pair' };
  const back = await post('ann', 'central/unpark', machine);
  expect(back.body.error?.message).toBe('pair is on a hypervisor: it was brought back by hand');
  expect((await post('ann', 'central/parked_delete', machine)).status).toBe(200);
  expect(parking.get(uuid)).toBeUndefined();
  expect(has('cleo', id)).toEqual(['info']);
  expect((await post('ann', `vms/${uuid}/park`)).status).toBe(200);
  await cloud.until(id, (each) => each === undefined);
  expect((await post('ann', 'central/parked_delete', machine)).status).toBe(200);
  expect(has('cleo', id)).toEqual([]);
});

/** A hypervisor whose agent does not answer what it is asked for. */
async function startDeaf(name: string): Promise<BusConnection> {
  const connection = await cloud.bus.connect(name);
  const entities = new Entities('epoch', (publication) => connection.publish(publication));
  entities.set(aHypervisor(name));
  connection.serve(async (body) => {
    const { type } = agentRequest.parse(body);
    if (type === 'verb') throw new Error('it is cut off');
    return type === 'sync' ? entities.snapshot() : [];
  });
  const isKnown = (): boolean => {
    entities.sayAlive();
    return cloud.central.registry.get(hypervisorId(name)) !== undefined;
  };
  await expect.poll(isKnown).toBe(true);
  return connection;
}

test('while it may be in two places, neither is forgotten', async () => {
  const { central } = cloud;
  const { parking } = central;
  const { uuid, id } = await twin('ghost');
  expect((await post('ann', `vms/${uuid}/undefine`)).status).toBe(200);
  await cloud.until(id, (each) => each === undefined);
  let told = 0;
  const end = central.onChange('parked', () => told++);
  parking.settle(uuid, ['hv9']);
  end();
  expect(told).toBe(1);
  const back = (params: object) => post('ann', 'central/unpark', { machine: 'ghost', ...params });
  const hv3 = await startDeaf('hv3');
  try {
    expect((await back({ force: true, hypervisor: 'hv3' })).status).not.toBe(200);
    expect(parking.get(uuid)?.doubts).toEqual(['hv9', 'hv3']);
  } finally {
    await hv3[Symbol.asyncDispose]();
  }
  await expect.poll(() => central.registry.isLive('hv3')).toBe(false);
  const refused = await back({ hypervisor: 'hv2' });
  expect(refused.body.error?.message).toBe(
    'ghost may be on hv9, which is not heard at the moment, or on hv3, which is not heard at the moment: there would be two of it',
  );
  await central.forget('hv3');
  expect((await post('ann', 'central/parked_delete', { machine: 'ghost' })).status).toBe(200);
});

test('nor is it parked over the other, nor is that one brought back while it may be somewhere', async () => {
  const { parking } = cloud.central;
  const { uuid, id } = await twin('both');
  const parked = await post('ann', `vms/${uuid}/park`);
  expect(parked.body.error?.message).toBe(
    'both is parked already, and on hv2 as well: delete one of the two',
  );
  expect((await post('ann', `vms/${uuid}/undefine`)).status).toBe(200);
  await cloud.until(id, (each) => each === undefined);
  parking.settle(uuid, ['hv9']);
  const back = (params: object) =>
    post('ann', 'central/unpark', { machine: 'both', hypervisor: 'hv2', ...params });
  expect((await back({})).body.error?.message).toContain('both may be on hv9, which is not heard');
  // What was refused changes nothing of that.
  expect(await back({ force: true, hypervisor: 'hv8' })).toMatchObject({ status: 404 });
  expect(parking.get(uuid)).toMatchObject({ doubts: ['hv9'] });
  expect((await back({ force: true })).status).toBe(200);
  expect(parking.get(uuid)).toBeUndefined();
});

test('whoever moves a machine to where all is theirs gets nothing by that', async () => {
  const { policies } = cloud.central;
  const made = await post('ann', 'hypervisors/hv1/alloc', { name: 'anns', diskGiB: 0 });
  const id = vmId(made.body['uuid'] as string);
  await cloud.until(id, (each) => each !== undefined);
  policies.setGrant('user:cleo', id, ['migrate', 'vmparking_unpark', 'info']);
  policies.setGrant('user:cleo', 'hypervisor:hv2', ['all']);
  const moved = await post('cleo', 'vms/anns/migrate', { target: 'hv2' });
  expect(moved).toMatchObject({ status: 403, body: { error: { permission: 'all' } } });
  expect((await post('ann', 'vms/anns/park')).status).toBe(200);
  await cloud.until(id, (each) => each === undefined);
  const place = { machine: 'anns', hypervisor: 'hv2' };
  const back = await post('cleo', 'central/unpark', place);
  expect(back.body.error?.message).toBe(
    'on hv2 cleo would have all for anns: somebody who has that does it',
  );
  expect((await post('ann', 'central/unpark', place)).status).toBe(200);
  policies.setGrant('user:cleo', 'hypervisor:hv2', []);
});

test('whoever may not do a verb hears nothing of what is elsewhere by asking for it', async () => {
  cloud.central.policies.setGrant('user:ben', 'hypervisor:hv2', ['nodeinfo', 'info']);
  const made = await post('ben', 'hypervisors/hv2/alloc', { name: 'test' });
  expect(made).toMatchObject({ status: 403, body: { error: { permission: 'alloc' } } });
  const moved = await post('ben', 'vms/there/migrate', { target: 'hv1' });
  expect(moved).toMatchObject({ status: 403, body: { error: { permission: 'migrate' } } });
  const [last] = cloud.central.audit.list({ limit: 1 });
  expect(last).toMatchObject({ verb: 'migrate', outcome: 'denied', by: { user: 'ben' } });
});

test('nor is told of it more than that a name is taken', async () => {
  cloud.central.policies.setGrant('user:ben', 'hypervisor:hv2', ['alloc', 'migrate']);
  const made = await post('ben', 'hypervisors/hv2/alloc', { name: 'test', diskGiB: 0 });
  expect(made.body.error?.message).toBe("the name 'test' is taken");
  const moved = await post('ben', 'vms/there/migrate', { target: 'hv7' });
  expect(moved.body.error?.message).toBe("there is no hypervisor 'hv7'; there are: hv2");
  const full = await post('ben', 'vms/there/migrate', { target: 'hv1' });
  expect(full.body.error?.message).toBe('there cannot go to hv1');
  const asked = await post('ann', 'hypervisors/hv2/alloc', { name: 'test', diskGiB: 0 });
  expect(asked.body.error?.message).toBe("a machine on hv1 is called 'test'");
});

test('who sees a hypervisor hears that a machine was made there, and not what it is called', async () => {
  const said: string[] = [];
  using _ear = cloud.central.registry.listen({ onShout: ({ text }) => void said.push(text) });
  const made = await post('ann', 'hypervisors/hv2/alloc', { name: 'hush', diskGiB: 0 });
  await cloud.until(vmId(made.body['uuid'] as string), (each) => each !== undefined);
  const copy = await post('ann', 'vms/hush/clone', { name: 'hush2' });
  await cloud.until(vmId(copy.body['uuid'] as string), (each) => each !== undefined);
  await expect
    .poll(() => said)
    .toEqual(['New machine: done, as ann asked.', 'Clone: done, as ann asked.']);
  for (const name of ['hush', 'hush2'])
    expect((await post('ann', `vms/${name}/free`)).status).toBe(200);
});

test('what is made by chat is whose who asked for it, and leaves nothing behind', async () => {
  const { central } = cloud;
  central.policies.setGrant('user:ben', 'hypervisor:hv2', ['message', 'alloc', 'presence']);
  const say = async (to: string, text: string): Promise<unknown> =>
    (await post('ben', `${to}/chat`, { text })).body['text'];
  // The one on hv1 is nothing that ben sees.
  expect(await say('hypervisors/hv2', 'new test')).toContain('is taken');
  expect(await say('hypervisors/hv2', 'new dinghy')).not.toContain("I can't");
  const dinghy = central.registry.findVm('dinghy') as VmState;
  expect(central.permissions('ben', dinghy).has('all')).toBe(true);
  const request = { module: 'archipel:vm:definition', action: 'undefine', params: {} };
  expect(await agent.talk.act(dinghy.id, 'ben', request)).toEqual({ ok: true, result: {} });
  expect(JSON.stringify(central.policies.policy)).not.toContain(dinghy.id);
});

test('an agent is believed who asks for what is its own, and for nothing else', async () => {
  const stranger = await cloud.bus.connect('hv9');
  const request = {
    type: 'verb',
    entity: 'hypervisor:hv2',
    verb: 'alloc',
    params: {},
    user: 'ann',
  };
  await expect(stranger.request('central', request)).rejects.toThrow('is not on hv9');
  await stranger[Symbol.asyncDispose]();
});

test('a grant for the tag of a hypervisor is not passed on for all its machines', async () => {
  const { policies } = cloud.central;
  await post('ann', 'hypervisors/hv1/settags', { tags: ['prod'] });
  await cloud.until(hypervisorId('hv1'), (each) => each?.tags.join() === 'prod');
  const grant = (permissions: string[]): Promise<Answer> =>
    post('ben', 'hypervisors/hv1/permission_set', { who: 'user:ben', permissions });
  for (const permissions of [['permission_set', 'vnc_display'], ['all']]) {
    policies.setGrant('user:ben', 'tag:prod', permissions);
    expect(await grant(['vnc_display'])).toMatchObject({
      status: 403,
      body: { error: { permission: 'vnc_display' } },
    });
  }
  expect(has('ben', hypervisorId('hv1'))).toEqual([]);
  policies.setGrant('user:ben', 'hypervisor:hv1', ['permission_set', 'info']);
  expect((await grant(['permission_set', 'info'])).status).toBe(200);
  expect((await grant(['permission_set', 'vnc_display'])).status).toBe(403);
  policies.setGrant('user:ben', 'all', ['all']);
  expect((await grant(['vnc_display'])).status).toBe(200);
});

test('an id that was used already, or is none, keeps nothing out of the log', async () => {
  const token = cloud.central.users.issue('ann', 'token');
  const ask = (id: string, verb: string): Promise<Response> =>
    fetch(`${cloud.server.url}/api/v1/vms/${vm.uuid}/${verb}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${token}`, 'x-request-id': id },
    });
  const id = randomUUID();
  // Which of them comes first is not ours to say.
  const both = await Promise.all([ask(id, 'suspend'), ask(id, 'suspend')]);
  expect(both.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([200, 409]);
  expect((await ask(id, 'resume')).status).toBe(409);
  expect((await ask('1', 'resume')).status).toBe(400);
  expect((await ask(randomUUID(), 'resume')).status).toBe(200);
  const lines = cloud.central.audit.list({ entity: vm.id, limit: 2 });
  expect(lines.map(({ verb, outcome }) => `${verb} ${outcome}`)).toEqual([
    'resume done',
    'suspend done',
  ]);
});

test('a page of the log is full when there is more that one sees', async () => {
  const { audit, policies } = cloud.central;
  const [last] = audit.list({ limit: 1 });
  if (!last) throw new Error('nothing was done');
  const there = cloud.central.registry.findVm('there') as VmState;
  policies.setGrant('user:ben', there.id, ['info']);
  const at = Date.now() + 1000;
  const line = (entity: string, user: string, ms: number): void =>
    void audit.add({ ...last, id: randomUUID(), entity, by: { user, via: 'web' }, at: at + ms });
  for (let ms = 0; ms < 200; ms += 1) line(vm.id, 'ann', ms);
  for (let ms = 0; ms < 3; ms += 1) line(there.id, 'ann', ms - 10);
  line(vm.id, 'ben', -20);
  const { body } = await cloud.call('ben', 'GET', '/api/v1/audit?limit=4');
  const lines = body as unknown as { at: number }[];
  expect(lines.map((each) => each.at - at)).toEqual([-8, -9, -10, -20]);
  expect((await cloud.call('ann', 'GET', '/api/v1/audit?limit=4')).body).toHaveLength(4);
});

test('whoever saw something else than is there now takes nothing back of it', async () => {
  const set = (verb: string, body: object): Promise<Answer> => post('ann', `central/${verb}`, body);
  const [role, who, scope] = ['keeper', 'user:cleo', vm.id];
  const both = ['info', 'create'];
  const steps = [
    ['role_set', { role, permissions: both }, { role, permissions: ['info'] }, both],
    ['role_members', { role, users: ['ben', 'cleo'] }, { role, users: ['ben'] }, ['cleo', 'ben']],
    ['user_roles', { user: 'ben', roles: ['watcher'] }, { user: 'ben', roles: [] }, ['watcher']],
    ['grant_set', { who, scope, permissions: both }, { who, scope, permissions: ['info'] }, both],
  ] as const;
  for (const [verb, to, next, seen] of steps) {
    expect((await set(verb, { ...to, expect: ['destroy'] })).body.error?.code).toBe('conflict');
    expect((await set(verb, to)).status).toBe(200);
    expect((await set(verb, { ...next, expect: [] })).body.error?.code).toBe('conflict');
    expect((await set(verb, { ...next, expect: seen })).status).toBe(200);
  }
  const give = (body: object): Promise<Answer> => post('ann', 'vms/test/permission_set', body);
  const refused = await give({ who, permissions: both, expect: both });
  expect(refused.body.error?.message).toBe(
    `${who} for ${vm.id} was changed meanwhile: now it is info`,
  );
  expect((await give({ who, permissions: both, expect: ['info'] })).status).toBe(200);
  await set('role_remove', { role });
});

test('a browser hears of no hypervisor that has nothing one sees', async () => {
  const there = cloud.central.registry.findVm('there') as VmState;
  cloud.central.policies.setGrant('user:ben', there.id, ['info']);
  const { socket, messages } = await open('ben', 'live');
  await expect.poll(() => messages.length).toBeGreaterThan(0);
  const heard = (): string[] =>
    (messages as LiveMessage[]).flatMap((message) => {
      if (message.type === 'hello') return message.lamps.map(({ hypervisor }) => hypervisor);
      return message.type === 'lamp' ? [message.lamp.hypervisor] : [];
    });
  expect(heard()).toEqual(['hv2']);
  await using _ = await cloud.bus.connect('hv3');
  cloud.central.policies.setGrant('user:ben', vm.id, ['info']);
  await expect.poll(heard).toEqual(['hv2', 'hv1']);
  socket.terminate();
});

test('a console ends with the permission for it', async () => {
  const { policies, consoleToken } = cloud.central;
  policies.setGrant('user:ben', vm.id, ['vnc_display']);
  policies.setGrant('user:cleo', vm.id, ['vnc_display']);
  const token = (user: string): string => consoleToken?.(user, vm.id) ?? '';
  const bens = await open('ben', `console?token=${token('ben')}`);
  const cleos = await open('cleo', `console?token=${token('cleo')}`);
  policies.setGrant('user:ben', vm.id, ['info']);
  const [code] = (await once(bens.socket, 'close', { signal: AbortSignal.timeout(5000) })) as [
    number,
  ];
  expect(code).toBe(1008);
  expect(cleos.socket.readyState).toBe(WebSocket.OPEN);
  cleos.socket.terminate();
});

async function open(user: string, path: string) {
  const session = cloud.central.users.issue(user, 'session');
  const socket = new WebSocket(`${cloud.server.url.replace('http', 'ws')}/api/v1/${path}`, {
    headers: { cookie: `skerry=${session}` },
  });
  const messages: unknown[] = [];
  socket.on('message', (data: Buffer) => messages.push(JSON.parse(data.toString())));
  await once(socket, 'open', { signal: AbortSignal.timeout(5000) });
  return { socket, messages };
}
