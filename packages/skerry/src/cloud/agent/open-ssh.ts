// The way to a machine's ssh port: from its hypervisor, at an address that is surely the machine's.
import { isIPv4 } from 'node:net';
import type { Duplex } from 'node:stream';
import type { DialTcp } from '../dial-tcp.ts';
import type { VmState } from '../entity.ts';
import { VerbError } from '../verb-error.ts';
import { arpEntries, neighbourDevice, readProcNetHere } from './proc-net.ts';
import type { VmContext } from './verbs/handler.ts';

const SSH_PORT = 22;
/** For all of its addresses: central waits for 20 s. */
const DIAL_MS = 12_000;
/** Of which a guest may tell many. */
const MOST_DIALLED = 4;

type Card = VmState['nics'][number];

/**
 * Dials a machine's ssh port. Its guest may have told any address as its own. So only those are dialled that the hypervisor
 * reaches without a router through the bridge of the machine's card; and a connection is used only where the hypervisor's
 * ARP table then has that card for it.
 *
 * @throws VerbError `timeout` where nothing answers yet, `conflict` with what is in the way otherwise
 */
export async function openSsh(context: VmContext, dialTcp: DialTcp): Promise<Duplex> {
  const { vm, hypervisor, settings, signal } = context;
  const known = vm.nics.flatMap((card) => card.addresses.map((address) => ({ card, address })));
  if (known.length === 0)
    throw new VerbError(
      'timeout',
      `no address of ${vm.name} is known yet: its guest agent tells it, or the DHCP of a libvirt network`,
    );
  const readProcNet = settings.readProcNet ?? readProcNetHere;
  const routes = await readProcNet('route', signal);
  const near = known.flatMap(({ card, address }) => {
    const bridge = bridgeOf(context, card);
    const isNear = bridge && isIPv4(address) && neighbourDevice(routes, address) === bridge;
    return isNear ? [{ card, address, bridge }] : [];
  });
  const problems: string[] = [];
  let isSilent = near.length > 0;
  if (near.length === 0)
    problems.push(`it is not in the IPv4 network of ${known.map((each) => each.address).join()}`);
  const deadline = AbortSignal.any([signal, AbortSignal.timeout(DIAL_MS)]);
  for (const { card, address, bridge } of near.slice(0, MOST_DIALLED)) {
    let socket: Duplex | undefined;
    try {
      socket = await dialTcp(address, SSH_PORT, deadline);
      const table = arpEntries(await readProcNet('arp', signal));
      const entry = table.find((each) => each.address === address && each.device === bridge);
      if (entry?.mac === card.mac.toLowerCase()) return socket;
      problems.push(`${address} belongs to another one`);
      isSilent = false;
    } catch (error) {
      signal.throwIfAborted();
      problems.push(`${address}: ${deadline.aborted ? 'no answer' : (error as Error).message}`);
    }
    socket?.destroy();
  }
  throw new VerbError(
    isSilent ? 'timeout' : 'conflict',
    `${hypervisor.name} does not reach ssh of ${vm.name}: ${problems.join('; ')}`,
  );
}

/**
 * The bridge of the hypervisor that a card is on; undefined of other kinds. While a machine runs, libvirt calls a card on a
 * network that is only a bridge's name one on a bridge.
 */
function bridgeOf({ hypervisor }: VmContext, { type, source }: Card): string | undefined {
  const network = hypervisor.networks.find(({ name }) => name === source);
  if (network) return network.bridge ?? undefined;
  return type === 'bridge' ? (source ?? undefined) : undefined;
}
