// Central's web port: REST and the UI by HTTP, and WebSockets for what is live and for consoles.
import { createServer, type IncomingMessage, type RequestListener, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { getRequestListener } from '@hono/node-server';
import { type WebSocket, WebSocketServer } from 'ws';
import { SkerryError } from '../../../util/errors.ts';
import { isPossible } from '../../verbs/table.ts';
import type { Central } from '../central.ts';
import { createApp, isSameOrigin } from './app.ts';
import { Consoles } from './consoles.ts';
import { serveLive } from './live.ts';
import { type Login, loginOf } from './login.ts';

export interface ServerOptions {
  readonly central: Central;
  readonly version: string;
  readonly webDir: string | null;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly tls?: { readonly cert: string; readonly key: string };
}

const MAX_MESSAGE = 1024 * 1024;
const PING_MS = 20_000;
/** What a machine that goes off says last is still on its way. */
const LAST_WORDS_MS = 2000;
const CLOSE_MS = 1000;

/** A running web server. */
export class CentralServer implements AsyncDisposable {
  readonly #options: ServerOptions;
  readonly #server: Server;
  readonly #sockets = new WebSocketServer({
    noServer: true,
    maxPayload: MAX_MESSAGE,
    perMessageDeflate: { threshold: 4096 },
  });
  readonly #consoles = new Consoles();
  readonly #listening: Disposable;
  /** The login by which each socket came. */
  readonly #sessions = new Map<WebSocket, string>();
  readonly #stopEnding: () => void;
  readonly #ping: NodeJS.Timeout;

  private constructor(options: ServerOptions) {
    const { central, version, webDir, tls } = options;
    this.#options = options;
    const app = createApp({
      central,
      version,
      webDir,
      secure: tls !== undefined,
    });
    const answer = getRequestListener(app.fetch);
    const listener: RequestListener = (request, response) => void answer(request, response);
    this.#server = tls ? createTlsServer(tls, listener) : createServer(listener);
    this.#server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
      this.#upgrade(request, socket, head),
    );
    this.#listening = central.registry.listen({
      onUsage: (usages, at) => central.usage.add(usages, at),
      onEntities: (changed, removed) => {
        central.usage.drop(removed);
        // What one may can be by a tag, or by where it is.
        const ids = new Set([...changed.map(({ id }) => id), ...removed]);
        this.#endConsoles((vm) => ids.has(vm));
        for (const vm of this.#consoles.vms)
          if (ids.has(vm) && this.#isOff(vm))
            setTimeout(() => this.#isOff(vm) && this.#consoles.endOf(vm), LAST_WORDS_MS).unref();
      },
    });
    central.consoleToken = (user, vm) => this.#consoles.issue(user, vm);
    const alive = new WeakSet<WebSocket>();
    this.#sockets.on('connection', (socket: WebSocket) => {
      alive.add(socket);
      socket.on('pong', () => alive.add(socket));
    });
    this.#ping = setInterval(() => {
      for (const socket of this.#sockets.clients) {
        if (!alive.delete(socket)) socket.terminate();
        else socket.ping();
      }
      this.#endStrangers();
    }, PING_MS);
    const stops = [
      central.onChange('logins', () => this.#endStrangers()),
      central.onChange('policy', () => this.#endConsoles(() => true)),
    ];
    this.#stopEnding = () => stops.forEach((stop) => stop());
  }

  /** @throws CENTRAL_PORT when somebody else listens there. */
  static async start(options: ServerOptions): Promise<CentralServer> {
    const { port, host } = options;
    const server = new CentralServer(options);
    try {
      await new Promise<void>((resolve, reject) => {
        server.#server.once('error', reject).listen(port, host, resolve);
      });
    } catch (cause) {
      await server[Symbol.asyncDispose]();
      if ((cause as NodeJS.ErrnoException).code !== 'EADDRINUSE') throw cause;
      throw new SkerryError('CENTRAL_PORT', { data: { host, port }, cause });
    }
    options.central.streamBase = server.url;
    return server;
  }

  /** `http://127.0.0.1:8080`. */
  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    const { host, tls } = this.#options;
    return `${tls ? 'https' : 'http'}://${host.includes(':') ? `[${host}]` : host}:${port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    clearInterval(this.#ping);
    this.#stopEnding();
    this.#listening[Symbol.dispose]();
    this.#consoles.endAll();
    for (const socket of this.#sockets.clients) socket.terminate();
    this.#server.closeAllConnections();
    await new Promise<void>((resolve) => {
      this.#server.close(() => resolve());
    });
  }

  /** Whoever is logged out, or whose session is too old, hears nothing more. */
  #endStrangers(): void {
    for (const [socket, session] of this.#sessions)
      if (!this.#options.central.users.isOpen(session)) {
        socket.close(1008, 'logged out');
        // A client that does not answer that could go on typing in a console.
        setTimeout(() => socket.terminate(), CLOSE_MS).unref();
      }
  }

  /** Whether a machine is in a state in which it has no console. */
  #isOff(vm: string): boolean {
    const { table, registry } = this.#options.central;
    const [verb, entity] = [table.get('vm', 'console'), registry.get(vm)];
    return verb !== undefined && entity !== undefined && !isPossible(verb, entity);
  }

  /** Whoever may not open a console any more has none open. */
  #endConsoles(isMeant: (vm: string) => boolean): void {
    const { central } = this.#options;
    const verb = central.table.get('vm', 'console');
    this.#consoles.endWhere((user, vm) => {
      if (!isMeant(vm) || !verb) return false;
      const entity = central.registry.get(vm);
      return !entity || !central.explain(user, entity, verb.permission).allowed;
    });
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => {});
    const { central } = this.#options;
    const url = URL.parse(request.url ?? '/', 'http://central');
    if (!url) return refuse(socket, '400 Bad Request');
    const headers = new Headers(
      Object.entries(request.headers).flatMap(([name, value]) =>
        typeof value === 'string' ? [[name, value] as [string, string]] : [],
      ),
    );
    const accept = (then: (client: WebSocket) => void): void =>
      this.#sockets.handleUpgrade(request, socket, head, (client) => {
        this.#sockets.emit('connection', client, request);
        then(client);
      });
    const acceptUser = ({ session }: Login, then: (client: WebSocket) => void): void =>
      accept((client) => {
        this.#sessions.set(client, session);
        client.on('close', () => this.#sessions.delete(client));
        then(client);
      });
    const token = url.searchParams.get('token') ?? '';
    if (url.pathname === '/api/v1/agent-stream') {
      // An agent has no login: the token, which only central and it know, is enough.
      accept((client) => {
        if (!this.#consoles.join('agent', token, client)) client.close(1008, 'no such console');
      });
      return;
    }
    const login = isSameOrigin(headers) ? loginOf(central, headers) : undefined;
    if (!login) return refuse(socket, '401 Unauthorized');
    if (url.pathname === '/api/v1/live')
      acceptUser(login, (client) => serveLive(central, client, login.user));
    else if (url.pathname === '/api/v1/console')
      acceptUser(login, (client) => {
        if (!this.#consoles.join('browser', token, client, login.user))
          client.close(1008, 'this console was opened already, or is too old');
      });
    else refuse(socket, '404 Not Found');
  }
}

function refuse(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
}
