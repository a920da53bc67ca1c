import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { parseXml } from '../xml/element.ts';
import { dialLocal } from '../dial-tcp.ts';
import { screenOf } from './open-console.ts';

const screen = (graphics: string) =>
  screenOf('web', parseXml(`<domain><devices>${graphics}</devices></domain>`));

test.each([
  ["<graphics type='vnc' port='5900' listen='127.0.0.1'/>", { host: '127.0.0.1', port: 5900 }],
  ["<graphics type='vnc' port='6379' listen='::1'/>", { host: '::1', port: 6379 }],
  [
    "<graphics type='vnc' port='5900' listen='::1'><listen type='address' address='::1'/></graphics>",
    { host: '::1', port: 5900 },
  ],
  ["<graphics type='vnc' port='5900' listen='0.0.0.0'/>", { host: '127.0.0.1', port: 5900 }],
  ["<graphics type='vnc' port='5900' listen='::'/>", { host: '::1', port: 5900 }],
])('%s is dialled where it listens', (graphics, expected) => {
  expect(screen(graphics)).toEqual(expected);
});

test('an address of the network is not dialled, nor is the same port of the loopback', () => {
  expect(() => screen("<graphics type='vnc' port='6379' listen='192.0.2.1'/>")).toThrow(
    'the screen of web listens at 192.0.2.1',
  );
});

test.each([
  '',
  "<graphics type='spice' port='5900' listen='127.0.0.1'/>",
  "<graphics type='vnc' port='-1' listen='127.0.0.1'/>",
  "<graphics type='vnc' port='5900'/>",
  "<graphics type='vnc' socket='/run/x'><listen type='socket' socket='/run/x'/></graphics>",
])('without one that listens nothing is dialled: %s', (graphics) => {
  expect(() => screen(graphics)).toThrow('web has no screen that runs');
});

test('of a machine that is off nothing is dialled', () => {
  expect(() => screenOf('web', false)).toThrow('web has no screen that runs');
});

test('a screen that is connected outlasts the verb that opened it', async () => {
  const server = createServer((socket) => socket.pipe(socket)).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const verb = new AbortController();
  const socket = await dialLocal('127.0.0.1', port, verb.signal);
  verb.abort();
  await sleep(20);
  socket.write('still there');
  expect(String((await once(socket, 'data'))[0])).toBe('still there');
  socket.destroy();
  await expect(dialLocal('127.0.0.1', port, verb.signal)).rejects.toThrow(/abort/i);
  server.close();
});
