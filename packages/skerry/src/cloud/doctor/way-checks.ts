// Whether machines could move from here to another hypervisor: its libvirt's port, and those by which QEMU sends memory.
import { messageOf } from '../../util/message-of.ts';
import { type DialTcp, dialLocal } from '../dial-tcp.ts';
import type { Check } from './check.ts';

/** Another hypervisor, as it says that it is reached. */
export interface Peer {
  readonly name: string;
  readonly uri: string;
}

const DIAL_MS = 3000;
/** The first of those that QEMU listens at while a machine comes. */
const MEMORY_PORT = 49_152;
const PORTS: Readonly<Record<string, number>> = { tls: 16_514, tcp: 16_509, ssh: 22 };

/**
 * Where the libvirt of a URI listens; undefined for one that is not dialled like that.
 *
 * @throws TypeError where nobody can listen
 * @example placeOf('qemu+tls://hv2/system') // { host: 'hv2', port: 16514 }
 */
export function placeOf(uri: string): { host: string; port: number } | undefined {
  const [, transport = 'tls', authority] = /^\w+(?:\+(\w+))?:\/\/([^/]+)/.exec(uri) ?? [];
  if (authority === undefined || !(transport in PORTS)) return undefined;
  const { hostname, port } = new URL(`http://${authority}`);
  return { host: hostname.replace(/^\[|\]$/g, ''), port: Number(port) || (PORTS[transport] ?? 0) };
}

/** Never throws. */
export async function checkWay(
  { name, uri }: Peer,
  dial: DialTcp = dialLocal,
  signal: AbortSignal,
): Promise<Check> {
  const about = `to ${name}`;
  const problem = (found: string, remedy: string): Check => ({
    name: about,
    state: 'problem',
    found,
    remedy: `on ${name}: ${remedy}`,
  });
  let place: ReturnType<typeof placeOf>;
  try {
    place = placeOf(uri);
  } catch {
    const remedy = 'join again with --migration-uri qemu+tls://HOST/system';
    return problem(`${uri} is no address of a libvirt: no machine can go there`, remedy);
  }
  if (!place) return { name: about, state: 'note', found: `${uri} is not looked at` };
  const { host, port } = place;
  const libvirt = await knock(host, port, dial, signal);
  if (libvirt.state !== 'open')
    return problem(
      `its libvirt at ${host}:${port} is not reached: ${libvirt.why}`,
      `let libvirt listen there, and the firewall let hypervisors in (port ${port})`,
    );
  // Nobody listens there unless a machine comes: to be refused by the host is to be let through.
  const memory = await knock(host, MEMORY_PORT, dial, signal);
  if (memory.state === 'stopped')
    return problem(
      `port ${MEMORY_PORT} of ${host} is not let through (${memory.why}): machines would not arrive`,
      'open the ports 49152 to 49215 to hypervisors',
    );
  return {
    name: about,
    state: 'ok',
    found: `libvirt at ${host}:${port}, and the ports for memory`,
  };
}

/** What became of a knock: `refused` by the host itself, where nobody listens; `stopped` on the way, or swallowed. */
type Knock =
  | { readonly state: 'open' }
  | { readonly state: 'refused' | 'stopped'; readonly why: string };

async function knock(
  host: string,
  port: number,
  dial: DialTcp,
  signal: AbortSignal,
): Promise<Knock> {
  const late = AbortSignal.timeout(DIAL_MS);
  try {
    const socket = await dial(host, port, AbortSignal.any([signal, late]));
    socket.on('error', () => {}).destroy();
    return { state: 'open' };
  } catch (error) {
    if (late.aborted) return { state: 'stopped', why: 'no answer' };
    // Of a name with several addresses the error has no message of its own.
    const why = messageOf(error) || String((error as NodeJS.ErrnoException).code);
    return { state: why.includes('ECONNREFUSED') ? 'refused' : 'stopped', why };
  }
}
