// The way to a machine's ssh port: from its hypervisor, at an address that is surely the machine's.
import type { Duplex } from 'node:stream';
import type { DialTcp } from '../dial-tcp.ts';
import { addressesOf } from '../entity.ts';
import { VerbError } from '../verb-error.ts';
import { parseArpTable, readArpHere } from './arp-table.ts';
import type { VmContext } from './verbs/handler.ts';

const SSH_PORT = 22;
const DIAL_MS = 5000;

/**
 * Dials a machine's ssh port. Its guest may have told any address as its own: it is used only where the
 * hypervisor's own table has the machine's card for it, or libvirt lent it.
 *
 * @throws VerbError `conflict` with what is in the way
 */
export async function openSsh(context: VmContext, dialTcp: DialTcp): Promise<Duplex> {
  const { vm, hypervisor, signal } = context;
  const addresses = addressesOf(vm);
  if (addresses.length === 0)
    throw new VerbError(
      'conflict',
      `no address of ${vm.name} is known yet: its guest agent tells it, or the DHCP of a libvirt network`,
    );
  const problems: string[] = [];
  for (const address of addresses) {
    const near = AbortSignal.any([signal, AbortSignal.timeout(DIAL_MS)]);
    try {
      const socket = await dialTcp(address, SSH_PORT, near);
      if (await isIts(context, address)) return socket;
      socket.destroy();
      problems.push(`${address} is not seen to be its own`);
    } catch (error) {
      signal.throwIfAborted();
      problems.push(`${address}: ${near.aborted ? 'no answer' : (error as Error).message}`);
    }
  }
  throw new VerbError(
    'conflict',
    `${hypervisor.name} does not reach ssh of ${vm.name}: ${problems.join('; ')}`,
  );
}

async function isIts(context: VmContext, address: string): Promise<boolean> {
  const { domain, vm, settings, signal } = context;
  const cards = vm.nics.map(({ mac }) => mac.toLowerCase());
  const table = parseArpTable(await (settings.readArp ?? readArpHere)(signal));
  if (cards.some((mac) => table.get(mac)?.includes(address))) return true;
  const leases = await domain.interfaceAddresses('lease', { signal }).catch(() => []);
  return leases.some(
    ({ mac, addresses }) =>
      cards.includes(mac?.toLowerCase() ?? '') &&
      addresses.some((each) => each.address === address),
  );
}
