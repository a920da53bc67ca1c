import { homedir } from 'node:os';
import { UriError } from './errors.ts';
import type { Target, Transport } from './transports.ts';

export interface UriContext {
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** System daemons have a socket of its own for read-only clients, which more people may open. */
  readonly isReadOnly?: boolean;
}

interface Parts {
  readonly uri: string;
  readonly driver: string;
  readonly kind: Transport['kind'];
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  readonly path: string;
  readonly params: ReadonlyMap<string, string>;
}

/** Drivers, and those whose own daemon is named otherwise. */
const daemons: Readonly<Record<string, string>> = {
  qemu: 'virtqemud',
  test: 'virttestd',
  lxc: 'virtlxcd',
  xen: 'virtxend',
  vbox: 'virtvboxd',
  bhyve: 'virtbhyved',
  ch: 'virtchd',
  network: 'virtnetworkd',
  storage: 'virtstoraged',
  interface: 'virtinterfaced',
  nodedev: 'virtnodedevd',
  nwfilter: 'virtnwfilterd',
  secret: 'virtsecretd',
};

const parameters: Readonly<Record<Transport['kind'], readonly string[]>> = {
  unix: ['name', 'socket', 'mode'],
  tls: ['name', 'pkipath', 'no_verify'],
  tcp: ['name'],
  ssh: [
    ...['name', 'socket', 'mode', 'keyfile', 'no_verify', 'no_tty', 'command', 'netcat', 'proxy'],
  ],
};

const TLS_PORT = 16514;
const TCP_PORT = 16509;

/** What may be said to ssh and to the shells on its other side without being quoted. */
const plain: Readonly<Record<'host' | 'user' | 'path' | 'name', RegExp>> = {
  host: /^(?:[a-z0-9][a-z0-9._-]*|\[[0-9a-f:.]+\])$/i,
  user: /^[a-z0-9_][a-z0-9._-]*$/i,
  path: /^\/[a-z0-9/._+@:-]*$/i,
  name: /^[a-z]+:\/\/\/[a-z0-9/._-]*$/i,
};

/**
 * Reads `driver[+transport]://[user@][host][:port]/path[?parameters]`, as libvirt does: without a
 * transport it is the local daemon's unix socket, or TLS when there is a host. Throws
 * {@link UriError} for what this client cannot do.
 */
export function parseUri(uri: string, context: UriContext): Target {
  const parts = splitUri(uri);
  for (const key of parts.params.keys()) {
    if (!parameters[parts.kind].includes(key)) {
      const known = parameters[parts.kind].join(', ');
      throw new UriError(uri, `unknown parameter "${key}"; transport ${parts.kind} has ${known}`);
    }
  }
  const name = parts.params.get('name') ?? `${parts.driver}://${parts.path}`;
  const transport = transportOf(parts, name, context);
  return { name, address: addressOf(transport), transport };
}

function splitUri(uri: string): Parts {
  const match = /^([a-z]+)(?:\+([a-z0-9]+))?:\/\//.exec(uri);
  if (match === null) throw new UriError(uri, 'it must look like qemu:///system');
  const [prefix, driver = '', transport] = match;
  if (!Object.hasOwn(daemons, driver)) throw new UriError(uri, `driver "${driver}" is not known`);
  const url = URL.parse(`libvirt://${uri.slice(prefix.length)}`);
  if (url === null) throw new UriError(uri, 'its host or port cannot be read');
  const kind = transport ?? (url.hostname === '' ? 'unix' : 'tls');
  if (!isTransport(kind)) {
    const known = Object.keys(parameters).join(', ');
    throw new UriError(uri, `transport "${kind}" is not supported, only ${known}`);
  }
  if (kind === 'unix' && url.hostname !== '') {
    throw new UriError(uri, 'transport unix reaches no other host; use ssh or tls');
  }
  if (kind !== 'unix' && !plain.host.test(url.hostname)) {
    throw new UriError(uri, `transport ${kind} needs the name or the address of a host`);
  }
  if (url.password !== '') throw new UriError(uri, 'a password does not belong into a URI');
  return {
    uri,
    driver,
    kind,
    user: userOf(uri, kind, url.username),
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? undefined : Number(url.port),
    path: url.pathname,
    params: new Map(url.searchParams),
  };
}

function isTransport(kind: string): kind is Transport['kind'] {
  return Object.hasOwn(parameters, kind);
}

function userOf(uri: string, kind: string, user: string): string | undefined {
  if (user === '') return undefined;
  if (kind !== 'ssh') throw new UriError(uri, `transport ${kind} takes no user; use "credentials"`);
  if (!plain.user.test(user)) throw new UriError(uri, `"${user}" cannot be a user`);
  return user;
}

function transportOf(parts: Parts, name: string, context: UriContext): Transport {
  const { kind, host, port, path, params } = parts;
  switch (kind) {
    case 'unix': {
      const sockets = socketsOf(parts, localFolder(path, context), context.isReadOnly ?? false);
      return { kind, sockets, isSession: path === '/session' };
    }
    case 'tls': {
      const pkiPath = absolute(parts, 'pkipath');
      return {
        kind,
        host,
        port: port ?? TLS_PORT,
        pkiPath,
        isVerified: !isSet(parts, 'no_verify'),
      };
    }
    case 'tcp':
      return { kind, host, port: port ?? TCP_PORT };
    default:
      return {
        kind,
        host,
        port,
        user: parts.user,
        keyFile: params.get('keyfile'),
        program: params.get('command') ?? 'ssh',
        isVerified: !isSet(parts, 'no_verify'),
        mayAsk: !isSet(parts, 'no_tty'),
        ...remoteSide(parts, name, context),
      };
  }
}

function remoteSide(
  parts: Parts,
  name: string,
  context: UriContext,
): Pick<Extract<Transport, { kind: 'ssh' }>, 'proxy' | 'netcat' | 'sockets' | 'helperUri'> {
  const { uri, params, path } = parts;
  const proxy = oneOf(parts, 'proxy', ['auto', 'native', 'netcat'] as const);
  const netcat = params.get('netcat') ?? 'nc';
  const sockets = socketsOf(parts, '/run/libvirt', context.isReadOnly ?? false);
  for (const word of [`/${netcat}`, ...sockets]) {
    if (!plain.path.test(word)) throw new UriError(uri, `"${word}" has characters unfit for ssh`);
  }
  if (!plain.name.test(name)) throw new UriError(uri, `"${name}" has characters unfit for ssh`);
  // Only the other side knows where its users' own daemons are.
  const needsHelper = path === '/session' && !params.has('socket');
  if (needsHelper && proxy === 'netcat') {
    throw new UriError(uri, 'proxy=netcat needs ?socket= for a session daemon');
  }
  const isOwnSocket = params.has('socket') || params.has('netcat');
  if (proxy === 'native' && isOwnSocket) {
    throw new UriError(uri, 'proxy=native finds the socket itself: drop socket= and netcat=');
  }
  const mode = params.get('mode');
  return {
    proxy: needsHelper ? 'native' : isOwnSocket ? 'netcat' : proxy,
    netcat,
    sockets,
    helperUri: isOwnSocket ? undefined : `${name}${mode === undefined ? '' : `?mode=${mode}`}`,
  };
}

function socketsOf(parts: Parts, folder: string, isReadOnly: boolean): readonly string[] {
  const socket = absolute(parts, 'socket');
  const mode = oneOf(parts, 'mode', ['auto', 'legacy', 'direct'] as const);
  if (socket !== undefined) return [socket];
  const suffix = isReadOnly && parts.path !== '/session' ? '-ro' : '';
  const direct = `${folder}/${daemons[parts.driver] ?? ''}-sock${suffix}`;
  const legacy = `${folder}/libvirt-sock${suffix}`;
  return { auto: [direct, legacy], direct: [direct], legacy: [legacy] }[mode];
}

function localFolder(path: string, { uid, env }: UriContext): string {
  const isSystem = path === '/system' || (path !== '/session' && uid === 0);
  if (isSystem) return '/run/libvirt';
  return `${env['XDG_RUNTIME_DIR'] ?? `${homedir()}/.cache`}/libvirt`;
}

function addressOf(transport: Transport): string {
  if (transport.kind === 'unix') return transport.sockets.join(' or ');
  const { kind, host, port } = transport;
  return `${kind}://${host.includes(':') ? `[${host}]` : host}${port === undefined ? '' : `:${port}`}`;
}

function absolute({ uri, params }: Parts, key: string): string | undefined {
  const value = params.get(key);
  if (value !== undefined && !value.startsWith('/')) {
    throw new UriError(uri, `${key} must be an absolute path`);
  }
  return value;
}

function isSet({ uri, params }: Parts, key: string): boolean {
  const value = params.get(key) ?? '0';
  if (value !== '0' && value !== '1') throw new UriError(uri, `${key} is "${value}", not 0 or 1`);
  return value === '1';
}

function oneOf<T extends string>({ uri, params }: Parts, key: string, known: readonly T[]): T {
  const value = params.get(key) ?? 'auto';
  const found = known.find((each) => each === value);
  if (found === undefined) {
    throw new UriError(uri, `${key} is "${value}", but may be ${known.join(', ')}`);
  }
  return found;
}
