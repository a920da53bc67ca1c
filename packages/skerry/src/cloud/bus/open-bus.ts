import { join } from 'node:path';
import type { Address, BusConnection } from './bus.ts';
import type { ChatAccounts } from '../chat/chat-accounts.ts';
import type { ChatBus } from '../chat/chat-bus.ts';
import { LocalBus } from './local.ts';

/** What the server of a cloud is called among its members; it is no name of the DNS. */
export const DOMAIN = 'skerry.local';

export const BUS_KINDS = ['local', 'xmpp'] as const;
export type BusKind = (typeof BUS_KINDS)[number];

/** A bus that this process runs: of itself alone, or a private ejabberd. */
export interface OpenBus extends AsyncDisposable {
  connect(address: Address): Promise<BusConnection>;
  /** Where people come in with XMPP clients of their own; undefined where the bus is none for that. */
  readonly people: People | undefined;
}

export interface People {
  /** For their clients; `ca` is the server's authority, in PEM. */
  readonly server: { readonly host: string; readonly port: number; readonly ca: string };
  readonly domain: string;
  /** Who may log in, and how. */
  readonly accounts: ChatAccounts;
  /** Makes a hypervisor and its machines visible to them. */
  show(hypervisor: BusConnection): ChatBus;
}

/**
 * Opens a bus; `dir` is for the files of ejabberd.
 *
 * @throws SkerryError `BUS_MISSING`, `BUS_START`
 */
export async function openBus(kind: BusKind, dir: string, signal?: AbortSignal): Promise<OpenBus> {
  if (kind === 'xmpp') return openXmppBus(join(dir, 'bus'), signal);
  const bus = new LocalBus();
  return {
    connect: async (address) => bus.connect(address),
    people: undefined,
    [Symbol.asyncDispose]: async () => {},
  };
}

/** Loaded only by who asks for it. */
async function openXmppBus(dir: string, signal: AbortSignal | undefined): Promise<OpenBus> {
  const { keepEjabberd } = await import('./xmpp/keep-ejabberd.ts');
  const { XmppBus } = await import('./xmpp/xmpp-bus.ts');
  const { ChatAccounts } = await import('../chat/chat-accounts.ts');
  const { ChatBus } = await import('../chat/chat-bus.ts');
  await using stack = new AsyncDisposableStack();
  const ejabberd = stack.use(await keepEjabberd({ dir, domain: DOMAIN, signal }));
  const accounts = new ChatAccounts(ejabberd.admin, DOMAIN);
  await accounts.prepare();
  const ends = stack.move();
  return {
    async connect(address) {
      const { busDomain: domain, local: server } = ejabberd;
      const password = await ejabberd.addMember(address);
      const connection = new XmppBus({ address, domain, server, password });
      try {
        await connection.ready({ signal });
      } catch (error) {
        await connection[Symbol.asyncDispose]();
        throw error;
      }
      return connection;
    },
    people: {
      server: ejabberd.remote,
      domain: DOMAIN,
      accounts,
      show: (hypervisor) => new ChatBus(hypervisor, { server: ejabberd.local, domain: DOMAIN }),
    },
    [Symbol.asyncDispose]: () => ends.disposeAsync(),
  };
}
