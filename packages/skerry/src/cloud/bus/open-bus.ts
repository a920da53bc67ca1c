import { join } from 'node:path';
import type { Address, BusConnection } from './bus.ts';
import { LocalBus } from './local.ts';

export const BUS_KINDS = ['local', 'xmpp'] as const;
export type BusKind = (typeof BUS_KINDS)[number];

/** A bus that this process runs: of itself alone, or a private ejabberd. */
export interface OpenBus extends AsyncDisposable {
  connect(address: Address): Promise<BusConnection>;
}

/**
 * Opens a bus; `dir` is for the files of ejabberd.
 *
 * @throws SkerryError `BUS_MISSING`, `BUS_START`
 */
export async function openBus(kind: BusKind, dir: string, signal?: AbortSignal): Promise<OpenBus> {
  if (kind === 'local') {
    const bus = new LocalBus();
    return {
      connect: async (address) => bus.connect(address),
      [Symbol.asyncDispose]: async () => {},
    };
  }
  const { startEjabberd } = await import('./xmpp/ejabberd.ts');
  const { XmppBus } = await import('./xmpp/xmpp-bus.ts');
  const ejabberd = await startEjabberd({ dir: join(dir, 'bus'), domain: 'skerry.local', signal });
  return {
    async connect(address) {
      const connection = new XmppBus({
        address,
        domain: ejabberd.busDomain,
        server: ejabberd.place,
        password: await ejabberd.addMember(address),
      });
      await connection.ready();
      return connection;
    },
    [Symbol.asyncDispose]: () => ejabberd[Symbol.asyncDispose](),
  };
}
