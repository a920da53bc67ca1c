import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ConnectError } from './errors.ts';

const RETRY_MS = 25;
const RETRIES = 20;

/**
 * Opens the first unix socket that exists. A refused one is tried again for half a second: socket
 * activation and a daemon that restarts both look like that.
 */
export async function dialUnix(paths: readonly string[], signal: AbortSignal): Promise<Socket> {
  let last: unknown;
  for (const path of paths) {
    try {
      return await dialPatiently(path, signal);
    } catch (error) {
      signal.throwIfAborted();
      last = error;
      if (errnoOf(error) !== 'ENOENT') break;
    }
  }
  const reason = last instanceof Error ? last.message : 'no socket to try';
  throw new ConnectError(paths.join(' or '), reason, { cause: last });
}

async function dialPatiently(path: string, signal: AbortSignal): Promise<Socket> {
  for (let tries = 0; ; tries++) {
    try {
      return await dialOnce(path, signal);
    } catch (error) {
      if (errnoOf(error) !== 'ECONNREFUSED' || tries >= RETRIES) throw error;
      await delay(RETRY_MS, undefined, { signal });
    }
  }
}

/** Not `connect({ signal })`: that signal would go on to destroy the socket when it is connected. */
function dialOnce(path: string, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ path });
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
