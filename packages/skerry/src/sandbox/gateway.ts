// The outside end of gateway.sock: how commands talk to a sandbox's supervisor.
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { SkerryError } from '../util/errors.ts';
import type { GuestChannel } from '../guest/exec.ts';
import type { ForwardStatus, MachineFaults, SandboxStatus } from './protocol.ts';
import { messageOf } from '../util/message-of.ts';
import { nobodyListens } from '../util/nobody-listens.ts';
import { NO_ANSWER, WENT_AWAY } from '../util/why-away.ts';

// Imported as a module, node:http would load undici as well, which costs 15 ms and 10 MiB.
const { request: httpRequest } = process.getBuiltinModule('node:http');
const ANSWER_MS = 5000;
/** One process has to start for each machine. */
const FAULTS_MS = 60_000;
/** Without it the client asks whether the host is an IP address, whose patterns take 9 ms to compile. */
const NO_TLS = { servername: '' } as const;

/** The supervisor's status, or undefined when no sandbox runs. A sandbox that hangs throws SANDBOX_SILENT. */
export async function sandboxStatus(socketPath: string): Promise<SandboxStatus | undefined> {
  try {
    return (await ask(socketPath, 'GET', '/status')) as SandboxStatus;
  } catch (error) {
    if (nobodyListens(error)) return undefined;
    throw error;
  }
}

/** Asks the supervisor to end. True when it said it will; false when there was none. */
export async function askToStop(socketPath: string): Promise<boolean> {
  try {
    await ask(socketPath, 'POST', '/stop');
    return true;
  } catch (error) {
    if (nobodyListens(error)) return false;
    throw error;
  }
}

/** Ends all forwarders of the lab. */
export async function stopForwards(socketPath: string): Promise<void> {
  await ask(socketPath, 'DELETE', '/forwards');
}

/**
 * Tells the supervisor of a forwarder. It counts as running until `signal` fires or the sandbox goes; the promise of
 * `closed` then settles.
 */
export function registerForward(
  socketPath: string,
  forward: ForwardStatus,
  signal: AbortSignal,
): Promise<{ closed: Promise<void> }> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({ socketPath, method: 'POST', path: '/forwards', signal });
    request.on('response', (response) => {
      const closed = new Promise<void>((done) => {
        response.on('close', done);
      });
      response.on('error', () => {}).resume();
      resolve({ closed });
    });
    request.on('error', reject);
    request.end(JSON.stringify(forward));
  });
}

/** Resolves when the sandbox has ended; at once where none runs. */
export function sandboxEnd(socketPath: string, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const request = httpRequest({
      ...{ socketPath, method: 'POST', path: '/watch', agent: false },
      ...NO_TLS,
      ...(signal && { signal }),
    });
    request.on('response', (response) =>
      response
        .on('error', () => {})
        .resume()
        .on('close', resolve),
    );
    request.on('error', () => resolve());
    request.end();
  });
}

/**
 * Puts faults into the lab's network, in place of those it had; in force when it resolves.
 * @throws NETWORK_FAULTS when they cannot be made, ENOENT or ECONNREFUSED when no sandbox runs
 */
export function putNetworkFaults(
  socketPath: string,
  faults: readonly MachineFaults[],
  signal?: AbortSignal,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      ...{ socketPath, method: 'PUT', path: '/network-faults', timeout: FAULTS_MS },
      ...{ agent: false, ...NO_TLS, ...(signal && { signal }) },
    });
    request.on('response', (response) => {
      response.on('error', reject).resume();
      if (response.statusCode === 200) response.on('end', resolve);
      else reject(new SkerryError('NETWORK_FAULTS', { data: { reason: reasonOf(response) } }));
    });
    request.on('timeout', () =>
      request.destroy(new SkerryError('SANDBOX_SILENT', { data: { socket: socketPath } })),
    );
    request.on('error', reject);
    request.end(JSON.stringify(faults));
  });
}

/** A TCP connection into the lab. `target` is a machine's name or address; the signal ends the dialling alone. GATEWAY_REFUSED if it does not answer. */
export function openTunnel(
  socketPath: string,
  target: string,
  port: number,
  signal?: AbortSignal,
): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const path = `${target}:${port}`;
    const request = httpRequest({ socketPath, method: 'CONNECT', path });
    const abort = (): void => void request.destroy(signal?.reason as Error);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { once: true });
    request.on('close', () => signal?.removeEventListener('abort', abort));
    request.on('connect', (response: IncomingMessage, socket: Socket, head: Buffer) => {
      signal?.removeEventListener('abort', abort);
      if (response.statusCode === 200) {
        if (head.length > 0) socket.unshift(head);
        resolve(socket);
        return;
      }
      socket.destroy();
      const reason = reasonOf(response);
      reject(new SkerryError('GATEWAY_REFUSED', { data: { target, port, reason } }));
    });
    request.on('error', reject);
    request.end();
  });
}

export interface GuestOptions {
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds to wait for the machine's helper. */
  readonly timeoutMs: number;
}

/**
 * A channel into a machine for one command, as soon as its helper is there.
 * @throws GUEST_SILENT when the helper does not answer in time, GUEST_ABSENT when the machine is off or has no such
 *   channel, ENOENT or ECONNREFUSED when the sandbox is
 */
export function openGuest(
  socketPath: string,
  machine: string,
  { signal, timeoutMs }: GuestOptions,
): Promise<GuestChannel> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      socketPath,
      path: `/machines/${machine}/guest`,
      headers: { connection: 'upgrade', upgrade: 'skerry-guest' },
      agent: false,
      ...NO_TLS,
      ...(signal && { signal }),
    });
    const timer = setTimeout(() => {
      const seconds = timeoutMs / 1000;
      request.destroy(new SkerryError('GUEST_SILENT', { data: { machine, seconds } }));
    }, timeoutMs);
    request.on('close', () => clearTimeout(timer));
    request.on('upgrade', (_response: IncomingMessage, stream: Socket, head: Buffer) => {
      clearTimeout(timer);
      if (head.length > 0) stream.unshift(head);
      resolve({ machine, stream });
    });
    request.on('response', (response) => {
      const reason = reasonOf(response);
      reject(new SkerryError('GUEST_ABSENT', { data: { machine, reason } }));
      response.destroy();
    });
    request.on('error', reject);
    request.end();
  });
}

/** Why the supervisor refuses. */
function reasonOf(response: IncomingMessage): string {
  return String(response.headers['x-skerry-reason'] ?? response.statusCode);
}

function ask(socketPath: string, method: string, path: string): Promise<unknown> {
  return new Promise((resolve, reject) => {
    const options = { socketPath, method, path, timeout: ANSWER_MS, agent: false, ...NO_TLS };
    const request = httpRequest(options);
    request.on('response', (response) => {
      let body = '';
      response.setEncoding('utf8').on('data', (text: string) => (body += text));
      response.on('end', () => resolve(body ? JSON.parse(body) : undefined));
      response.on('error', reject);
    });
    request.on('timeout', () =>
      request.destroy(new SkerryError('SANDBOX_SILENT', { data: { socket: socketPath } })),
    );
    request.on('error', reject);
    request.end();
  });
}

/** Whether openGuest found no helper to talk to. */
export function isHelperMissing(error: unknown): boolean {
  return (
    error instanceof SkerryError && (error.code === 'GUEST_ABSENT' || error.code === 'GUEST_SILENT')
  );
}

/** Why a connection through the gateway was lost, in words. */
export function lossOf(error: unknown): string {
  if (nobodyListens(error)) return 'the lab is off';
  if (!(error instanceof SkerryError)) return messageOf(error);
  if (error.code === 'GUEST_ABSENT') return String(error.data['reason']);
  if (error.code === 'GUEST_SILENT') return NO_ANSWER;
  return error.code === 'GUEST_LOST' ? WENT_AWAY : error.message;
}
