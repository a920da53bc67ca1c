// A program's end of what the verb `console` opens: a machine's serial console, or its ssh port, through central's web port.
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { VerbError } from '../verb-error.ts';
import { type CentralAccess, RestClient } from './rest-client.ts';

const OPEN_MS = 20_000;
/** A central that is gone without a word is noticed. */
const KEEP_ALIVE_MS = 15_000;
/** RFC 6455, section 7.4.1: the end that was meant, and two that central means. */
const [NORMAL, NO_CODE, POLICY] = [1000, 1005, 1008];

export interface MachineStream {
  /** Ends when the machine's side does; an error of it is in `problem`. */
  readonly stream: Duplex;
  /** Why it has ended, where that was not meant: `denied` or `unreachable`. */
  readonly problem: () => VerbError | undefined;
}

/**
 * Opens a stream to a machine, which is called by its name or uuid.
 *
 * @throws VerbError with central's or the agent's own words, or `unreachable`; the reason of `signal`
 */
export async function openMachineStream(
  access: CentralAccess,
  vm: string,
  type: 'serial' | 'ssh',
  signal: AbortSignal,
): Promise<MachineStream> {
  const path = `/vms/${encodeURIComponent(vm)}/console`;
  const answer = await new RestClient(access).call('POST', path, { type }, signal);
  const { token } = answer as { token: string };
  const url = new URL('/api/v1/console', access.url.replace(/^http/, 'ws'));
  url.searchParams.set('token', token);
  const socket = new WebSocket(url, {
    headers: { authorization: `Bearer ${access.token}` },
    handshakeTimeout: OPEN_MS,
    perMessageDeflate: false,
  });
  let problem: VerbError | undefined;
  const lost = (reason: string): VerbError =>
    new VerbError('unreachable', `central at ${access.url}: ${reason}`);
  const abort = (): void => socket.terminate();
  signal.addEventListener('abort', abort, { once: true });
  // Before the stream ends.
  socket.on('close', (code, reason) => {
    signal.removeEventListener('abort', abort);
    if (code === POLICY) problem = new VerbError('denied', `${vm}: ${String(reason)}`);
    else if (code !== NORMAL && code !== NO_CODE)
      problem = lost(String(reason) || 'the connection was lost');
  });
  socket.on('upgrade', (response) => response.socket.setKeepAlive(true, KEEP_ALIVE_MS));
  const opened = new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) => reject(lost(error.message)));
    socket.once('close', () => reject(problem ?? lost('it closed at once')));
  });
  // At once: what the machine says first is lost on nobody.
  const stream = createWebSocketStream(socket);
  stream.on('error', () => {});
  try {
    await opened;
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  }
  if (signal.aborted) abort();
  return { stream, problem: () => problem };
}
