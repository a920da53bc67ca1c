import { expect, test, vi } from 'vitest';
import { daemonError, FakeDaemon, type Handlers, type Peer } from '../test/fake-daemon.ts';
import { connect } from './connect.ts';
import type { Connection } from './connection.ts';

const domain = { name: 'a', uuid: 'c7a5fdbd-edaf-9455-926a-d65c16db1809', id: 1 };
const other = { name: 'b', uuid: '00000000-0000-0000-0000-000000000002', id: 2 };

async function open(handlers: Handlers = {}): Promise<{ conn: Connection; daemon: FakeDaemon }> {
  const daemon = new FakeDaemon({
    CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY: () => ({ callbackId: 0 }),
    CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY: () => ({}),
    CONNECT_NETWORK_EVENT_REGISTER_ANY: () => ({ callbackId: 0 }),
    CONNECT_NETWORK_EVENT_DEREGISTER_ANY: () => ({}),
    ...handlers,
  });
  return { conn: await connect('test:///default', { dial: daemon.dial }), daemon };
}

function lifecycle(
  peer: Peer,
  event: number,
  detail: number,
  subject = domain,
  callbackId = 0,
): void {
  const schema = 'callbackId:int domain:domain event:int detail:int';
  peer.event(318, schema, { callbackId, domain: subject, event, detail });
}

test('an event that overtakes the registration is not lost, and id 0 is an id (rule 5)', async () => {
  const { conn } = await open({
    CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY: (_, peer) => {
      lifecycle(peer, 2, 0);
      return { callbackId: 0 };
    },
  });
  const events = await conn.events({ types: ['lifecycle'] });
  expect((await events.next()).value).toEqual({
    type: 'lifecycle',
    domain: { name: 'a', uuid: domain.uuid },
    event: 'started',
    detail: 'booted',
  });
});

test('each listener has its own queue, and one registration serves them all (rule 5)', async () => {
  const { conn, daemon } = await open();
  const first = await conn.events({ types: ['lifecycle'] });
  const second = await conn.events({ types: ['lifecycle'], domain: other });
  lifecycle(daemon.peer, 5, 1);
  lifecycle(daemon.peer, 0, 0, other);
  expect((await second.next()).value).toMatchObject({ domain: { name: 'b' }, event: 'defined' });
  expect((await first.next()).value).toMatchObject({ domain: { name: 'a' }, detail: 'destroyed' });
  expect((await first.next()).value).toMatchObject({ domain: { name: 'b' } });
  expect(daemon.peer.calls.filter((name) => name.endsWith('REGISTER_ANY'))).toHaveLength(1);
});

test('the last listener to leave deregisters, and one can come back', async () => {
  let callbackId = 0;
  const { conn, daemon } = await open({
    CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY: () => ({ callbackId: callbackId++ }),
  });
  const first = await conn.events({ types: ['lifecycle'] });
  const second = await conn.events({ types: ['lifecycle'] });
  await first.close();
  expect(daemon.peer.calls).not.toContain('CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY');
  await second.close();
  expect(daemon.peer.calls.at(-1)).toBe('CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY');
  lifecycle(daemon.peer, 2, 0);
  const third = await conn.events({ types: ['lifecycle'] });
  lifecycle(daemon.peer, 2, 0);
  lifecycle(daemon.peer, 3, 0, domain, 1);
  expect((await third.next()).value).toMatchObject({ event: 'suspended' });
});

test('leaving the loop unsubscribes', async () => {
  const { conn, daemon } = await open();
  const events = await conn.events({ types: ['lifecycle'] });
  lifecycle(daemon.peer, 2, 0);
  for await (const event of events) {
    expect(event.type).toBe('lifecycle');
    break;
  }
  expect(daemon.peer.calls.at(-1)).toBe('CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY');
});

test('leaving the loop never fails', async () => {
  const { conn, daemon } = await open({
    CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY: () => {
      throw daemonError(1);
    },
  });
  const events = await conn.events({ types: ['lifecycle'] });
  lifecycle(daemon.peer, 2, 0);
  for await (const event of events) {
    expect(event.type).toBe('lifecycle');
    break;
  }
});

test('a signal ends the loop without an error', async () => {
  const { conn } = await open();
  const stop = new AbortController();
  const events = await conn.events({ types: ['lifecycle'], signal: stop.signal });
  setImmediate(() => stop.abort());
  for await (const event of events) expect(event).toBe('none');
});

test('a slow reader is told what it missed', async () => {
  const { conn, daemon } = await open();
  const events = await conn.events({ types: ['lifecycle'], queueLimit: 3 });
  for (let i = 0; i < 4; i++) lifecycle(daemon.peer, i, 0);
  await conn.events({ types: ['reboot'] });
  expect((await events.next()).value).toEqual({ type: 'resync', reason: 'overflow', dropped: 3 });
  expect((await events.next()).value).toMatchObject({ event: 'suspended' });
});

test('a lost connection is an error in the loop, after what was received', async () => {
  const { conn, daemon } = await open();
  const events = await conn.events({ types: ['lifecycle'] });
  lifecycle(daemon.peer, 2, 0);
  daemon.peer.end();
  await conn.closed;
  await Promise.resolve();
  expect((await events.next()).value).toMatchObject({ event: 'started' });
  await expect(events.next()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test('closing the connection ends the loop', async () => {
  const { conn } = await open();
  const events = await conn.events();
  const next = events.next();
  await conn.close();
  expect(await next).toEqual({ done: true, value: undefined });
  await events.close();
});

test('a refused registration is the error of events()', async () => {
  const { conn } = await open({
    CONNECT_NETWORK_EVENT_REGISTER_ANY: () => {
      throw daemonError(3);
    },
  });
  await expect(conn.events({ types: ['network-lifecycle'] })).rejects.toMatchObject({ code: 3 });
});

test('an event that cannot be read harms nothing', async () => {
  const { conn, daemon } = await open();
  const events = await conn.events({ types: ['lifecycle'] });
  daemon.peer.event(318, 'a:int', { a: 0 });
  lifecycle(daemon.peer, 99, 99);
  expect((await events.next()).value).toMatchObject({ event: 'unknown', detail: 'unknown' });
});

test('events of every kind are decoded', async () => {
  const { conn, daemon } = await open();
  const types = ['metadata', 'agent-lifecycle', 'job-completed', 'network-lifecycle'] as const;
  const events = await conn.events({ types });
  const base = { callbackId: 0, domain };
  const head = 'callbackId:int domain:domain';
  daemon.peer.event(379, `${head} type:int uri:string?`, { ...base, type: 2, uri: 'u' });
  daemon.peer.event(348, `${head} state:int reason:int`, { ...base, state: 1, reason: 2 });
  const params = [{ field: 'operation', type: 'int', value: 2 }];
  daemon.peer.event(363, `${head} params:param[]`, { ...base, params });
  const network = { name: 'n', uuid: other.uuid };
  const schema = 'callbackId:int network:network event:int detail:int';
  daemon.peer.event(315, schema, { callbackId: 0, network, event: 2, detail: 0 });
  const got: unknown[] = [];
  for (let i = 0; i < 4; i++) got.push((await events.next()).value);
  expect(got).toMatchObject([
    { type: 'metadata', kind: 'element', uri: 'u' },
    { type: 'agent-lifecycle', state: 'connected', reason: 'channel' },
    { type: 'job-completed', params: { operation: 2 } },
    { type: 'network-lifecycle', event: 'started', network },
  ]);
  await vi.waitFor(() => expect(daemon.peer.calls.length).toBeGreaterThan(4));
});
