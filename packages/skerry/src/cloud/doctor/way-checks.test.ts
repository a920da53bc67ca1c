import { createServer } from 'node:net';
import { once } from 'node:events';
import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { checkWay, placeOf } from './way-checks.ts';

test.each([
  ['qemu+tls://hv2/system', { host: 'hv2', port: 16_514 }],
  ['qemu+tcp://hv2:1234/system', { host: 'hv2', port: 1234 }],
  ['qemu://hv2/system', { host: 'hv2', port: 16_514 }],
  ['qemu+ssh://root@[fd00::2]/system', { host: 'fd00::2', port: 22 }],
  ['qemu+unix:///system', undefined],
  ['nonsense', undefined],
])('the libvirt of %s is at %o', (uri, place) => expect(placeOf(uri)).toEqual(place));

test('a libvirt that listens is reached, one that does not is not, and says what to do', async () => {
  await using server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as { port: number };
  const look = (of: number) =>
    checkWay(
      { name: 'hv2', uri: `qemu+tcp://127.0.0.1:${of}/system` },
      undefined,
      AbortSignal.timeout(10_000),
    );
  expect(await look(port)).toMatchObject({ name: 'to hv2', state: 'ok' });
  server.close();
  await once(server, 'close');
  expect(await look(port)).toMatchObject({
    state: 'problem',
    found: expect.stringContaining(`its libvirt at 127.0.0.1:${port} is not reached`) as string,
    remedy: expect.stringContaining(`port ${port}`) as string,
  });
});

test('ports that a firewall swallows are named', async () => {
  const dial = (_: string, port: number, signal: AbortSignal) =>
    port === 49_152
      ? new Promise<never>((_resolve, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason as Error));
        })
      : Promise.resolve(new PassThrough());
  const peer = { name: 'hv2', uri: 'qemu+tls://hv2/system' };
  const signal = AbortSignal.timeout(10_000);
  expect(await checkWay(peer, dial, signal)).toMatchObject({
    state: 'problem',
    found: 'port 49152 of hv2 is not let through (no answer): machines would not arrive',
  });
});

test.each([
  ['connect EHOSTUNREACH 10.0.0.2:49152', 'problem'],
  ['connect ECONNRESET 10.0.0.2:49152', 'problem'],
  ['connect ECONNREFUSED 10.0.0.2:49152', 'ok'],
])('at the ports for memory "%s" is: %s', async (message, state) => {
  const dial = (_: string, port: number) =>
    port === 49_152 ? Promise.reject(new Error(message)) : Promise.resolve(new PassThrough());
  const peer = { name: 'hv2', uri: 'qemu+tls://hv2/system' };
  expect(await checkWay(peer, dial, AbortSignal.timeout(10_000))).toMatchObject({ state });
});

test('an address where nobody can be is said, and not thrown', async () => {
  const peer = { name: 'hv2', uri: 'qemu+tcp://hv2:99999/system' };
  expect(await checkWay(peer, undefined, AbortSignal.timeout(10_000))).toMatchObject({
    state: 'problem',
    found: expect.stringContaining('qemu+tcp://hv2:99999/system') as string,
  });
});
