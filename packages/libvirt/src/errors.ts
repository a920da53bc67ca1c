/** The error struct a daemon sends, as this package reads it. */
export interface LibvirtErrorData {
  /** libvirt's `virErrorNumber`, e.g. 42 for "no domain". Branch on this, never on the message. */
  readonly code: number;
  /** libvirt's `virErrorDomain`: which of its parts raised the error. */
  readonly domain: number;
  /** 1 warning, 2 error. */
  readonly level: number;
  readonly message: string | null;
  readonly str1: string | null;
  readonly str2: string | null;
  readonly str3: string | null;
  readonly int1: number;
  readonly int2: number;
}

/** A call that the daemon received and answered with an error. */
export class LibvirtError extends Error {
  /** libvirt's `virErrorNumber`. */
  readonly code: number;
  /** libvirt's `virErrorDomain`. */
  readonly domain: number;
  /** libvirt's `virErrorLevel`: 1 warning, 2 error. */
  readonly level: number;
  /** Usually the message's format string. */
  readonly str1: string | null;
  readonly str2: string | null;
  readonly str3: string | null;
  readonly int1: number;
  readonly int2: number;
  /** The procedure that failed, as named in this package's table. */
  readonly procedure: string;

  constructor(procedure: string, data: LibvirtErrorData) {
    super(data.message ?? `${procedure} failed with libvirt error ${data.code}`);
    this.name = 'LibvirtError';
    this.procedure = procedure;
    this.code = data.code;
    this.domain = data.domain;
    this.level = data.level;
    this.str1 = data.str1;
    this.str2 = data.str2;
    this.str3 = data.str3;
    this.int1 = data.int1;
    this.int2 = data.int2;
  }
}

/** No connection could be made: the socket is missing, refused, or the handshake failed. */
export class ConnectError extends Error {
  readonly code = 'CONNECT_FAILED';
  /** What we tried to reach. */
  readonly address: string;

  constructor(address: string, reason: string, options?: ErrorOptions) {
    super(`cannot connect to libvirt at ${address}: ${reason}`, options);
    this.name = 'ConnectError';
    this.address = address;
  }
}

/** The connection is gone; every pending and later call is rejected with this. */
export class ConnectionClosedError extends Error {
  readonly code = 'CONNECTION_CLOSED';
  /** True when the caller closed it, false when it was lost. */
  readonly intended: boolean;

  constructor(reason: string, intended: boolean, options?: ErrorOptions) {
    super(`libvirt connection closed: ${reason}`, options);
    this.name = 'ConnectionClosedError';
    this.intended = intended;
  }
}

/** A call ran out of time. The daemon may still be working on it, and may still succeed. */
export class TimeoutError extends Error {
  readonly code = 'CALL_TIMEOUT';
  readonly procedure: string;
  readonly timeoutMs: number;

  constructor(procedure: string, timeoutMs: number) {
    super(`${procedure} did not finish within ${timeoutMs} ms`);
    this.name = 'TimeoutError';
    this.procedure = procedure;
    this.timeoutMs = timeoutMs;
  }
}

/** Bytes that break the protocol: a bad frame from the daemon, or arguments that cannot be sent. */
export class ProtocolError extends Error {
  readonly code = 'PROTOCOL';

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ProtocolError';
  }
}

/** A connection URI this client cannot use. */
export class UriError extends Error {
  readonly code = 'URI_UNSUPPORTED';
  readonly uri: string;

  constructor(uri: string, reason: string) {
    super(`cannot use libvirt URI "${uri}": ${reason}`);
    this.name = 'UriError';
    this.uri = uri;
  }
}

/**
 * The object does not exist (any more): domain, network, pool, volume, secret, filter, snapshot,
 * checkpoint, backup, metadata, device, interface or host name.
 */
export function isNotFound(error: unknown): boolean {
  return hasCode(error, 42, 43, 49, 50, 53, 57, 62, 66, 72, 80, 99, 101, 103, 104, 107, 108);
}

/** An object of that name or uuid exists already. */
export function isAlreadyExists(error: unknown): boolean {
  return hasCode(error, 28, 90, 106);
}

/** The object is in the wrong state, e.g. starting a running domain (`VIR_ERR_OPERATION_INVALID`). */
export function isInvalidState(error: unknown): boolean {
  return hasCode(error, 55);
}

/** Denied: a read-only connection, an access rule, or failed authentication. */
export function isDenied(error: unknown): boolean {
  return hasCode(error, 29, 45, 79, 88, 94);
}

/** This daemon or driver cannot do that. An unknown procedure is code 39 (RPC), as are bad calls. */
export function isUnsupported(error: unknown): boolean {
  return hasCode(error, 3, 5, 67, 74, 84);
}

/** The guest agent is absent or silent: not started yet, hung, or the guest is gone. */
export function isAgentUnavailable(error: unknown): boolean {
  return hasCode(error, 86, 97);
}

/** The operation timed out, in the daemon (code 68) or in this client ({@link TimeoutError}). */
export function isTimeout(error: unknown): boolean {
  return error instanceof TimeoutError || hasCode(error, 68);
}

/** The connection was lost or closed before the call got its answer. */
export function isConnectionClosed(error: unknown): error is ConnectionClosedError {
  return error instanceof ConnectionClosedError;
}

function hasCode(error: unknown, ...codes: number[]): boolean {
  return error instanceof LibvirtError && codes.includes(error.code);
}
