// A program's end of what the verb `console` opens: a machine's serial console, or its ssh port, through central's web port.
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { VerbError } from '../verb-error.ts';
import type { CentralAccess } from './rest-client.ts';
import { RestClient } from './rest-client.ts';

const OPEN_MS = 20_000;

/**
 * Opens a stream to a machine, which is called by its name or uuid.
 *
 * @throws VerbError with central's or the agent's own words, or `unreachable`
 */
export async function openMachineStream(
  access: CentralAccess,
  vm: string,
  type: 'serial' | 'ssh',
  signal: AbortSignal,
): Promise<Duplex> {
  const path = `/vms/${encodeURIComponent(vm)}/console`;
  const answer = await new RestClient(access).call('POST', path, { type }, signal);
  const { token } = answer as { token: string };
  const url = new URL('/api/v1/console', access.url.replace(/^http/, 'ws'));
  url.searchParams.set('token', token);
  const socket = new WebSocket(url, {
    headers: { authorization: `Bearer ${access.token}` },
    handshakeTimeout: OPEN_MS,
    perMessageDeflate: false,
    signal,
  });
  // At once: what the machine says first is lost on nobody.
  const stream = createWebSocketStream(socket);
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', (error) =>
      reject(new VerbError('unreachable', `central at ${access.url}: ${error.message}`)),
    );
  });
  return stream;
}
