import type { Duplex } from 'node:stream';
import { Connection, type Redial } from './connection.ts';
import { dial as dialTarget } from './dial.ts';
import { ConnectError, ConnectionClosedError, isUnsupported } from './errors.ts';
import { EventHub } from './events.ts';
import { type CredentialsSource, shakeHands } from './handshake.ts';
import type { KeepAliveOptions } from './keepalive.ts';
import type { CallOptions } from './pending-call.ts';
import { type Link, ReconnectingClient, type ReconnectOptions } from './reconnect.ts';
import { type DebugHook, RpcClient } from './rpc-client.ts';
import type { Target } from './transports.ts';
import { parseUri } from './uri.ts';

export interface ConnectOptions {
  /** Gives up connecting. Has no effect afterwards. */
  readonly signal?: AbortSignal | undefined;
  /** Time for socket and handshake together, in milliseconds. Default 15000. */
  readonly timeoutMs?: number | undefined;
  /** Refuse everything that changes something (the daemon answers with code 29). */
  readonly readOnly?: boolean | undefined;
  /** For a daemon that wants a password (SASL): the credentials, or who gets them when asked. */
  readonly credentials?: CredentialsSource | undefined;
  /** Start the user's own daemon for `qemu:///session` when it is not running. Default false. */
  readonly autostart?: boolean | undefined;
  /**
   * Connect again when the connection is lost. Calls that were under way are rejected, later ones
   * wait; event loops go on and get a `resync` event. Default false.
   */
  readonly reconnect?: boolean | ReconnectOptions | undefined;
  /** How to notice a dead daemon; false switches it off, in both directions. */
  readonly keepAlive?: KeepAliveOptions | false | undefined;
  /**
   * Calls in the daemon at once. Default 4, one less than the daemon's default limit: at the limit
   * it stops reading, keepalive included.
   */
  readonly maxInFlight?: number | undefined;
  /** Told about packets that were ignored. */
  readonly debug?: DebugHook | undefined;
  /** Makes the byte stream instead of the URI's transport: a tunnel, or a test's fake daemon. */
  readonly dial?: ((signal: AbortSignal) => Promise<Duplex>) | undefined;
}

/**
 * Connects to a libvirt daemon: `qemu:///system`, `qemu:///session`, `test:///default`, with
 * `?socket=/path` for a daemon of your own; `qemu+ssh://user@host/system`, `qemu+tls://host/system`.
 *
 * @example
 * await using conn = await connect('qemu:///system');
 * for (const domain of await conn.domains()) console.log(domain.name);
 *
 * @throws UriError, ConnectError, LibvirtError (refused) or the signal's reason.
 */
export async function connect(uri: string, options: ConnectOptions = {}): Promise<Connection> {
  const { keepAlive = {}, readOnly: isReadOnly = false, reconnect = false, debug } = options;
  const uid = process.getuid?.() ?? -1;
  const target = parseUri(uri, { uid, env: process.env, isReadOnly });
  const dialWatched = (signal: AbortSignal | undefined): Promise<RpcClient> =>
    dialClient(target, { ...options, signal }, keepAlive !== false, watchHypervisor);
  const first = await dialWatched(options.signal);
  const link = reconnect === false ? first : reconnecting(first, dialWatched, reconnect);
  const events = new EventHub(first, link.closed, debug);
  if (link instanceof ReconnectingClient) {
    link.onReconnected = (client) => events.moveTo(client);
  }
  const redial: Redial = {
    connect: () => connect(uri, { ...options, signal: undefined }),
    stream: async ({ signal }) => {
      await link.ready({ signal });
      return dialClient(target, { ...options, signal }, false, async () => {});
    },
  };
  return new Connection(link, events, redial);
}

function reconnecting(
  first: RpcClient,
  redial: (signal: AbortSignal) => Promise<RpcClient>,
  options: true | ReconnectOptions,
): Link {
  return new ReconnectingClient(first, redial, options === true ? {} : options);
}

/** Dials, shakes hands and runs `finish`, all within one deadline; leaves nothing open on failure. */
async function dialClient(
  target: Target,
  options: ConnectOptions,
  wantsKeepAlive: boolean,
  finish: (client: RpcClient, call: CallOptions) => Promise<void>,
): Promise<RpcClient> {
  const { timeoutMs = 15_000, maxInFlight = 4, debug, keepAlive, credentials } = options;
  const { name, address, transport } = target;
  const isReadOnly = options.readOnly ?? false;
  const deadline = AbortSignal.timeout(timeoutMs);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  let client: RpcClient | undefined;
  try {
    signal.throwIfAborted();
    const autostart = options.autostart ?? false;
    const socket = await (options.dial
      ? options.dial(signal)
      : dialTarget(target, { signal, isReadOnly, autostart }));
    client = new RpcClient(socket, { maxInFlight, debug });
    const isSecure = transport.kind !== 'tcp';
    const hello = { name, address, isReadOnly, wantsKeepAlive, isSecure, credentials };
    const hasKeepAlive = await shakeHands(client, hello, { signal });
    if (hasKeepAlive) client.startKeepAlive(keepAlive || {});
    await finish(client, { signal });
    return client;
  } catch (error) {
    client?.fail('the handshake failed', { cause: error });
    if (deadline.aborted && !options.signal?.aborted) {
      throw new ConnectError(address, `no answer within ${timeoutMs} ms`, { cause: error });
    }
    if (!(error instanceof ConnectionClosedError)) throw error;
    if (error.cause instanceof ConnectError) throw error.cause;
    throw new ConnectError(address, error.message, { cause: error });
  }
}

/**
 * Asks to be told when the hypervisor's own connection breaks behind the daemon
 * (virConnectRegisterCloseCallback). Not all drivers can.
 */
async function watchHypervisor(client: RpcClient, options: CallOptions): Promise<void> {
  try {
    await client.call('CONNECT_REGISTER_CLOSE_CALLBACK', undefined, options);
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
}
