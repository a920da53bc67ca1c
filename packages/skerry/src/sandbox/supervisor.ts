// The supervisor: the one process of ours inside a sandbox. It owns libvirtd and answers on gateway.sock, a plain
// HTTP/1.1 server on a unix socket:
//   GET /status          SandboxStatus
//   POST /stop           ends the sandbox: every process in it dies with this one
//   POST /forwards       registers a forwarder for as long as the request stays open
//   DELETE /forwards     ends those of the lab file
//   POST /watch          lasts until the sandbox ends: who waits for that waits for this
//   PUT /network-faults  MachineFaults[]: these and no others, from now on
//   GET /machines/NAME/guest, Upgrade: skerry-guest
//                        the guest channel (src/guest/frames.ts), answered when the machine's helper is there
//   CONNECT name:port    a TCP connection to a machine, by name or address (RFC 9110 section 9.3.6)
// It imports nothing but node and its neighbours, to stay small: it idles for days.
import { Resolver } from 'node:dns/promises';
import { mkdirSync, rmSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { connect, isIP, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { GuestRelay } from '../guest/relay.ts';
import { INSIDE } from '../util/paths.ts';
import { watchDnsmasq } from './dnsmasq.ts';
import { startLibvirtd } from './libvirtd.ts';
import { keepNetworkFaults } from './network-faults.ts';
import type { ForwardStatus, MachineFaults, SandboxStatus, SupervisorEnv } from './protocol.ts';

// Imported as a module, node:http would load undici as well, which costs 10 MiB.
const { createServer } = process.getBuiltinModule('node:http');
const SOCKET = `${INSIDE.lab}/gateway.sock`;
const CONNECT_MS = 10_000;

const env = process.env as unknown as SupervisorEnv;
const started = Date.now();
const forwards = new Map<IncomingMessage, ForwardStatus>();
const relays = new Map<string, GuestRelay>();
const resolver = new Resolver({ timeout: 2000, tries: 2 });
resolver.setServers([env.SKERRY_GATEWAY]);

process.chdir('/');
rmSync(SOCKET, { force: true });
mkdirSync(INSIDE.guests, { recursive: true });
const server = createServer(answer);
// Forwards are requests that last; nothing else here takes long.
server.requestTimeout = 0;
server.keepAliveTimeout = 1000;
server.on('connect', (request, client, head) => {
  void tunnel(request.url ?? '', client, head);
});
server.on('upgrade', (request, client, head) => {
  const [, machine] = /^\/machines\/([\w.-]+)\/guest$/.exec(request.url ?? '') ?? [];
  if (machine === undefined) client.end('HTTP/1.1 404 Not Found\r\n\r\n');
  else void openGuest(machine, client, head);
});
const log = (line: string): void =>
  void process.stderr.write(`${new Date().toISOString()} ${line}\n`);
const libvirtd = startLibvirtd(log);
void watchDnsmasq(() => {
  log('dnsmasq is gone: starting it again');
  libvirtd.reload();
});
const faults = keepNetworkFaults(log);
server.listen(SOCKET);

function answer(request: IncomingMessage, response: ServerResponse): void {
  switch (`${request.method} ${request.url}`) {
    case 'GET /status':
      response.setHeader('content-type', 'application/json').end(JSON.stringify(status()));
      break;
    case 'POST /stop':
      response.end('{}', () => process.exit(0));
      break;
    case 'POST /forwards':
      readBody(request, response, (body) => register(body as ForwardStatus, request, response));
      break;
    case 'POST /watch':
      response.writeHead(200);
      response.flushHeaders();
      break;
    case 'PUT /network-faults':
      readBody(request, response, (body) => setFaults(body as MachineFaults[], response));
      break;
    case `DELETE /forwards`:
      for (const [open, { background }] of forwards) if (background) open.socket.destroy();
      response.end('{}');
      break;
    default:
      response.writeHead(404).end();
  }
}

function status(): SandboxStatus {
  const { state, restarts, reason } = libvirtd.status();
  return {
    uptimeMs: Date.now() - started,
    libvirtd: state,
    restarts,
    ...(reason && { reason }),
    accel: env.SKERRY_ACCEL,
    uplink: env.SKERRY_UPLINK,
    forwards: [...forwards.values()],
  };
}

function readBody(
  request: IncomingMessage,
  response: ServerResponse,
  then: (body: unknown) => void,
): void {
  let text = '';
  request.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  request.on('end', () => {
    let body: unknown;
    try {
      body = JSON.parse(text);
    } catch {
      response.writeHead(400).end();
      return;
    }
    then(body);
  });
}

function register(
  forward: ForwardStatus,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  forwards.set(request, forward);
  // The headers say that it is registered; the body never ends, so each side sees the other go.
  response.writeHead(200);
  response.flushHeaders();
  request.socket.once('close', () => forwards.delete(request));
}

function setFaults(wanted: readonly MachineFaults[], response: ServerResponse): void {
  faults.set(wanted).then(
    () => response.end('{}'),
    (error: unknown) => response.writeHead(502, { 'x-skerry-reason': reasonOf(error) }).end(),
  );
}

async function openGuest(machine: string, client: Duplex, head: Buffer): Promise<void> {
  const left = new Promise<void>((resolve) => {
    client.on('error', () => {}).once('close', resolve);
  });
  let relay = relays.get(machine);
  if (!relay || relay.ended) {
    const fresh = new GuestRelay(`${INSIDE.guests}/${machine}.sock`, () => {
      // The machine may have been started anew meanwhile.
      if (relays.get(machine) === fresh) relays.delete(machine);
    });
    relay = fresh;
    relays.set(machine, relay);
  }
  try {
    await Promise.race([relay.ready(), left]);
    if (client.destroyed) return;
    client.write(
      'HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: skerry-guest\r\n\r\n',
    );
    relay.attach(client, head);
  } catch (error) {
    refuse(client, error);
  }
}

/** Ends a connection that was to become something else. */
function refuse(client: Duplex, error: unknown): void {
  client.end(`HTTP/1.1 502 Bad Gateway\r\nx-skerry-reason: ${reasonOf(error)}\r\n\r\n`);
}

/** For a header: one line, and of its letters only. */
function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message.replace(/[^\x20-\x7e]+/g, ' ').trim() : 'failed';
}

async function tunnel(target: string, client: Duplex, head: Buffer): Promise<void> {
  client.on('error', () => {});
  const [, name = '', port = ''] = /^(.+):(\d+)$/.exec(target) ?? [];
  try {
    const upstream = await dial(await addressOf(name.replace(/^\[|\]$/g, '')), Number(port));
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.write(head);
    upstream.pipe(client).pipe(upstream);
  } catch (error) {
    refuse(client, error);
  }
}

async function addressOf(name: string): Promise<string> {
  if (isIP(name)) return name;
  const full = name.includes('.') ? name : `${name}.${env.SKERRY_DOMAIN}`;
  const [address] = await resolver.resolve4(full);
  if (!address) throw new Error(`no machine is called ${name}`);
  return address;
}

function dial(host: string, port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host, port, timeout: CONNECT_MS, noDelay: true });
    socket.once('error', reject);
    socket.once('timeout', () => socket.destroy(new Error(`no answer from ${host}:${port}`)));
    socket.once('connect', () => {
      socket.setTimeout(0);
      socket.off('error', reject);
      resolve(socket);
    });
  });
}
