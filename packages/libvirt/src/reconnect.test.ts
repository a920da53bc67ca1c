import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { expect, test, vi } from 'vitest';
import { FakeDaemon, type Handlers, never } from '../test/fake-daemon.ts';
import { connect, type ConnectOptions } from './connect.ts';
import type { Connection } from './connection.ts';

const fast = { initialDelayMs: 2, maxDelayMs: 10, giveUpMs: 2000 };
const uuid = '6f1c9a4e-8c09-4d2d-9d7c-0c1b4b6c3c11';

/** A daemon that can be away for a while. */
class Flaky extends FakeDaemon {
  isAway = false;
  tries = 0;

  readonly dialIfThere = async (signal: AbortSignal): Promise<Duplex> => {
    this.tries += 1;
    if (this.isAway) throw new Error('nobody is there');
    signal.throwIfAborted();
    return this.dial();
  };

  /** Goes away, and comes back only when told; resolves when the client has noticed. */
  async leave(): Promise<void> {
    const { tries } = this;
    this.isAway = true;
    this.last.end();
    await vi.waitFor(() => expect(this.tries).toBeGreaterThan(tries));
  }

  get last(): FakeDaemon['peer'] {
    return this.peers.at(-1)!;
  }
}

async function open(
  handlers: Handlers = {},
  options: ConnectOptions = {},
): Promise<{ conn: Connection; daemon: Flaky }> {
  let callbackId = 5;
  const daemon = new Flaky({
    CONNECT_GET_HOSTNAME: () => ({ hostname: 'h' }),
    CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY: () => ({ callbackId: callbackId++ }),
    CONNECT_DOMAIN_EVENT_CALLBACK_DEREGISTER_ANY: () => ({}),
    ...handlers,
  });
  const dial = daemon.dialIfThere;
  return { conn: await connect('test:///default', { dial, reconnect: fast, ...options }), daemon };
}

test('a call under way is rejected, not repeated; a later one waits for the next session', async () => {
  const { conn, daemon } = await open({ CONNECT_GET_URI: never });
  const pending = conn.uri();
  await vi.waitFor(() => expect(daemon.peer.calls).toContain('CONNECT_GET_URI'));
  daemon.isAway = true;
  daemon.peer.end();
  await expect(pending).rejects.toMatchObject({ code: 'CONNECTION_CLOSED', intended: false });
  const later = conn.hostname();
  await vi.waitFor(() => expect(daemon.tries).toBeGreaterThan(3));
  daemon.isAway = false;
  expect(await later).toBe('h');
  expect(daemon.peers).toHaveLength(2);
  expect(daemon.last.calls).not.toContain('CONNECT_GET_URI');
  expect(daemon.last.calls).toContain('CONNECT_REGISTER_CLOSE_CALLBACK');
  expect(conn.isClosed).toBe(false);
  await conn.close();
});

test('a waiting call keeps its own deadline and signal', async () => {
  const { conn, daemon } = await open();
  await daemon.leave();
  await expect(conn.hostname({ timeoutMs: 30 })).rejects.toMatchObject({
    code: 'CALL_TIMEOUT',
    procedure: 'CONNECT_GET_HOSTNAME',
    timeoutMs: 30,
  });
  const stop = new AbortController();
  const aborted = conn.hostname({ signal: stop.signal });
  stop.abort(new Error('enough'));
  await expect(aborted).rejects.toThrow('enough');
  await conn.close();
});

test('event loops go on: registered anew, after a resync (rule 5)', async () => {
  const { conn, daemon } = await open();
  const events = await conn.events({ types: ['lifecycle'] });
  const schema = 'callbackId:int domain:domain event:int detail:int';
  const domain = { name: 'a', uuid, id: 1 };
  daemon.peer.event(318, schema, { callbackId: 5, domain, event: 2, detail: 0 });
  expect((await events.next()).value).toMatchObject({ type: 'lifecycle', event: 'started' });

  daemon.peer.end();
  expect((await events.next()).value).toEqual({
    type: 'resync',
    reason: 'reconnected',
    dropped: 0,
  });
  // What the listener asks now comes after the registration, so nothing is between the two.
  await conn.hostname();
  const register = daemon.last.calls.indexOf('CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY');
  expect(register).toBeGreaterThan(0);
  expect(register).toBeLessThan(daemon.last.calls.indexOf('CONNECT_GET_HOSTNAME'));
  daemon.last.event(318, schema, { callbackId: 6, domain, event: 5, detail: 1 });
  expect((await events.next()).value).toMatchObject({ type: 'lifecycle', event: 'stopped' });
  await conn.close();
  expect(await events.next()).toEqual({ done: true, value: undefined });
});

test('subscribing and streams wait for the next session, too', async () => {
  const { conn, daemon } = await open({ DOMAIN_SCREENSHOT: () => ({ mime: 'image/png' }) });
  await daemon.leave();
  const events = conn.events({ types: ['reboot'] });
  const args = { domain: { name: 'a', uuid, id: 1 }, screen: 0 };
  const stream = conn.openStream('DOMAIN_SCREENSHOT', args, 'read');
  await delay(20);
  daemon.isAway = false;
  await (await events).close();
  (await stream).stream.destroy();
  await conn.close();
});

test('gives up after a while, with the last reason as the cause', async () => {
  const { conn, daemon } = await open({}, { reconnect: { ...fast, giveUpMs: 60 } });
  const events = await conn.events({ types: ['reboot'] });
  await daemon.leave();
  await expect(conn.hostname()).rejects.toMatchObject({
    code: 'CONNECTION_CLOSED',
    message: expect.stringContaining('no new connection within 60 ms'),
  });
  expect((await conn.closed).cause).toMatchObject({ message: 'nobody is there' });
  await expect(events.next()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  expect(conn.isClosed).toBe(true);
});

test('closing ends the tries at once', async () => {
  const { conn, daemon } = await open();
  await daemon.leave();
  const waiting = conn.hostname();
  await conn.close();
  await expect(waiting).rejects.toMatchObject({ code: 'CONNECTION_CLOSED', intended: true });
  const { tries } = daemon;
  await delay(40);
  expect(daemon.tries).toBe(tries);
  await expect(conn.hostname()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
});

test('a session that ends while it is prepared is tried again', async () => {
  let times = 0;
  const { conn, daemon } = await open({
    CONNECT_DOMAIN_EVENT_CALLBACK_REGISTER_ANY: (_, peer) => {
      if (++times === 2) peer.end();
      return times === 2 ? never() : { callbackId: times };
    },
  });
  const events = await conn.events({ types: ['lifecycle'] });
  daemon.peer.end();
  expect((await events.next()).value).toMatchObject({ type: 'resync' });
  expect(await conn.hostname()).toBe('h');
  expect(daemon.peers).toHaveLength(3);
  await conn.close();
});

test('without the option a lost connection stays lost', async () => {
  const { conn, daemon } = await open({}, { reconnect: false });
  daemon.peer.end();
  await conn.closed;
  await expect(conn.hostname()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  expect(daemon.tries).toBe(1);
});
