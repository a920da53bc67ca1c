import { connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** How to reach a TCP port from the hypervisor, its loopback or a machine's: where the agent runs elsewhere, another way. */
export type DialTcp = (host: string, port: number, signal: AbortSignal) => Promise<Duplex>;

/** @param signal ends the dialling, not what is connected: a screen is looked at for longer than a verb may take */
export function dialLocal(host: string, port: number, signal: AbortSignal): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    // Who is gone without a word is noticed.
    const socket = connect({ host, port, noDelay: true, keepAlive: true });
    const abort = (): void => void socket.destroy(signal.reason as Error);
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    socket.once('error', reject).once('connect', () => {
      signal.removeEventListener('abort', abort);
      resolve(socket);
    });
  });
}
