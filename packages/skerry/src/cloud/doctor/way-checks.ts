// Whether machines could move from here to another hypervisor: its libvirt's port, and those by which QEMU sends memory.
import { messageOf } from '../../util/message-of.ts';
import { type DialTcp, dialLocal } from '../agent/open-console.ts';
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

/** Where the libvirt of a URI listens. @example placeOf('qemu+tls://hv2/system') // { host: 'hv2', port: 16514 } */
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
  const place = placeOf(uri);
  if (!place) return { name: about, state: 'note', found: `${uri} is not looked at` };
  const { host, port } = place;
  const libvirt = await knock(host, port, dial, signal);
  if (libvirt.state !== 'open')
    return {
      name: about,
      state: 'problem',
      found: `its libvirt at ${host}:${port} ${libvirt.state === 'refused' ? `is not reached: ${libvirt.why}` : 'does not answer'}`,
      remedy: `on ${name}: let libvirt listen there, and the firewall let hypervisors in (port ${port})`,
    };
  // Nobody listens there unless a machine comes: to be refused is to be let through.
  const memory = await knock(host, MEMORY_PORT, dial, signal);
  if (memory.state === 'silent')
    return {
      name: about,
      state: 'problem',
      found: `port ${MEMORY_PORT} of ${host} is not let through: machines would not arrive`,
      remedy: `on ${name}: open the ports 49152 to 49215 to hypervisors`,
    };
  return {
    name: about,
    state: 'ok',
    found: `libvirt at ${host}:${port}, and the ports for memory`,
  };
}

/** What became of a knock: `silent` when nobody answered at all. */
type Knock =
  | { readonly state: 'open' | 'silent' }
  | { readonly state: 'refused'; readonly why: string };

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
    return late.aborted ? { state: 'silent' } : { state: 'refused', why: messageOf(error) };
  }
}
