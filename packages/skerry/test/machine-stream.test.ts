// What is between a program and central may be anything: proxies that know no WebSockets, lines that are cut, a central that
// takes back what it gave. The other side is a server of this file.
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { finish, SKERRY, start } from '../../../test/e2e/support/cli.ts';
import { openMachineStream } from '../src/cloud/client/machine-stream.ts';

/** Gives a token for everything, and does with a WebSocket what a test says. */
async function between(onSocket: ((socket: WebSocket) => void) | 'refuse' | 'silent') {
  const sockets = new WebSocketServer({ noServer: true });
  const server: Server = createServer((_, response) => {
    response.setHeader('content-type', 'application/json').end('{"token":"t"}');
  });
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', () => {});
    if (onSocket === 'refuse') socket.end('HTTP/1.1 426 Upgrade Required\r\n\r\n');
    else if (onSocket !== 'silent') sockets.handleUpgrade(request, socket, head, onSocket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate();
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'secret' };
}

const never = new AbortController().signal;

test('a proxy that refuses the upgrade is an error, and nothing else', async () => {
  const access = await between('refuse');
  await expect(openMachineStream(access, 'web', 'ssh', never)).rejects.toMatchObject({
    code: 'unreachable',
    message: `central at ${access.url}: Unexpected server response: 426`,
  });
  const env = { SKERRY_CLOUD: access.url, SKERRY_CLOUD_TOKEN: access.token };
  const words = [process.execPath, SKERRY, 'vm', 'ssh', '--stdio', 'web'];
  const { code, stdout, stderr } = await finish(words, { env, input: '' });
  expect([code, stdout]).toEqual([1, '']);
  expect(stderr).toMatch(/^error: .*426\n(hint: .*\n)?$/);
});

test('who waits for it can be interrupted', async () => {
  const stop = new AbortController();
  const opened = openMachineStream(await between('silent'), 'web', 'ssh', stop.signal);
  setTimeout(() => stop.abort(new Error('interrupted')), 100);
  await expect(opened).rejects.toThrow('interrupted');
});

test.each([
  [1000, 'the other side ended', undefined],
  [1008, 'you may not see it any more', { code: 'denied' }],
  [1012, 'central ends', { code: 'unreachable' }],
  [undefined, '', { code: 'unreachable' }],
])('closed with %s: %s', async (closeCode, reason, problem) => {
  const access = await between((socket) => {
    socket.send('last words');
    if (closeCode === undefined) setTimeout(() => socket.terminate(), 100);
    else socket.close(closeCode, reason);
  });
  const opened = await openMachineStream(access, 'web', 'ssh', never);
  const said = await opened.stream.toArray();
  expect(String(Buffer.concat(said as Buffer[]))).toBe('last words');
  if (problem) expect(opened.problem()).toMatchObject(problem);
  else expect(opened.problem()).toBeUndefined();
  if (reason && problem) expect(opened.problem()?.message).toContain(reason);
});

test('what ends on the other side ends the command, though its input is open', async () => {
  const access = await between((socket) => {
    socket.send('SSH-2.0-x\r\n');
    socket.close(1008, 'you may not see it any more');
  });
  const env = { SKERRY_CLOUD: access.url, SKERRY_CLOUD_TOKEN: access.token };
  const words = [process.execPath, SKERRY, 'vm', 'ssh', '--stdio', 'web'];
  const { code, stdout, stderr } = await start(words, { env, input: 'open' }).ended;
  expect([code, stdout]).toEqual([1, 'SSH-2.0-x\r\n']);
  expect(stderr).toContain('you may not see it any more');
});
