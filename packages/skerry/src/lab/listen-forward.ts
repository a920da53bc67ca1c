import { createServer } from 'node:net';
import { once } from 'node:events';
import { openTunnel, registerForward } from '../sandbox/gateway.ts';
import type { Forward } from './forwards.ts';

export interface ListenOptions {
  /** It belongs to the lab file, not to somebody's terminal. */
  readonly background: boolean;
  readonly signal: AbortSignal;
}

/**
 * Listens on the host and passes each connection into the machine. Ends when `signal` fires or the sandbox goes.
 * @throws the system's error when the port cannot be had (EADDRINUSE, EACCES)
 */
export async function listenForward(
  socketPath: string,
  forward: Forward,
  { background, signal }: ListenOptions,
): Promise<{ closed: Promise<void>; port: number }> {
  const server = createServer({ allowHalfOpen: true }, (client) => {
    client.on('error', () => {});
    openTunnel(socketPath, forward.machine.replaceAll('_', '-'), forward.guest).then(
      (upstream) => {
        upstream.on('error', () => client.destroy());
        client.on('close', () => upstream.destroy());
        client.pipe(upstream).pipe(client);
      },
      () => client.destroy(),
    );
  });
  server.listen(forward.host, forward.address);
  await once(server, 'listening');
  const bound = server.address();
  const port = typeof bound === 'object' && bound ? bound.port : forward.host;
  const registration = await registerForward(
    socketPath,
    { ...forward, host: port, background, pid: process.pid },
    signal,
  );
  const closed = registration.closed.finally(() => server.close());
  return { closed, port };
}
