import { ConnectError } from './errors.ts';
import type { CallOptions } from './pending-call.ts';
import type { RpcClient } from './rpc-client.ts';

const AUTH_NONE = 0;
const AUTH_POLKIT = 2;
const FEATURE_KEEPALIVE = 10;
const OPEN_READ_ONLY = 1;

export interface HandshakeOptions {
  /** The name to open, e.g. `qemu:///system`. Never null: the daemon says yes and then refuses all. */
  readonly name: string;
  readonly address: string;
  readonly isReadOnly: boolean;
  /** Ask the daemon for pings. It then drops clients that do not read for 30 seconds. */
  readonly wantsKeepAlive: boolean;
}

/**
 * Authenticates and opens. Each step waits for the one before: the daemon runs calls in a pool.
 * Returns whether the daemon keeps the connection alive.
 */
export async function shakeHands(
  client: RpcClient,
  { name, address, isReadOnly, wantsKeepAlive }: HandshakeOptions,
  options: CallOptions,
): Promise<boolean> {
  await authenticate(client, address, options);
  let hasKeepAlive = false;
  if (wantsKeepAlive) {
    const feature = FEATURE_KEEPALIVE;
    const { supported } = await client.call('CONNECT_SUPPORTS_FEATURE', { feature }, options);
    hasKeepAlive = supported !== 0;
  }
  await client.call('CONNECT_OPEN', { name, flags: isReadOnly ? OPEN_READ_ONLY : 0 }, options);
  return hasKeepAlive;
}

/** Asking for the list is mandatory even when it says "none": for root it is what lets us in. */
async function authenticate(
  client: RpcClient,
  address: string,
  options: CallOptions,
): Promise<void> {
  const { types } = await client.call('AUTH_LIST', undefined, options);
  if (types.length === 0 || types.includes(AUTH_NONE)) return;
  if (!types.includes(AUTH_POLKIT)) {
    throw new ConnectError(address, `the daemon wants authentication of type ${types.join(', ')}`);
  }
  await client.call('AUTH_POLKIT', undefined, options);
}
