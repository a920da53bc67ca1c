// The client against servers that do what no server should. Each of them only costs a connection.
import { createServer, type Socket } from 'node:net';
import { mkdtemp, rm } from 'node:fs/promises';
import { afterAll, expect, test } from 'vitest';
import { XmppClient } from '../src/cloud/bus/xmpp/xmpp-client.ts';
import { poll } from '../src/util/poll.ts';

const dir = await mkdtemp('/tmp/skerry-xc-');
afterAll(() => rm(dir, { recursive: true, force: true }));

const OPEN =
  "<?xml version='1.0'?><stream:stream xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>";
const OFFER =
  "<stream:features><mechanisms xmlns='urn:ietf:params:xml:ns:xmpp-sasl'><mechanism>SCRAM-SHA-256</mechanism></mechanisms></stream:features>";
const sasl = (name: string, words: string): string =>
  `<${name} xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>${Buffer.from(words).toString('base64')}</${name}>`;

test.each([
  ['HTTP', 'HTTP/1.1 400 Bad Request\r\n\r\n', /^the server sent what cannot be read: /],
  ['an empty answer', '', /was lost|EPIPE/],
  ['no SCRAM', `${OPEN}<stream:features/>`, /offers no SCRAM/],
  ['only PLAIN', `${OPEN}${OFFER.replace('SCRAM-SHA-256', 'PLAIN')}`, /only PLAIN/],
  ['a document type', '<!DOCTYPE x [<!ENTITY a "b">]>', /DOCTYPE/],
  ['an element without end', `${OPEN}<${'a'.repeat(17 << 20)}`, /too large/],
  ['a login without a proof', `${OPEN}${OFFER}${sasl('success', 'v=AAAA')}`, /<success>|prove/],
  ['another login', `${OPEN}${OFFER}${sasl('challenge', 'r=x,s=eA==,i=4096')}`, /another login/],
  ['too many rounds', `${OPEN}${OFFER}${sasl('challenge', 'r=x,s=eA==,i=1')}`, /another login/],
  ['a stream error', `${OPEN}<stream:error><host-unknown/></stream:error>`, /host-unknown/],
  ['the end', `${OPEN}</stream:stream>`, /closed the stream/],
])('a server that sends %s', { timeout: 15_000 }, async (_, says, problem) => {
  const socketPath = `${dir}/${Math.random().toString(36).slice(2)}`;
  let connections = 0;
  const open = new Set<Socket>();
  const server = createServer((socket) => {
    connections++;
    open.add(socket);
    socket.on('error', () => {}).on('close', () => open.delete(socket));
    if (says === '') socket.destroy();
    else socket.write(says);
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const client = new XmppClient({
    server: { socketPath },
    jid: { local: 'a', domain: 'x.test', resource: 'r' },
    password: 'secret',
    backoff: { firstMs: 5, maxMs: 5 },
    handlers: { onSession: () => {} },
  });
  await poll(() => problem.test(client.problem) || undefined, {
    timeoutMs: 8000,
    onTimeout: () => new Error(`it only says: ${client.problem}`),
  });
  // It tries again, and is never online.
  await poll(() => connections >= 2 || undefined, {
    timeoutMs: 8000,
    onTimeout: () => new Error('it does not try again'),
  });
  expect(client.online).toBe(false);
  await client[Symbol.asyncDispose]();
  for (const socket of open) socket.destroy();
  await new Promise((resolve) => server.close(resolve));
});

test('a client that waits for its next try does it at once when it is told that the server is back', async () => {
  const socketPath = `${dir}/later`;
  let connections = 0;
  const server = createServer((socket) => {
    connections++;
    socket.on('error', () => {}).destroy();
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  const client = new XmppClient({
    server: { socketPath },
    jid: { local: 'a', domain: 'x.test', resource: 'r' },
    password: 'secret',
    backoff: { firstMs: 600_000, maxMs: 600_000 },
    handlers: { onSession: () => {} },
  });
  const seen = (count: number): Promise<boolean> =>
    poll(() => connections >= count || undefined, {
      timeoutMs: 30_000,
      onTimeout: () => new Error(`only ${connections} connections`),
    });
  await seen(1);
  // Again and again, for it may not wait yet.
  const telling = setInterval(() => client.retryNow(), 20);
  await seen(2).finally(() => clearInterval(telling));
  await client[Symbol.asyncDispose]();
  await new Promise((resolve) => server.close(resolve));
});
