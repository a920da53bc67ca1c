import { ConnectError, LibvirtError } from './errors.ts';
import type { CallOptions } from './pending-call.ts';
import type { RpcClient } from './rpc-client.ts';
import { chooseMechanism, type Credentials, knownMechanisms, startSasl } from './sasl.ts';

const AUTH_NONE = 0;
const AUTH_SASL = 1;
const AUTH_POLKIT = 2;
const FEATURE_KEEPALIVE = 10;
const OPEN_READ_ONLY = 1;

/** What a daemon that wants a password tells about itself. */
export interface CredentialsRequest {
  /** E.g. `tls://host:16514`. */
  readonly address: string;
  /** The SASL mechanism that will be used. */
  readonly mechanism: string;
}

/** Credentials, or who can get them when they are needed. */
export type CredentialsSource =
  | Credentials
  | ((request: CredentialsRequest) => Credentials | Promise<Credentials>);

export interface HandshakeOptions {
  /** The name to open, e.g. `qemu:///system`. Never null: the daemon says yes and then refuses all. */
  readonly name: string;
  readonly address: string;
  readonly isReadOnly: boolean;
  /** Ask the daemon for pings. It then drops clients that do not read for 30 seconds. */
  readonly wantsKeepAlive: boolean;
  /** Whether others cannot read what we send. */
  readonly isSecure: boolean;
  readonly credentials: CredentialsSource | undefined;
}

/**
 * Authenticates and opens. Each step waits for the one before: the daemon runs calls in a pool.
 * Returns whether the daemon keeps the connection alive.
 */
export async function shakeHands(
  client: RpcClient,
  hello: HandshakeOptions,
  options: CallOptions,
): Promise<boolean> {
  await authenticate(client, hello, options);
  let hasKeepAlive = false;
  if (hello.wantsKeepAlive) {
    const feature = FEATURE_KEEPALIVE;
    const { supported } = await client.call('CONNECT_SUPPORTS_FEATURE', { feature }, options);
    hasKeepAlive = supported !== 0;
  }
  const flags = hello.isReadOnly ? OPEN_READ_ONLY : 0;
  await client.call('CONNECT_OPEN', { name: hello.name, flags }, options);
  return hasKeepAlive;
}

/** Asking for the list is mandatory even when it says "none": for root it is what lets us in. */
async function authenticate(
  client: RpcClient,
  hello: HandshakeOptions,
  options: CallOptions,
): Promise<void> {
  const { types } = await client.call('AUTH_LIST', undefined, options);
  const isOpen = types.length === 0 || types.includes(AUTH_NONE);
  if (isOpen && hello.isSecure) return;
  if (types.includes(AUTH_SASL)) return authenticateSasl(client, hello, options);
  if (isOpen) {
    throw new ConnectError(hello.address, 'plain TCP without SASL is for anyone; use tls or ssh');
  }
  if (!types.includes(AUTH_POLKIT)) {
    const wanted = types.join(', ');
    throw new ConnectError(hello.address, `the daemon wants authentication of type ${wanted}`);
  }
  await client.call('AUTH_POLKIT', undefined, options);
}

async function authenticateSasl(
  client: RpcClient,
  { address, isSecure, credentials }: HandshakeOptions,
  options: CallOptions,
): Promise<void> {
  const mechlist = await askForMechanisms(client, isSecure, options);
  const mechanism = chooseMechanism(mechlist, isSecure);
  if (mechanism === undefined) {
    const ours = knownMechanisms.join(', ');
    throw new ConnectError(
      address,
      `the daemon offers SASL ${mechlist || 'nothing'}, this client can do ${ours} (PLAIN only ` +
        'where nobody can listen). Over plain TCP libvirt wants one that encrypts: use tls or ssh',
    );
  }
  if (credentials === undefined) {
    throw new ConnectError(address, 'the daemon wants a password: set the option "credentials"');
  }
  const given =
    typeof credentials === 'function' ? await credentials({ address, mechanism }) : credentials;
  try {
    await exchange(client, mechanism, given, options);
  } catch (cause) {
    if (cause instanceof SaslFailure) {
      throw new ConnectError(address, `SASL ${mechanism}: ${cause.message}`, { cause });
    }
    throw cause;
  }
}

/** Over plain TCP libvirt refuses even to say what it has, unless that encrypts. */
async function askForMechanisms(
  client: RpcClient,
  isSecure: boolean,
  options: CallOptions,
): Promise<string> {
  try {
    return (await client.call('AUTH_SASL_INIT', undefined, options)).mechlist;
  } catch (error) {
    if (!isSecure && error instanceof LibvirtError) return '';
    throw error;
  }
}

class SaslFailure extends Error {}

/** Asks until both sides are satisfied. "No data" and "empty data" are different things in SASL. */
async function exchange(
  client: RpcClient,
  mechanism: string,
  credentials: Credentials,
  options: CallOptions,
): Promise<void> {
  const sasl = startSasl(mechanism, credentials);
  let answer = await client.call(
    'AUTH_SASL_START',
    { mech: mechanism, nil: 0, data: [...sasl.start] },
    options,
  );
  for (;;) {
    const challenge = answer.nil === 0 ? Buffer.from(answer.data) : undefined;
    const data = challenge && (await stepOrFail(sasl, challenge));
    if (answer.complete !== 0) break;
    answer = await client.call(
      'AUTH_SASL_STEP',
      { nil: data ? 0 : 1, data: [...(data ?? [])] },
      options,
    );
  }
  if (!sasl.isDone) throw new SaslFailure('the daemon has not proven that it knows the password');
}

async function stepOrFail(
  sasl: ReturnType<typeof startSasl>,
  challenge: Buffer,
): Promise<Buffer | null> {
  try {
    return await sasl.step(challenge);
  } catch (cause) {
    throw new SaslFailure(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}
