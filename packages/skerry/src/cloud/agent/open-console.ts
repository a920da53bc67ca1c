// The agent's end of a console: libvirt's stream for the serial one, the screen's port for VNC, the machine's own for ssh,
// carried to central by a WebSocket that the agent opens itself.
import type { Duplex } from 'node:stream';
import { createWebSocketStream, WebSocket } from 'ws';
import { type DialTcp, dialLocal } from '../dial-tcp.ts';
import { VerbError } from '../verb-error.ts';
import { all, attribute, type Element, parseXml } from '../xml/element.ts';
import { openSsh } from './open-ssh.ts';
import type { VmContext } from './verbs/handler.ts';

export interface ConsoleTarget {
  readonly type: 'serial' | 'vnc' | 'ssh';
  /** Central's `/api/v1/agent-stream?token=…`. */
  readonly streamUrl?: string;
}

const OPEN_MS = 10_000;
const LAST_WORDS_MS = 5000;
const KEEP_ALIVE_MS = 15_000;
/** Where to dial for an address. Who listens at all of them has the port on the loopback, too: nobody else can. */
const LOOPBACK: ReadonlyMap<string, string> = new Map([
  ['127.0.0.1', '127.0.0.1'],
  ['localhost', '127.0.0.1'],
  ['0.0.0.0', '127.0.0.1'],
  ['::1', '::1'],
  ['::', '::1'],
]);

/** Ties a machine's console to central; returns when both ends are open. */
export async function openConsole(
  context: VmContext,
  { type, streamUrl }: ConsoleTarget,
  dialTcp: DialTcp = dialLocal,
): Promise<void> {
  if (!streamUrl) throw new VerbError('invalid', 'a console is opened through central');
  const near = await {
    serial: () => openSerial(context),
    vnc: () => openScreen(context, dialTcp),
    ssh: () => openSsh(context, dialTcp),
  }[type]();
  near.on('error', () => near.destroy());
  try {
    const socket = await openSocket(streamUrl, context.settings.streamCa);
    const far = createWebSocketStream(socket);
    // It may have ended meanwhile, and says so only once.
    if (near.destroyed) far.destroy();
    near.pipe(far).pipe(near);
    const end = (): void => void (near.destroy(), far.destroy());
    // What the machine said last is still on its way.
    near.on('error', end).on('close', () => far.end());
    far.on('error', end).on('close', end);
    // One that takes no end as an end is left.
    socket.once('close', () => setTimeout(end, LAST_WORDS_MS).unref());
  } catch (error) {
    near.destroy();
    throw error;
  }
}

async function openSerial({ domain, vm, signal }: VmContext): Promise<Duplex> {
  if (!vm.hasConsole) throw new VerbError('conflict', `${vm.name} has no serial console`);
  // Whoever opens it last has it: the one before has gone to lunch.
  return domain.openConsole({ force: true, signal });
}

async function openScreen({ domain, vm, signal }: VmContext, dialTcp: DialTcp): Promise<Duplex> {
  const isOn = await domain.isActive({ signal });
  const { host, port } = screenOf(vm.name, isOn && parseXml(await domain.xml({ signal })));
  return dialTcp(host, port, signal);
}

/**
 * Where a machine's screen listens, by its definition as it runs. Nothing else is dialled: at the same port of another
 * address may be any program of the host.
 *
 * @param live false for a machine that is off: nobody listens at the port of its definition, or somebody else
 * @throws VerbError `conflict` when it has none, or one that is not on the loopback
 */
export function screenOf(name: string, live: Element | false): { host: string; port: number } {
  const vnc =
    live && all(live, 'devices/graphics').find(({ attributes }) => attributes['type'] === 'vnc');
  const port = Number((vnc && vnc.attributes['port']) ?? -1);
  const given = vnc && (attribute(vnc, 'listen', 'address') ?? vnc.attributes['listen']);
  if (!vnc || !given || !Number.isInteger(port) || port < 1)
    throw new VerbError('conflict', `${name} has no screen that runs`);
  const host = LOOPBACK.get(given);
  if (!host)
    throw new VerbError(
      'conflict',
      `the screen of ${name} listens at ${given}, and Skerry shows those on the loopback only`,
      { hint: "give its <graphics> listen='127.0.0.1'; it has that from its next start" },
    );
  return { host, port };
}

function openSocket(url: string, ca: string | undefined): Promise<WebSocket> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, { handshakeTimeout: OPEN_MS, perMessageDeflate: false, ca });
    socket.on('upgrade', (response) => response.socket.setKeepAlive(true, KEEP_ALIVE_MS));
    socket.once('open', () => resolve(socket)).once('error', reject);
  });
}
