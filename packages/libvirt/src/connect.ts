import type { Duplex } from 'node:stream';
import { Connection, type Redial } from './connection.ts';
import { dialUnix } from './dial.ts';
import { ConnectError } from './errors.ts';
import { EventHub } from './events.ts';
import { shakeHands } from './handshake.ts';
import type { KeepAliveOptions } from './keepalive.ts';
import type { CallOptions } from './pending-call.ts';
import { type DebugHook, RpcClient } from './rpc-client.ts';
import { parseUri, type Target } from './uri.ts';

export interface ConnectOptions {
  /** Gives up connecting. Has no effect afterwards. */
  readonly signal?: AbortSignal | undefined;
  /** Time for socket and handshake together, in milliseconds. Default 15000. */
  readonly timeoutMs?: number | undefined;
  /** Refuse everything that changes something (the daemon answers with code 29). */
  readonly readOnly?: boolean | undefined;
  /** How to notice a dead daemon; false switches it off, in both directions. */
  readonly keepAlive?: KeepAliveOptions | false | undefined;
  /**
   * Calls in the daemon at once. Default 4, one less than the daemon's default limit: at the limit
   * it stops reading, keepalive included.
   */
  readonly maxInFlight?: number | undefined;
  /** Told about packets that were ignored. */
  readonly debug?: DebugHook | undefined;
  /** Makes the byte stream, instead of the URI's unix socket: a tunnel, or a test's fake daemon. */
  readonly dial?: ((signal: AbortSignal) => Promise<Duplex>) | undefined;
}

/**
 * Connects to a local libvirt daemon: `qemu:///system`, `qemu:///session`, `test:///default`, with
 * `?socket=/path` for a daemon of your own.
 *
 * @example
 * await using conn = await connect('qemu:///system');
 * for (const domain of await conn.domains()) console.log(domain.name);
 *
 * @throws UriError, ConnectError, LibvirtError (refused) or the signal's reason.
 */
export async function connect(uri: string, options: ConnectOptions = {}): Promise<Connection> {
  const target = parseUri(uri, { uid: process.getuid?.() ?? -1, env: process.env });
  const { keepAlive = {} } = options;
  const redial: Redial = {
    connect: () => connect(uri, { ...options, signal: undefined }),
    stream: async ({ signal }) => {
      const dialed = await dialClient(target, { ...options, signal }, false, async () => {});
      return dialed.client;
    },
  };
  const { result } = await dialClient(
    target,
    options,
    keepAlive !== false,
    async (client, call) => {
      const connection = new Connection(client, new EventHub(client, options.debug), redial);
      await connection.watchHypervisor(call);
      return connection;
    },
  );
  return result;
}

/** Dials, shakes hands and runs `finish`, all within one deadline; leaves nothing open on failure. */
async function dialClient<T>(
  target: Target,
  options: ConnectOptions,
  wantsKeepAlive: boolean,
  finish: (client: RpcClient, call: CallOptions) => Promise<T>,
): Promise<{ client: RpcClient; result: T }> {
  const { timeoutMs = 15_000, maxInFlight = 4, debug, dial, keepAlive, readOnly } = options;
  const address = target.sockets.join(' or ');
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  let client: RpcClient | undefined;
  try {
    signal.throwIfAborted();
    const socket = await (dial ? dial(signal) : dialUnix(target.sockets, signal));
    client = new RpcClient(socket, { maxInFlight, debug });
    const hello = { name: target.name, address, isReadOnly: readOnly ?? false, wantsKeepAlive };
    const hasKeepAlive = await shakeHands(client, hello, { signal });
    if (hasKeepAlive) client.startKeepAlive(keepAlive || {});
    return { client, result: await finish(client, { signal }) };
  } catch (error) {
    client?.fail('the handshake failed', { cause: error });
    if (!deadline.aborted || options.signal?.aborted) throw error;
    throw new ConnectError(address, `no answer within ${timeoutMs} ms`, { cause: error });
  }
}
