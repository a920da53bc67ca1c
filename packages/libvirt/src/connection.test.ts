import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';
import { daemonError, type FakeDaemon, never, openFake } from '../test/fake-daemon.ts';
import { connect } from './connect.ts';
import { isNotFound, LibvirtError } from './errors.ts';
import { encodePacket, PROGRAM } from './frame.ts';

describe('the handshake', () => {
  test('asks for authentication first and opens by name (rule 1)', async () => {
    const names: unknown[] = [];
    const { daemon } = await openFake({
      CONNECT_OPEN: ({ name, flags }) => {
        names.push(name, flags);
        return {};
      },
    });
    expect(names).toEqual(['test:///default', 0]);
    expect(daemon.peer.calls.slice(0, 3)).toEqual([
      'AUTH_LIST',
      'CONNECT_SUPPORTS_FEATURE',
      'CONNECT_OPEN',
    ]);
  });

  test('answers polkit', async () => {
    const { daemon } = await openFake({
      AUTH_LIST: () => ({ types: [2] }),
      AUTH_POLKIT: () => ({ complete: 1 }),
    });
    expect(daemon.peer.calls[1]).toBe('AUTH_POLKIT');
  });

  test('refuses authentication it cannot do', async () => {
    await expect(openFake({ AUTH_LIST: () => ({ types: [7] }) })).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
    });
  });

  test('gives up after its deadline', async () => {
    const opening = openFake({ CONNECT_OPEN: never }, { timeoutMs: 20 });
    await expect(opening).rejects.toThrow('no answer within 20 ms');
  });

  test('passes the refusal of the daemon on', async () => {
    const refuse = (): never => {
      throw daemonError(88);
    };
    await expect(openFake({ CONNECT_OPEN: refuse })).rejects.toMatchObject({ code: 88 });
  });

  test('says which socket is missing', async () => {
    await expect(connect('test:///default?socket=/nowhere/sock')).rejects.toMatchObject({
      code: 'CONNECT_FAILED',
      message: expect.stringContaining('/nowhere/sock'),
    });
  });
});

describe('calls', () => {
  test('take replies in any order (rule 2)', async () => {
    const serials: number[] = [];
    const { conn, daemon } = await openFake({
      CONNECT_GET_HOSTNAME: (_, _peer, serial) => {
        serials.push(serial);
        return never();
      },
    });
    const answers = Promise.all([conn.hostname(), conn.hostname(), conn.hostname()]);
    await vi.waitFor(() => expect(serials).toHaveLength(3));
    for (const serial of serials.toReversed()) {
      daemon.peer.reply('CONNECT_GET_HOSTNAME', serial, {
        hostname: `host${serial - serials[0]!}`,
      });
    }
    expect(await answers).toEqual(['host0', 'host1', 'host2']);
  });

  test('become LibvirtErrors with all that the daemon said (rule 10)', async () => {
    const { conn } = await openFake({
      DOMAIN_LOOKUP_BY_NAME: ({ name }) => {
        throw daemonError(42, `no domain ${String(name)}`);
      },
    });
    const error: unknown = await conn.domain('x').catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LibvirtError);
    expect(error).toMatchObject({
      code: 42,
      level: 2,
      message: 'no domain x',
      procedure: 'DOMAIN_LOOKUP_BY_NAME',
    });
    expect(isNotFound(error)).toBe(true);
    expect((error as Error).stack).toContain('Connection.domain');
  });

  test('reject at once on arguments that cannot be sent (rule 8)', async () => {
    const { conn, daemon } = await openFake();
    await expect(conn.domain('test\0x')).rejects.toMatchObject({ code: 'PROTOCOL' });
    await expect(conn.domainByUuid('nonsense')).rejects.toMatchObject({ code: 'PROTOCOL' });
    expect(daemon.peer.calls).not.toContain('DOMAIN_LOOKUP_BY_NAME');
  });

  test('are at most four in the daemon; the rest wait their turn (rule 3)', async () => {
    let running = 0;
    let most = 0;
    const { conn } = await openFake({
      CONNECT_GET_HOSTNAME: async () => {
        most = Math.max(most, ++running);
        await delay(2);
        running -= 1;
        return { hostname: 'h' };
      },
    });
    await Promise.all(Array.from({ length: 20 }, () => conn.hostname()));
    expect(most).toBe(4);
  });

  test('keep their slot after a timeout, until the reply comes (rule 3)', async () => {
    const serials: number[] = [];
    const { conn, daemon } = await openFake(
      {
        CONNECT_GET_CAPABILITIES: (_, _peer, serial) => {
          serials.push(serial);
          return never();
        },
        CONNECT_GET_HOSTNAME: () => ({ hostname: 'h' }),
      },
      { maxInFlight: 1 },
    );
    await expect(conn.capabilities({ timeoutMs: 5 })).rejects.toMatchObject({
      code: 'CALL_TIMEOUT',
      timeoutMs: 5,
    });
    const next = conn.hostname();
    await delay(5);
    expect(daemon.peer.calls).not.toContain('CONNECT_GET_HOSTNAME');
    daemon.peer.reply('CONNECT_GET_CAPABILITIES', serials[0]!, { capabilities: '' });
    expect(await next).toBe('h');
  });

  test('leave the queue when they are aborted there', async () => {
    const { conn, daemon } = await openFake(
      { CONNECT_GET_CAPABILITIES: never, CONNECT_GET_HOSTNAME: () => ({ hostname: 'h' }) },
      { maxInFlight: 1 },
    );
    const first = conn.capabilities().catch((e: unknown) => e);
    const stop = new AbortController();
    const second = conn.hostname({ signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(second).rejects.toThrow('enough');
    await expect(conn.hostname({ signal: AbortSignal.abort() })).rejects.toThrow('abort');
    expect(daemon.peer.calls).not.toContain('CONNECT_GET_HOSTNAME');
    await conn.close();
    expect(await first).toMatchObject({ code: 'CONNECTION_CLOSED', intended: true });
  });

  test('survive replies to nobody and of unknown kinds (rule 2)', async () => {
    const seen: string[] = [];
    const { conn, daemon } = await openFake(
      { CONNECT_GET_HOSTNAME: () => ({ hostname: 'h' }) },
      { debug: (event) => seen.push(event) },
    );
    daemon.peer.reply('CONNECT_GET_HOSTNAME', 9999, { hostname: 'stray' });
    daemon.peer.stream('DOMAIN_SCREENSHOT', 9998, 0);
    const header = { program: PROGRAM.remote, procedure: 1, serial: 1, status: 0 };
    daemon.peer.sendRaw(encodePacket({ ...header, type: 99 }, Buffer.alloc(0)));
    daemon.peer.event(9997, 'a:int', { a: 1 });
    expect(await conn.hostname()).toBe('h');
    expect(seen).toHaveLength(3);
  });

  test('fail, alone, when the reply makes no sense', async () => {
    const { conn, daemon } = await openFake({
      CONNECT_GET_URI: never,
      CONNECT_GET_HOSTNAME: () => ({ hostname: 'h' }),
    });
    const call = conn.uri();
    await vi.waitFor(() => expect(daemon.peer.calls).toContain('CONNECT_GET_URI'));
    const serial = daemon.peer.calls.length;
    const header = { program: PROGRAM.remote, procedure: 110, type: 1, serial, status: 0 };
    daemon.peer.sendRaw(encodePacket(header, Buffer.from([0, 0, 0, 9])));
    await expect(call).rejects.toMatchObject({ code: 'PROTOCOL' });
    expect(await conn.hostname()).toBe('h');
  });

  test('fail when the reply brings file descriptors (rule 19)', async () => {
    const { conn, daemon } = await openFake({ CONNECT_GET_URI: never });
    const call = conn.uri();
    await vi.waitFor(() => expect(daemon.peer.calls).toContain('CONNECT_GET_URI'));
    const serial = daemon.peer.calls.length;
    const header = { program: PROGRAM.remote, procedure: 110, type: 5, serial, status: 0 };
    daemon.peer.sendRaw(encodePacket(header, Buffer.alloc(4)));
    await expect(call).rejects.toThrow(/file descriptors/);
  });
});

describe('the end of a connection', () => {
  test.each<[string, (daemon: FakeDaemon) => void]>([
    ['the daemon ends it', (daemon) => daemon.peer.end()],
    ['the daemon sends nonsense', (daemon) => daemon.peer.sendRaw(Buffer.from('HTTP/1.1 400'))],
    ['the hypervisor goes away', (daemon) => daemon.peer.event(362, 'reason:int', { reason: 0 })],
  ])('rejects pending and later calls when %s (rule 2)', async (_, act) => {
    const { conn, daemon } = await openFake({ CONNECT_GET_HOSTNAME: never });
    const pending = Array.from({ length: 6 }, () => conn.hostname().catch((e: unknown) => e));
    await vi.waitFor(() => expect(daemon.peer.calls).toContain('CONNECT_GET_HOSTNAME'));
    act(daemon);
    for (const error of await Promise.all(pending)) {
      expect(error).toMatchObject({ code: 'CONNECTION_CLOSED', intended: false });
    }
    await expect(conn.hostname()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await expect(conn.events()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
    await expect(conn.closed).resolves.toMatchObject({ intended: false });
    expect(conn.isClosed).toBe(true);
  });

  test('tells the daemon when we close, also with calls pending', async () => {
    const { conn, daemon } = await openFake({ CONNECT_GET_HOSTNAME: never });
    const pending = conn.hostname().catch((e: unknown) => e);
    await conn.close();
    await conn.close();
    expect(await pending).toMatchObject({ code: 'CONNECTION_CLOSED', intended: true });
    expect(daemon.peer.calls.at(-1)).toBe('CONNECT_CLOSE');
  });

  test('does not wait long for a daemon that is gone', async () => {
    const { conn } = await openFake({ CONNECT_CLOSE: never });
    await conn.close();
    expect(conn.isClosed).toBe(true);
  });
});

describe('keepalive', () => {
  test('answers the pings of the daemon (rule 11)', async () => {
    const { daemon } = await openFake();
    daemon.peer.ping();
    daemon.peer.ping();
    await vi.waitFor(() => expect(daemon.peer.pongs).toBe(2));
  });

  test('gives up on a daemon that does not answer (rule 11)', async () => {
    const { conn, daemon } = await openFake({}, { keepAlive: { intervalMs: 5, count: 3 } });
    const reason = await conn.closed;
    expect(reason.message).toMatch(/keepalive/);
    expect(daemon.peer.pings).toBe(3);
  });

  test('is not asked for when switched off', async () => {
    const { daemon } = await openFake({}, { keepAlive: false });
    expect(daemon.peer.calls).not.toContain('CONNECT_SUPPORTS_FEATURE');
  });
});

test('dup() opens another connection like this one', async () => {
  const { conn, daemon } = await openFake({ CONNECT_GET_HOSTNAME: () => ({ hostname: 'h' }) });
  await using other = await conn.dup();
  await conn.close();
  expect(await other.hostname()).toBe('h');
  expect(daemon.peers).toHaveLength(2);
});
