import { homedir } from 'node:os';
import { UriError } from './errors.ts';

/** What a libvirt URI means to us. */
export interface Target {
  /** The name for the daemon: the URI without transport and without our own parameters. */
  readonly name: string;
  /** Sockets to try, in order. */
  readonly sockets: readonly string[];
}

export interface UriContext {
  readonly uid: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

const drivers = new Set([
  'qemu',
  'test',
  'lxc',
  'xen',
  'vbox',
  'bhyve',
  'ch',
  'network',
  'storage',
]);
const ownParameters = new Set(['socket', 'mode']);

/**
 * Reads `qemu:///system`, `qemu:///session`, `test:///default` and the like, with `+unix`,
 * `?socket=/path` (an own daemon) and `?mode=legacy|direct|auto` (which daemon's socket).
 * Throws {@link UriError} for other hosts and transports.
 */
export function parseUri(uri: string, context: UriContext): Target {
  const { driver, url } = splitUri(uri);
  for (const key of url.searchParams.keys()) {
    if (!ownParameters.has(key)) throw new UriError(uri, `unknown parameter "${key}"`);
  }
  const name = `${driver}://${url.pathname}`;
  const socket = url.searchParams.get('socket');
  const mode = url.searchParams.get('mode') ?? 'auto';
  if (!['auto', 'legacy', 'direct'].includes(mode)) {
    throw new UriError(uri, `mode is "${mode}", but may be auto, legacy or direct`);
  }
  if (socket !== null) {
    if (!socket.startsWith('/')) throw new UriError(uri, 'socket must be an absolute path');
    return { name, sockets: [socket] };
  }
  const folder = runtimeFolder(url.pathname, context);
  const direct = `${folder}/virt${driver}d-sock`;
  const legacy = `${folder}/libvirt-sock`;
  const choices = { auto: [direct, legacy], direct: [direct], legacy: [legacy] };
  return { name, sockets: choices[mode as keyof typeof choices] };
}

function splitUri(uri: string): { driver: string; url: URL } {
  const match = /^([a-z]+)(?:\+([a-z0-9]+))?:\/\//.exec(uri);
  if (match === null) throw new UriError(uri, 'it must look like qemu:///system');
  const [prefix, driver = '', transport] = match;
  if (transport !== undefined && transport !== 'unix') {
    throw new UriError(uri, `transport "${transport}" is not supported, only local unix sockets`);
  }
  if (!drivers.has(driver)) throw new UriError(uri, `driver "${driver}" is not known`);
  const rest = uri.slice(prefix.length);
  if (!rest.startsWith('/')) {
    throw new UriError(uri, 'remote hosts are not supported, only local unix sockets');
  }
  return { driver, url: new URL(`libvirt://${rest}`) };
}

function runtimeFolder(path: string, { uid, env }: UriContext): string {
  const isSystem = path === '/system' || (path !== '/session' && uid === 0);
  if (isSystem) return '/run/libvirt';
  return `${env['XDG_RUNTIME_DIR'] ?? `${homedir()}/.cache`}/libvirt`;
}
