// Chat and presence, as people see it with clients that nobody here wrote.
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Ejabberd, startEjabberd } from '../src/cloud/bus/xmpp/ejabberd.ts';
import { child, element, text } from '../src/cloud/bus/xmpp/stanza.ts';
import { XmppClient } from '../src/cloud/bus/xmpp/xmpp-client.ts';
import { ChatAccounts } from '../src/cloud/chat/chat-accounts.ts';
import { EntitySessions } from '../src/cloud/chat/entity-sessions.ts';
import type { EntityId } from '../src/cloud/entity.ts';
import type { Element } from '../src/cloud/xml/element.ts';
import { poll } from '../src/util/poll.ts';
import { until } from './support/bus-contract.ts';

const UUID = '0a1b2c3d-0000-4000-8000-000000000001';
const DOMAIN = 'cloud.test';
const ROSTER = 'jabber:iq:roster';
const dir = await mkdtemp('/tmp/skerry-chat-');
const hasSlixmpp = spawnSync('/usr/bin/python3', ['-c', 'import slixmpp']).status === 0;
const hasGoSendxmpp = spawnSync('go-sendxmpp', ['--version']).status === 0;

let ejabberd: Ejabberd;
let accounts: ChatAccounts;
let sessions: EntitySessions;
const heard: string[] = [];
const running = new Set<ChildProcess>();

beforeAll(async () => {
  ejabberd = await startEjabberd({ dir, domain: DOMAIN });
  accounts = new ChatAccounts(ejabberd.admin, DOMAIN);
  await accounts.prepare();
  await accounts.addPerson('ada', 'enchantress', true);
  const passwords = new Map([
    [`vm:${UUID}`, await accounts.addEntity(`vm:${UUID}`)],
    ['hypervisor:hv1', await accounts.addEntity('hypervisor:hv1')],
  ]);
  sessions = new EntitySessions({
    server: ejabberd.local,
    domain: DOMAIN,
    hypervisor: 'hv1',
    password: async (entity) => passwords.get(entity) ?? '',
    answers: {
      async chat(entity, user, words) {
        heard.push(`${entity} ${user}: ${words}`);
        if (words === 'throw') throw new Error('a secret path');
        if (words === 'leave') return leave(entity, 'I have moved.');
        return words === 'start' ? "I'm starting." : `You said <${words}>.`;
      },
      async act(entity, user, { action, params }) {
        heard.push(`${entity} ${user} ${action} ${JSON.stringify(params)}`);
        if (action === 'throw') throw new Error('a secret path');
        if (action === 'park') await leave(entity, '');
        return { ok: true, result: { when: 'now' } };
      },
    },
  });
  sessions.set(`vm:${UUID}`, { show: 'xa', status: 'Off', name: 'web-1' });
  sessions.set('hypervisor:hv1', { show: '', status: 'Online (1)', name: 'hv1' });
}, 60_000);

afterAll(async () => {
  for (const each of running) each.kill('SIGKILL');
  await sessions[Symbol.asyncDispose]();
  await ejabberd[Symbol.asyncDispose]();
  await rm(dir, { recursive: true, force: true });
});

/** As an agent tells it: it is gone before whoever asked for that is answered. */
async function leave(entity: EntityId, answer: string): Promise<string> {
  void sessions.remove(entity);
  await sleep(200);
  return answer;
}

/** A client of ours that remembers all it gets. */
async function person(
  user: string,
  password: string,
  domain = DOMAIN,
  isShown = true,
): Promise<{ client: XmppClient; got: Element[] }> {
  const got: Element[] = [];
  const client = new XmppClient({
    server: ejabberd.local,
    jid: { local: user, domain, resource: 'phone' },
    password,
    handlers: {
      onSession: () => {},
      onMessage: (stanza) => got.push(stanza),
      onPresence: (stanza) => got.push(stanza),
    },
  });
  await client.ready();
  if (isShown) client.send(element('presence'));
  return { client, got };
}

function chat(words: string, to = `${UUID}@${DOMAIN}`): Element {
  return element('message', { to, type: 'chat', id: '7' }, element('body', {}, words));
}

/** A request in Archipel's words. */
function acp(action: string, attributes = {}): Element {
  const archipel = element('archipel', { action, ...attributes });
  return element('query', { xmlns: 'archipel:vm:control' }, archipel);
}

function bodies(got: readonly Element[], type = 'chat'): string[] {
  return got.flatMap((stanza) => {
    const body = child(stanza, 'body');
    return body && stanza.attributes.type === type ? [text(body)] : [];
  });
}

function statuses(got: readonly Element[], from: string): string[] {
  return got.flatMap((stanza) => {
    if (stanza.name !== 'presence' || stanza.attributes.from !== from) return [];
    const [show, status] = ['show', 'status'].map((name) => child(stanza, name));
    return [`${show ? text(show) : 'free'}: ${status ? text(status) : ''}`];
  });
}

/** Starts a program that is to be fed, and gives its lines as they come. */
function start(
  program: string,
  args: string[],
  input: string,
  env = {},
): { lines: string[]; end(): void } {
  const process_ = spawn(program, args, {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  });
  running.add(process_);
  process_.on('exit', () => running.delete(process_));
  process_.stdin.end(input);
  const lines: string[] = [];
  let rest = '';
  process_.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    const parts = (rest + chunk).split('\n');
    rest = parts.pop() ?? '';
    lines.push(...parts);
  });
  return { lines, end: () => void process_.kill() };
}

test('presence is the state, and every change of it is seen', async () => {
  const { client, got } = await person('ada', 'enchantress');
  const jid = `${UUID}@${DOMAIN}/hv1`;
  await until('the machine is seen', () => statuses(got, jid).includes('xa: Off'));
  await until('the hypervisor is seen', () =>
    statuses(got, `hv1@${DOMAIN}/hv1`).includes('free: Online (1)'),
  );
  sessions.set(`vm:${UUID}`, { show: 'dnd', status: 'Snapshoting...', name: 'web-1' });
  sessions.set(`vm:${UUID}`, { show: '', status: 'Running', name: 'web-1' });
  await until('the changes are seen', () => statuses(got, jid).includes('free: Running'));
  // Who was just there is told twice what it is: at its own coming, and as the answer to its question.
  expect([...new Set(statuses(got, jid))]).toEqual([
    'xa: Off',
    'dnd: Snapshoting...',
    'free: Running',
  ]);
  sessions.say(`vm:${UUID}`, "I've created a snapshot named x as asked by ada");
  await until('it is heard', () => bodies(got, 'headline').length === 1);
  await client[Symbol.asyncDispose]();
});

test('a chat is answered in order, and what goes wrong is not told', async () => {
  const { client, got } = await person('ada', 'enchantress');
  for (const words of ['start', 'a < b & "c"', 'throw', 'x'.repeat(10_001), ' '])
    client.send(chat(words));
  client.send(element('message', { to: `${UUID}@${DOMAIN}`, type: 'chat' }));
  client.send(
    element('message', { to: `${UUID}@${DOMAIN}`, type: 'headline' }, element('body', {}, 'start')),
  );
  await until('all is answered', () => bodies(got).length >= 4);
  expect(bodies(got).toSorted()).toEqual(
    [
      "I'm starting.",
      'You said <a < b & "c">.',
      "I'm sorry, something went wrong with that. It is in my hypervisor's log.",
      "I'm sorry, that is too long for me.",
    ].toSorted(),
  );
  expect(heard.slice(-3)).toEqual([
    `vm:${UUID} ada: start`,
    `vm:${UUID} ada: a < b & "c"`,
    `vm:${UUID} ada: throw`,
  ]);
  const count = heard.length;
  for (let number = 0; number < 40; number++) client.send(chat(`number ${number}`));
  await until('all is answered', () => bodies(got).length >= 44);
  expect(heard.length - count).toBeGreaterThanOrEqual(20);
  await client[Symbol.asyncDispose]();
});

test("Archipel's requests are answered as they are there, and strangers' are not", async () => {
  const to = `${UUID}@${DOMAIN}/hv1`;
  const { client } = await person('ada', 'enchantress');
  const answer = await client.request('set', to, acp('memory', { mebibytes: '512' }));
  const query = child(answer, 'query', 'archipel:vm:control');
  expect(query && child(query, 'memory')?.attributes).toEqual({ when: 'now' });
  expect(heard.at(-1)).toBe(`vm:${UUID} ada memory {"mebibytes":"512"}`);
  await expect(client.request('set', to, acp('throw'))).rejects.toMatchObject({
    condition: 'internal-server-error',
  });
  await expect(
    client.request('get', to, element('query', { xmlns: 'archipel:vm:control' })),
  ).rejects.toMatchObject({ condition: 'service-unavailable' });
  const count = heard.length;
  await ejabberd.admin.ensureAccount('eve', DOMAIN, 'x');
  const eve = await person('eve', 'x');
  await expect(eve.client.request('set', to, acp('create'))).rejects.toMatchObject({
    condition: 'forbidden',
  });
  expect(heard.length).toBe(count);
  await Promise.all([client, eve.client].map((each) => each[Symbol.asyncDispose]()));
});

test("Archipel's events are told to who sees it, and follows them", async () => {
  const jid = `${UUID}@${DOMAIN}`;
  const follow = (by: string): Element =>
    element(
      'pubsub',
      { xmlns: 'http://jabber.org/protocol/pubsub' },
      element('subscribe', { node: `/archipel/${jid}/events`, jid: by }),
    );
  const push = (change: string): void =>
    sessions.push(`vm:${UUID}`, {
      ...{ area: 'virtualmachine:control', change, state: { state: 'paused' } },
    });
  const { client, got } = await person('ada', 'enchantress');
  await until('the machine is there', () => statuses(got, `${jid}/hv1`).length > 0);
  // The node is there from the first event on.
  push('created');
  const followed = (): Promise<true | undefined> =>
    client.request('set', jid, follow(`ada@${DOMAIN}`)).then(
      () => true as const,
      () => undefined,
    );
  await poll(followed, {
    timeoutMs: 10_000,
    onTimeout: () => new Error('it is not to be followed'),
  });
  const count = got.length;
  push('suspended');
  const told = (): Element[] =>
    got.slice(count).flatMap((stanza) => {
      const event = child(stanza, 'event', 'http://jabber.org/protocol/pubsub#event');
      const item = event && child(child(event, 'items') ?? event, 'item');
      return (item && child(item, 'push')) ?? [];
    });
  await until('it is told', () => told().length > 0);
  expect(told()[0]?.attributes).toMatchObject({
    xmlns: 'archipel:push:virtualmachine:control',
    change: 'suspended',
  });
  expect(told()[0]?.children).toMatchObject([{ name: 'state', attributes: { state: 'paused' } }]);
  await ejabberd.admin.ensureAccount('noah', DOMAIN, 'x');
  const noah = await person('noah', 'x');
  await expect(noah.client.request('set', jid, follow(`noah@${DOMAIN}`))).rejects.toMatchObject({
    condition: 'presence-subscription-required',
  });
  await Promise.all([client, noah.client].map((each) => each[Symbol.asyncDispose]()));
});

test('strangers are refused, politely and once; machines do not talk to each other', async () => {
  const count = heard.length;
  await ejabberd.admin.ensureAccount('mallory', DOMAIN, 'x');
  const mallory = await person('mallory', 'x');
  for (let times = 0; times < 3; times++) mallory.client.send(chat('start'));
  mallory.client.send(element('presence', { type: 'subscribe', to: `${UUID}@${DOMAIN}` }));
  await until('it is refused', () =>
    mallory.got.some(({ attributes }) => attributes.type === 'unsubscribed'),
  );
  await until('it is answered', () => bodies(mallory.got).length > 0);
  expect(bodies(mallory.got)).toEqual([
    "I'm sorry, I only talk to people I know. Ask an administrator to introduce us.",
  ]);
  expect(
    mallory.got.filter(({ name, attributes }) => {
      return (
        name === 'presence' &&
        attributes.type === undefined &&
        !attributes.from?.includes('mallory')
      );
    }),
  ).toEqual([]);
  // Ada of the bus's domain is not Ada.
  await ejabberd.admin.ensureAccount('ada', ejabberd.busDomain, 'x');
  const other = await person('ada', 'x', ejabberd.busDomain);
  other.client.send(chat('start'));
  await until('it is answered', () => bodies(other.got).length > 0);
  expect(heard.length).toBe(count);
  await Promise.all([mallory, other].map(({ client }) => client[Symbol.asyncDispose]()));
});

test('who is no administrator sees and talks to whom they were introduced to, as long as that lasts', async () => {
  await accounts.addPerson('ben', 'secret');
  const { client, got } = await person('ben', 'secret');
  client.send(chat('start'));
  await until('it is refused', () => bodies(got).length > 0);
  expect(bodies(got)[0]).toMatch(/^I'm sorry, I only talk to people I know/);
  expect(
    got.filter(
      ({ name, attributes }) => name === 'presence' && !attributes.from?.startsWith('ben'),
    ),
  ).toEqual([]);
  await accounts.introduce('ben', `vm:${UUID}`, 'web-1');
  const from = `${UUID}@${DOMAIN}/hv1`;
  await until('it is seen', () => statuses(got, from).length > 0);
  client.send(chat('start'));
  await until('it answers', () => bodies(got).includes("I'm starting."));
  expect(heard.at(-1)).toBe(`vm:${UUID} ben: start`);
  const count = heard.length;
  await accounts.separate('ben', UUID);
  await until('it is gone', () =>
    got.some(({ attributes }) => attributes.from === from && attributes.type === 'unavailable'),
  );
  client.send(chat('destroy'));
  client.send(chat('destroy', `hv1@${DOMAIN}`));
  await until('the other one has refused', () => bodies(got).length >= 3);
  expect(heard.length).toBe(count);
  // An administrator sees all of them.
  await accounts.addPerson('ben', 'secret', true);
  await client[Symbol.asyncDispose]();
  const again = await person('ben', 'secret');
  await until('it is seen', () => statuses(again.got, from).length > 0);
  await again.client[Symbol.asyncDispose]();
  await accounts.removePerson('ben');
});

test('what was said while it was away is not done any more', async () => {
  const { client, got } = await person('ada', 'enchantress');
  const count = heard.length;
  const delay = { xmlns: 'urn:xmpp:delay', stamp: '2026-01-01T00:00:00Z' };
  const said = chat('start');
  client.send({ ...said, children: [...said.children, element('delay', delay)] });
  await until('it is answered', () => bodies(got).length > 0);
  expect(bodies(got)[0]).toMatch(/^I was away when you said that/);
  expect(heard.length).toBe(count);
  await client[Symbol.asyncDispose]();
});

test('a person is not called like a hypervisor, nor the other way round', async () => {
  await expect(accounts.addPerson('hv1', 'x')).rejects.toThrow('is one of the hypervisors');
  await expect(accounts.addPerson(UUID, 'x')).rejects.toThrow('is one of the machines');
  await expect(accounts.addEntity('hypervisor:ada')).rejects.toThrow(
    'is one of the administrators',
  );
  // One who is gone has no name.
  await accounts.addPerson('hv2', 'x');
  await accounts.removePerson('hv2');
  expect([...(await accounts.people()).keys()]).not.toContain('hv2');
  await accounts.addEntity('hypervisor:hv2');
  await accounts.removeEntity('hv2');
});

test('a guest of a doctor who was killed is gone when central starts again, a person is not', async () => {
  const guest = accounts.guestName();
  await accounts.addGuest(guest, 'x');
  await accounts.addPerson('doctor-0123456789ab', 'secret');
  await accounts.prepare();
  const all = await ejabberd.admin.accounts(DOMAIN);
  expect(all).not.toContain(guest);
  expect(all).toContain('doctor-0123456789ab');
  await accounts.removePerson('doctor-0123456789ab');
});

const slixmppName = hasSlixmpp
  ? 'with slixmpp, over TLS'
  : 'with slixmpp, over TLS (not run: package python3-slixmpp is missing)';

test.skipIf(!hasSlixmpp)(slixmppName, { timeout: 60_000 }, async () => {
  sessions.set(`vm:${UUID}`, { show: 'away', status: 'Paused', name: 'web-1' });
  const script = new URL('support/chat-client.py', import.meta.url).pathname;
  const options = {
    jid: `ada@${DOMAIN}/desk`,
    password: 'enchantress',
    to: `${UUID}@${DOMAIN}`,
    say: ['start'],
    ca: `${dir}/ca.pem`,
    host: '127.0.0.1',
    port: ejabberd.remote.port,
  };
  const slixmpp = start('/usr/bin/python3', [script], JSON.stringify(options));
  const seen = (): Record<string, unknown>[] =>
    slixmpp.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  await until('it is answered', () => seen().some(({ kind }) => kind === 'chat'));
  await until('the presence is seen', () => seen().some(({ status }) => status === 'Paused'));
  sessions.say(`vm:${UUID}`, 'I was here.');
  await until('the shout is heard', () => seen().some(({ kind }) => kind === 'headline'));
  expect(seen()).toEqual(
    expect.arrayContaining([
      {
        kind: 'contact',
        jid: `${UUID}@${DOMAIN}`,
        name: 'web-1',
        subscription: 'both',
        groups: ['All Virtual Machines'],
      },
      expect.objectContaining({ kind: 'contact', jid: `hv1@${DOMAIN}`, subscription: 'both' }),
      expect.objectContaining({ kind: 'presence', show: 'away', status: 'Paused' }),
      { kind: 'chat', jid: `${UUID}@${DOMAIN}/hv1`, body: "I'm starting." },
      { kind: 'headline', jid: `${UUID}@${DOMAIN}/hv1`, body: 'I was here.' },
    ]),
  );
  slixmpp.end();
});

const goSendxmppName = hasGoSendxmpp
  ? 'with go-sendxmpp, over TLS'
  : 'with go-sendxmpp, over TLS (not run: package go-sendxmpp is missing)';

test.skipIf(!hasGoSendxmpp)(goSendxmppName, { timeout: 60_000 }, async () => {
  const count = heard.length;
  const login = [
    '-u',
    `ada@${DOMAIN}`,
    '-p',
    'enchantress',
    '-j',
    `127.0.0.1:${ejabberd.remote.port}`,
  ];
  const env = { SSL_CERT_FILE: `${dir}/ca.pem`, HOME: dir };
  const { lines } = start('go-sendxmpp', [...login, '-l'], '', env);
  const hears = (words: string): boolean => lines.some((line) => line.includes(words));
  await until('it listens', () => {
    sessions.say(`vm:${UUID}`, 'Is anybody there?');
    return hears('Is anybody there?');
  });
  start('go-sendxmpp', [...login, `${UUID}@${DOMAIN}`], 'how are you\n', env);
  await until('it has come', () => heard.length > count);
  expect(heard.at(-1)).toBe(`vm:${UUID} ada: how are you`);
  // That one has gone before it could be answered. Answers to a client that does not show itself go to the others.
  const { client } = await person('ada', 'enchantress', DOMAIN, false);
  client.send(chat('and you'));
  await until('the answer has come', () => hears('You said <and you>.'));
  await client[Symbol.asyncDispose]();
});

test('what leaves still answers who asked for that, and tells it; it is seen no more at once', async () => {
  const { client, got } = await person('ada', 'enchantress');
  const from = `${UUID}@${DOMAIN}/hv1`;
  const isSeen = (): boolean =>
    got.findLast(({ attributes }) => attributes.from === from)?.attributes.type === undefined;
  await until('the machine is seen', () => statuses(got, from).length > 0);
  const leftAt = (): number =>
    got.findIndex(
      ({ attributes }) => attributes.from === from && attributes.type === 'unavailable',
    );
  client.send(chat('leave'));
  await until('it is gone', () => leftAt() >= 0);
  await until('it answers', () => bodies(got).includes('I have moved.'));
  expect(bodies(got.slice(0, leftAt()))).toEqual([]);
  // Its session ends some seconds after it left.
  sessions.say(`vm:${UUID}`, 'I have moved. ada asked for it.');
  const count = heard.length;
  client.send(chat('start', from));
  await until('it says so', () =>
    bodies(got).some((words) => words.startsWith('I have just left')),
  );
  await expect(client.request('set', from, acp('create'))).rejects.toMatchObject({
    condition: 'service-unavailable',
  });
  expect(heard.length).toBe(count);
  await until('it is heard', () => bodies(got, 'headline').length === 1);
  sessions.set(`vm:${UUID}`, { show: '', status: 'Running', name: 'web-1' });
  await until('it is back', isSeen);
  const answer = await client.request('set', from, acp('park'));
  expect(child(answer, 'query', 'archipel:vm:control')).toBeDefined();
  sessions.set(`vm:${UUID}`, { show: '', status: 'Running', name: 'web-1' });
  await client[Symbol.asyncDispose]();
});

test('who is removed is gone from all lists', async () => {
  const { client, got } = await person('ada', 'enchantress');
  const from = `${UUID}@${DOMAIN}/hv1`;
  await until('the machine is seen', () => statuses(got, from).length > 0);
  await sessions.remove(`vm:${UUID}`);
  await until('it is gone', () =>
    got.some(({ attributes }) => attributes.from === from && attributes.type === 'unavailable'),
  );
  const list = async (): Promise<(string | undefined)[]> => {
    const answer = await client.request('get', undefined, element('query', { xmlns: ROSTER }));
    const query = child(answer, 'query', ROSTER);
    return (query?.children ?? []).flatMap((each) =>
      typeof each === 'string' ? [] : [each.attributes['jid']],
    );
  };
  expect(await list()).toContain(`${UUID}@${DOMAIN}`);
  await accounts.removeEntity(UUID);
  expect(await list()).not.toContain(`${UUID}@${DOMAIN}`);
  expect(await accounts.entities()).toEqual({ hypervisors: ['hv1'], machines: [] });
  expect(await ejabberd.admin.accounts(DOMAIN)).toEqual(['ada', 'eve', 'hv1', 'mallory', 'noah']);
  await client[Symbol.asyncDispose]();
});
