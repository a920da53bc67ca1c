import { execFile } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connect, type Connection, isDenied, isNotFound, isUnsupported } from '@skerry/libvirt';
import { type Daemon, startDaemon } from './daemon.ts';

let daemon: Daemon;
let conn: Connection;

beforeAll(async () => {
  daemon = await startDaemon();
  conn = await connect(daemon.uri('test:///default'));
});

afterAll(async () => {
  await conn.close();
  await daemon[Symbol.asyncDispose]();
});

async function virsh(...args: string[]): Promise<string> {
  const uri = daemon.clientUri('test:///default');
  return (await promisify(execFile)('virsh', ['-c', uri, '-q', ...args])).stdout;
}

function domainXml(name: string): string {
  return `<domain type='test'><name>${name}</name><memory>65536</memory>
    <os><type>hvm</type></os></domain>`;
}

describe('the host', () => {
  test('is described as virsh describes it', async () => {
    expect(await conn.libVersion()).toMatch(/^\d+\.\d+\.\d+$/);
    expect(await conn.hostname()).toBe((await virsh('hostname')).trim());
    expect(await conn.uri()).toBe('test:///default');
    expect(await conn.nodeInfo()).toEqual({
      model: 'i686',
      memoryKiB: 3_145_728,
      cpus: 16,
      mhz: 1400,
      nodes: 2,
      sockets: 2,
      cores: 2,
      threads: 2,
    });
    expect(await conn.capabilities()).toContain('<capabilities>');
    expect(await conn.freeMemoryBytes()).toBeGreaterThan(0);
  });
});

describe('a domain', () => {
  test('has the XML and the state that virsh sees', async () => {
    const domain = await conn.domain('test');
    expect((await domain.xml()).trim()).toBe((await virsh('dumpxml', 'test')).trim());
    expect(await domain.state()).toEqual({ state: 'running', reason: 'unknown' });
    expect(await domain.info()).toMatchObject({ state: 'running', vcpus: 2 });
    expect((await conn.domains()).map((d) => d.name)).toContain('test');
    expect((await conn.domainByUuid(domain.uuid)).name).toBe('test');
  });

  test('lives: defined, started, suspended, resumed, destroyed, undefined', async () => {
    await using events = await conn.events({ types: ['lifecycle'] });
    const domain = await conn.defineDomain(domainXml('life'));
    await domain.start();
    await domain.suspend();
    expect(await domain.state()).toMatchObject({ state: 'paused' });
    await domain.resume();
    await domain.setAutostart(true);
    expect(await domain.autostart()).toBe(true);
    await domain.destroy();
    expect(await domain.state()).toEqual({ state: 'shutoff', reason: 'destroyed' });
    expect(await domain.isActive()).toBe(false);
    expect(await domain.isPersistent()).toBe(true);
    await domain.undefine();
    await expect(domain.state()).rejects.toSatisfy(isNotFound);
    const seen: string[] = [];
    for await (const event of events) {
      if (event.type === 'lifecycle') seen.push(`${event.event} ${event.detail}`);
      if (seen.at(-1) === 'undefined removed') break;
    }
    expect(seen).toEqual([
      'defined added',
      'started booted',
      'suspended paused',
      'resumed unpaused',
      'stopped destroyed',
      'undefined removed',
    ]);
  });

  test('keeps what is written into its metadata', async () => {
    const domain = await conn.domain('test');
    const mine = { uri: 'https://example.org/lab' };
    await expect(domain.metadata(mine)).rejects.toSatisfy(isNotFound);
    await domain.setMetadata(mine, '<lab name="a"/>', { key: 'lab', affect: 'live' });
    expect(await domain.metadata(mine)).toContain('name="a"');
    await domain.setMetadata(mine, null, { key: 'lab', affect: 'live' });
    await domain.setMetadata('title', 'Grüße 🐚', { affect: 'live' });
    expect(await domain.metadata('title')).toBe('Grüße 🐚');
  });

  test('can be saved to a file and restored', async () => {
    const domain = await conn.defineDomain(domainXml('saved'));
    await domain.start();
    await domain.save('/run/saved.img');
    expect(await domain.state()).toMatchObject({ state: 'shutoff', reason: 'saved' });
    await conn.restoreDomain('/run/saved.img');
    expect(await domain.state()).toMatchObject({ state: 'running' });
    await domain.destroy();
    await domain.undefine();
  });

  test('has a screen', async () => {
    const { mime, image } = await (await conn.domain('test')).screenshot();
    expect(mime).toBe('image/png');
    expect(image.subarray(1, 4).toString()).toBe('PNG');
  });
});

test('networks, pools and node devices tell what happens to them', async () => {
  await using events = await conn.events({
    types: ['network-lifecycle', 'pool-lifecycle', 'pool-refresh', 'node-device-lifecycle'],
  });
  await conn.createNetwork('<network><name>brief</name><ip address="10.1.1.1"/></network>');
  await (await conn.network('brief')).destroy();
  await (await conn.pool('default-pool')).refresh();
  const seen: unknown[] = [];
  for await (const event of events) {
    seen.push(event);
    if (event.type === 'pool-refresh') break;
  }
  expect(seen).toMatchObject([
    { type: 'network-lifecycle', network: { name: 'brief' }, event: 'started' },
    { type: 'network-lifecycle', network: { name: 'brief' }, event: 'stopped' },
    { type: 'pool-refresh', pool: { name: 'default-pool' } },
  ]);
});

test('hundreds of calls at once all get their own answer', async () => {
  const names = await Promise.all(
    Array.from({ length: 500 }, async (_, i) =>
      i % 2 === 0 ? (await conn.domain('test')).name : conn.uri(),
    ),
  );
  expect(names.filter((name) => name === 'test')).toHaveLength(250);
  expect(names.filter((name) => name === 'test:///default')).toHaveLength(250);
});

test('statistics come for all domains in one call', async () => {
  const [stats] = await conn.domainStats({ stats: ['state'] });
  expect(stats?.domain.name).toBe('test');
  expect(stats?.params['state.state']).toBe(1);
});

test('networks and pools can be listed and used', async () => {
  const network = await conn.network('default');
  expect(await network.isActive()).toBe(true);
  expect(await network.bridgeName()).toBe('virbr0');
  expect(await network.xml()).toContain('<network');
  await expect(network.leases()).rejects.toSatisfy(isUnsupported);
  const pool = await conn.pool('default-pool');
  expect(await pool.info()).toMatchObject({ state: 'running' });
  const volume = await pool.createVolume(
    '<volume><name>v</name><capacity unit="MiB">5</capacity></volume>',
  );
  expect(await volume.info()).toMatchObject({ type: 'file', capacityBytes: 5 * 1024 * 1024 });
  expect(await volume.path()).toBe(volume.key);
  await volume.delete();
  expect(await pool.volumes()).toEqual([]);
});

test('the deadline for connecting ends with it', async () => {
  await using brief = await connect(daemon.uri('test:///default'), { timeoutMs: 2000 });
  await delay(2050);
  expect(await brief.uri()).toBe('test:///default');
});

test('a signal for connecting has no effect afterwards', async () => {
  const stop = new AbortController();
  await using conn = await connect(daemon.uri('test:///default'), { signal: stop.signal });
  stop.abort();
  await delay(5);
  expect(await conn.uri()).toBe('test:///default');
});

test('a read-only connection is denied changes', async () => {
  await using reader = await connect(daemon.uri('test:///default'), { readOnly: true });
  await expect((await reader.domain('test')).destroy()).rejects.toSatisfy(isDenied);
});

test('an unknown driver is refused in words', async () => {
  await expect(connect(daemon.uri('vbox:///session'))).rejects.toMatchObject({
    name: 'LibvirtError',
  });
});

test('the death of the daemon ends calls, events and the connection', async () => {
  await using doomed = await startDaemon();
  const conn = await connect(doomed.uri('test:///default'));
  const events = await conn.events();
  const next = events.next();
  doomed.kill();
  await expect(next).rejects.toMatchObject({ code: 'CONNECTION_CLOSED', intended: false });
  await expect(conn.hostname()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  await conn.closed;
});
