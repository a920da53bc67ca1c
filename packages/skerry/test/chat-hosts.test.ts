// People's own XMPP clients in a cloud of real hosts: whom they see follows from the permissions, at once.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../../../test/e2e/support/port.ts';
import { startDaemon } from '../../libvirt/test/daemon.ts';
import type { Agent } from '../src/cloud/agent/agent.ts';
import { child, element, text } from '../src/cloud/bus/xmpp/stanza.ts';
import { XmppClient } from '../src/cloud/bus/xmpp/xmpp-client.ts';
import { vmId } from '../src/cloud/entity.ts';
import { joinAgent, runAgent } from '../src/cloud/hosts/agent-host.ts';
import {
  initCentral,
  makeJoinToken,
  runCentral,
  type RunningCentral,
} from '../src/cloud/hosts/central-host.ts';
import type { Element } from '../src/cloud/xml/element.ts';
import { until } from './support/bus-contract.ts';

const version = '0.0.0';
let dir: string;
let daemon: Awaited<ReturnType<typeof startDaemon>>;
let running: RunningCentral;
let agent: Agent;
let uuid = '';

beforeAll(async () => {
  dir = await mkdtemp('/tmp/skc-');
  daemon = await startDaemon();
  // At once, so that they are two.
  const [webPort, busPort] = await Promise.all([freePort(), freePort()]);
  const config = { name: '127.0.0.1', listen: '127.0.0.1', webPort, busPort };
  await initCentral(join(dir, 'c'), config, 'ann');
  running = await runCentral(join(dir, 'c'), { version, webDir: null });
  const token = await makeJoinToken(join(dir, 'c'), 'hv1');
  await joinAgent(join(dir, 'a'), token, {
    libvirtUri: daemon.uri('test:///default'),
    pool: 'default',
    imagesPool: 'default',
    sharedStorage: false,
    migrationUri: null,
  });
  agent = await runAgent(join(dir, 'a'), { version });
  const { registry } = running.central;
  await until('the machine is known', () => 'uuid' in registry.findVm('test'));
  const vm = registry.findVm('test');
  uuid = 'uuid' in vm ? vm.uuid : '';
  const reply = await running.central.perform(
    registry.get(vmId(uuid)) ?? 'central',
    'manage',
    {},
    { user: 'ann', via: 'web' },
  );
  expect(reply).toMatchObject({ ok: true });
});

afterAll(async () => {
  await agent?.[Symbol.asyncDispose]();
  await running?.[Symbol.asyncDispose]();
  await daemon?.[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

interface Person extends AsyncDisposable {
  readonly client: XmppClient;
  readonly got: Element[];
}

/** Somebody with a client that speaks TLS to the server as it is reached from elsewhere. */
async function person(user: string): Promise<Person> {
  const { central } = running;
  await central.users.add(user);
  const login = await central.chat?.login(user);
  if (!login) throw new Error('there is no chat');
  const [local = '', domain = ''] = login.address.split('@');
  const got: Element[] = [];
  const client = new XmppClient({
    server: login,
    jid: { local, domain, resource: 'phone' },
    password: login.password,
    handlers: {
      onSession: () => {},
      onMessage: (stanza) => got.push(stanza),
      onPresence: (stanza) => got.push(stanza),
    },
  });
  await client.ready();
  client.send(element('presence'));
  return { client, got, [Symbol.asyncDispose]: () => client[Symbol.asyncDispose]() };
}

function statusOf({ got }: Person, who: string): string | undefined {
  const last = got.findLast(
    ({ name, attributes: { from, type } }) =>
      name === 'presence' && from?.startsWith(`${who}@`) && !type?.startsWith('unsubscribe'),
  );
  const status = last && child(last, 'status');
  if (!last) return undefined;
  return last.attributes['type'] ?? (status ? text(status) : '');
}

async function say(person: Person, words: string): Promise<string> {
  const before = person.got.length;
  const to = `${uuid}@skerry.local`;
  person.client.send(element('message', { to, type: 'chat' }, element('body', {}, words)));
  const answers = (): string[] => heard(person, 'chat', before);
  await until('it answers', () => answers().length > 0);
  return answers()[0] ?? '';
}

/** What was said to somebody, of one type of message. */
function heard({ got }: Person, type: 'chat' | 'headline', from = 0): string[] {
  return got.slice(from).flatMap((stanza) => {
    const isOne = stanza.name === 'message' && stanza.attributes['type'] === type;
    const body = isOne ? child(stanza, 'body') : undefined;
    return body ? [text(body)] : [];
  });
}

test('an administrator sees all of them, and what is done to them', async () => {
  await using ann = await person('ann');
  await until('both are seen', () => statusOf(ann, uuid) === 'Running');
  await until('the hypervisor is', () => statusOf(ann, 'hv1') === 'Online (1)');
  expect(await say(ann, 'pause')).toBe("I'm paused.");
  await until('it is paused', () => statusOf(ann, uuid) === 'Paused');
  expect(await say(ann, 'resume')).toMatch(/^I'm/);
});

test('what one has done, all hear who know the machine', async () => {
  const { policies } = running.central;
  await using ann = await person('ann');
  await using ben = await person('ben');
  policies.setGrant('user:ben', vmId(uuid), ['presence']);
  await until('ben sees it', () => statusOf(ben, uuid) === 'Running');
  expect(await say(ann, 'pause')).toBe("I'm paused.");
  await until('both hear it', () => [ann, ben].every((each) => heard(each, 'headline').length > 0));
  expect(heard(ben, 'headline')).toEqual(["I'm paused. ann asked for it."]);
  expect(await say(ann, 'resume')).toMatch(/^I'm/);
  policies.setGrant('user:ben', vmId(uuid), []);
});

test('the doctor tries what the server is there for, and says what does not work', async () => {
  const signal = AbortSignal.timeout(60_000);
  expect(await running.central.chat?.check(signal)).toMatchObject(
    ['accounts', 'login', 'presence', 'events', 'resumption'].map((name) => ({
      name: `XMPP: ${name}`,
      state: 'ok',
    })),
  );
  const elsewhere = { host: '127.0.0.1', port: 1, ca: '' };
  expect(await running.central.chat?.check(signal, elsewhere)).toMatchObject([
    { name: 'XMPP: accounts', state: 'ok' },
    { name: 'XMPP: login', state: 'problem', remedy: expect.stringContaining('port 1') as string },
  ]);
});

/** Clients that nobody here wrote; `npm test` installs them. */
const strangers = [
  spawnSync('/usr/bin/python3', ['-c', 'import slixmpp']),
  spawnSync('go-sendxmpp', ['--version']),
];
const areThere = strangers.every(({ status }) => status === 0);
const strangersName = `slixmpp and go-sendxmpp command a real machine, over TLS${areThere ? '' : ' (not run: they are not installed)'}`;

test.skipIf(!areThere)(strangersName, { timeout: 60_000 }, async () => {
  const { central } = running;
  const login = await central.chat?.login('ann');
  if (!login) throw new Error('there is no chat');
  const { address, password, host, port } = login;
  const ca = join(dir, 'ca.pem');
  await writeFile(ca, login.ca);
  const state = (): string | undefined => {
    const vm = central.registry.get(vmId(uuid));
    return vm?.kind === 'vm' ? vm.state : undefined;
  };
  const to = `${uuid}@skerry.local`;
  const script = new URL('support/chat-client.py', import.meta.url).pathname;
  const jid = `${address}/desk`;
  const slixmpp = spawn('/usr/bin/python3', [script], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    let printed = '';
    slixmpp.stdout.setEncoding('utf8').on('data', (piece: string) => (printed += piece));
    slixmpp.stdin.end(JSON.stringify({ jid, password, to, say: ['pause'], ca, host, port }));
    await until('it answers', () => printed.includes('"body": "I\'m paused."'));
    await until('it is paused', () => state() === 'paused');
    await until('its presence says so', () => printed.includes('"status": "Paused"'));
    const words = ['-u', address, '-p', password, '-j', `${host}:${port}`, to];
    const env = { ...process.env, SSL_CERT_FILE: ca, HOME: dir };
    const sent = spawnSync('go-sendxmpp', words, { input: 'resume\n', env, timeout: 20_000 });
    expect(sent.status, String(sent.stderr)).toBe(0);
    await until('it runs again', () => state() === 'running');
  } finally {
    slixmpp.kill();
  }
});

test('others see and command what they were given, from that moment to the other', async () => {
  const { policies } = running.central;
  await using ben = await person('ben');
  expect(await say(ben, 'pause')).toMatch(/^I'm sorry/);
  expect(statusOf(ben, uuid)).toBeUndefined();
  policies.setGrant('user:ben', vmId(uuid), ['presence', 'message', 'info']);
  await until('it is seen', () => statusOf(ben, uuid) === 'Running');
  expect(statusOf(ben, 'hv1')).toBeUndefined();
  expect(await say(ben, 'pause')).toMatch(/^I can't: ben may not do that to .* \(Pause\)/);
  policies.setGrant('user:ben', vmId(uuid), []);
  await until('it is seen no more', () => statusOf(ben, uuid) === 'unavailable');
});

test('a program asks in the words of Archipel, and may what its person may', async () => {
  const { policies, registry } = running.central;
  const acp = (module: string, action: string, attributes = {}): Element =>
    element(
      'query',
      { xmlns: `archipel:${module}` },
      element('archipel', { action, ...attributes }),
    );
  const to = `${uuid}@skerry.local/hv1`;
  await using ann = await person('ann');
  await until('it is seen', () => statusOf(ann, uuid) === 'Running');
  const reply = await ann.client.request('set', to, acp('vm:control', 'suspend'));
  expect(child(reply, 'query', 'archipel:vm:control')).toBeDefined();
  await until('it is paused', () => statusOf(ann, uuid) === 'Paused');
  await ann.client.request('set', to, acp('vm:control', 'resume'));
  await ann.client.request('set', to, acp('tags', 'settags', { tags: 'web;;prod' }));
  await until('it has the tags', () => registry.get(vmId(uuid))?.tags.join() === 'web,prod');
  const xml = await ann.client.request('get', to, acp('vm:control', 'xmldesc'));
  const domain = child(child(xml, 'query') ?? xml, 'domain');
  expect(domain && child(domain, 'name')?.children).toEqual(['test']);
  const items = async (module: string, action: string, params = {}): Promise<unknown[]> => {
    const answer = await ann.client.request('set', to, acp(module, action, params));
    return (child(answer, 'query')?.children ?? []).map((each) =>
      typeof each === 'string' ? each : each.attributes,
    );
  };
  const own = { who: 'user:ann', permissions: 'info create' };
  expect(await items('permissions', 'set', own)).not.toEqual([]);
  expect(await items('permissions', 'get')).toContainEqual(own);
  await items('permissions', 'set', { who: 'user:ann', remove: 'yes' });
  expect(await items('roster', 'getroster')).toContainEqual({ users: 'ann' });
  await items('entity:scheduler', 'schedule', { verb: 'suspend', at: '0 3 * * *' });
  const [job] = (await items('entity:scheduler', 'jobs')) as [{ job: string }];
  expect(job).toMatchObject({ verb: 'suspend', at: '0 3 * * *', by: 'ann' });
  await items('entity:scheduler', 'unschedule', { job: job.job });
  expect(await items('entity:scheduler', 'jobs')).toEqual([]);
  const away = { hypervisorjid: 'hv9@skerry.local/hv9' };
  await expect(
    ann.client.request('set', to, acp('vm:control', 'migrate', away)),
  ).rejects.toMatchObject({
    condition: 'item-not-found',
    message: expect.stringContaining('hv9') as string,
  });
  await using ben = await person('ben');
  policies.setGrant('user:ben', vmId(uuid), ['presence', 'info']);
  await until('ben sees it', () => statusOf(ben, uuid) === 'Running');
  await expect(ben.client.request('set', to, acp('vm:control', 'destroy'))).rejects.toMatchObject({
    condition: 'forbidden',
  });
  policies.setGrant('user:ben', vmId(uuid), []);
});

test('a machine that is parked answers who asked for it, and tells all who know it', async () => {
  const { central } = running;
  await using ann = await person('ann');
  await until('it is seen', () => statusOf(ann, uuid) === 'Running');
  const query = element(
    'query',
    { xmlns: 'archipel:vm:vmparking' },
    element('archipel', { action: 'park', force: 'yes' }),
  );
  const reply = await ann.client.request('set', `${uuid}@skerry.local/hv1`, query);
  expect(child(reply, 'query', 'archipel:vm:vmparking')).toBeDefined();
  await until('it is gone', () => statusOf(ann, uuid) === 'unavailable');
  const words = 'Undefine: done, as ann asked.';
  await until('it is told', () => heard(ann, 'headline').includes(words));
  const back = { machine: uuid, hypervisor: 'hv1', start: true };
  const by = { user: 'ann', via: 'web' } as const;
  expect(await central.perform('central', 'unpark', back, by)).toMatchObject({ ok: true });
  await until('it is back', () => statusOf(ann, uuid) === 'Running');
});

test('a role that is given and taken: what one sees follows', async () => {
  const { central } = running;
  const { policies } = central;
  await using cid = await person('cid');
  policies.update((policy) => ({
    ...policy,
    roles: { ...policy.roles, watchers: ['presence'] },
    members: { ...policy.members, cid: ['watchers'] },
    grants: [...policy.grants, { who: 'role:watchers', scope: 'all', permissions: [] }],
  }));
  await until('both are seen', () => statusOf(cid, uuid) === 'Running');
  await until('the hypervisor is', () => statusOf(cid, 'hv1') === 'Online (1)');
  policies.update((policy) => ({ ...policy, members: { ...policy.members, cid: [] } }));
  await until('none is seen', () => statusOf(cid, 'hv1') === 'unavailable');
});

test('who is made an administrator sees all without a new password; who is removed is out', async () => {
  const { policies, users } = running.central;
  await using dan = await person('dan');
  policies.update((policy) => ({ ...policy, admins: [...policy.admins, 'dan'] }));
  await until('all are seen', () => {
    dan.client.send(element('presence'));
    return statusOf(dan, uuid) === 'Running';
  });
  policies.update((policy) => ({
    ...policy,
    admins: policy.admins.filter((name) => name !== 'dan'),
  }));
  users.remove('dan');
  policies.update((policy) => policy);
  await until('he is out', () => !dan.client.online);
});

test.each([
  ['is removed, and had no permissions', 'user_remove', {}],
  ['is given a new login link, as a computer was lost', 'user_link', { reset: true }],
])('who %s is out', async (_, verb, params) => {
  const user = verb.replace('_', '-');
  await using eva = await person(user);
  const by = { user: 'ann', via: 'web' } as const;
  const reply = await running.central.perform('central', verb, { user, ...params }, by);
  expect(reply).toMatchObject({ ok: true });
  await until('she is out', () => !eva.client.online);
});

test('an agent gets no account of what is elsewhere', async () => {
  const { chat } = running.central;
  await expect(chat?.passwordOf(vmId(uuid), 'hv2')).rejects.toThrow('is not on hv2');
  await expect(chat?.passwordOf('hypervisor:hv1', 'hv2')).rejects.toThrow('is not on hv2');
});
