import { connect, type NetConnectOpts, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectError } from './errors.ts';
import { readBuffer } from './read-buffer.ts';
import { startSessionDaemon } from './session-daemon.ts';
import type { Target, TcpTransport, UnixTransport } from './transports.ts';

const RETRY_MS = 25;
const RETRIES = 20;

export interface DialOptions {
  readonly signal: AbortSignal;
  readonly isReadOnly: boolean;
  /** Start the user's own daemon when it is not running. */
  readonly autostart: boolean;
}

/**
 * Opens a byte stream to the daemon. Loads what TLS and ssh need only for them. Throws
 * {@link ConnectError} or the signal's reason.
 */
export async function dial(target: Target, options: DialOptions): Promise<Duplex> {
  const { transport, address } = target;
  switch (transport.kind) {
    case 'unix':
      return dialUnix(transport, address, options);
    case 'tcp':
      return dialTcp(transport, address, options.signal);
    case 'tls':
      return (await import('./dial-tls.ts')).dialTls(transport, address, options.signal);
    default:
      return (await import('./dial-ssh.ts')).dialSsh(transport, address, options);
  }
}

async function dialTcp(
  { host, port }: TcpTransport,
  address: string,
  signal: AbortSignal,
): Promise<Socket> {
  try {
    return await dialOnce({ host, port }, signal);
  } catch (cause) {
    signal.throwIfAborted();
    throw new ConnectError(address, messageOf(cause), { cause });
  }
}

/**
 * Opens the first unix socket that exists. A refused one is tried again for half a second: socket
 * activation and a daemon that restarts both look like that.
 */
async function dialUnix(
  { sockets, isSession }: UnixTransport,
  address: string,
  { signal, autostart }: DialOptions,
): Promise<Socket> {
  try {
    return await dialFirst(sockets, signal);
  } catch (cause) {
    signal.throwIfAborted();
    const isMissing = ['ENOENT', 'ECONNREFUSED'].includes(errnoOf(cause) ?? '');
    if (!autostart || !isSession || !isMissing) {
      throw new ConnectError(address, messageOf(cause), { cause });
    }
    return startSessionDaemon(address, () => dialFirst(sockets, signal), signal);
  }
}

async function dialFirst(paths: readonly string[], signal: AbortSignal): Promise<Socket> {
  let last: unknown;
  for (const path of paths) {
    try {
      return await dialPatiently(path, signal);
    } catch (error) {
      last = error;
      if (errnoOf(error) !== 'ENOENT') break;
    }
  }
  throw last;
}

async function dialPatiently(path: string, signal: AbortSignal): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    try {
      return await dialOnce({ path }, signal);
    } catch (error) {
      if (errnoOf(error) !== 'ECONNREFUSED' || tries >= RETRIES) throw error;
      await delay(RETRY_MS, undefined, { signal });
    }
  }
}

/** Not `connect({ signal })`: that signal would go on to destroy the socket when it is connected. */
function dialOnce(where: NetConnectOpts, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket: Socket = connect({ noDelay: true, onread: readBuffer(() => socket), ...where });
  const onAbort = (): void => void socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.once('error', reject);
  socket.once('connect', () => resolve(socket));
  return promise.finally(() => {
    socket.off('error', reject);
    signal.removeEventListener('abort', onAbort);
  });
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error ? (error as NodeJS.ErrnoException).code : undefined;
}

/** An error's text; a host with several addresses gives an AggregateError without one. */
export function messageOf(error: unknown): string {
  if (error instanceof AggregateError && error.message === '') {
    return error.errors.map(messageOf).join('; ');
  }
  return error instanceof Error ? error.message : String(error);
}
