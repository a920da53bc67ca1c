// Whether our XMPP server does for people and machines what it is there for: with an account that is there only meanwhile.
import { randomBytes } from 'node:crypto';
import { poll } from '../../util/poll.ts';
import { element } from '../bus/xmpp/stanza.ts';
import { XmppClient } from '../bus/xmpp/xmpp-client.ts';
import type { ChatAccounts } from '../chat/chat-accounts.ts';
import { messageOf } from '../../util/message-of.ts';
import type { Check } from './check.ts';

const PUBSUB = 'http://jabber.org/protocol/pubsub';
const NODE = 'doctor';
const STEP_MS = 10_000;
const LOG = 'see its log: ejabberd.log in the folder bus/log of central';

export interface XmppCheckOptions {
  readonly accounts: ChatAccounts;
  readonly domain: string;
  readonly server: { readonly host: string; readonly port: number; readonly ca: string };
}

/** In the order in which one needs the other: after one that fails the rest is not tried. Never throws. */
export async function checkXmpp(options: XmppCheckOptions, signal: AbortSignal): Promise<Check[]> {
  const { accounts, domain, server } = options;
  const user = accounts.guestName();
  const password = randomBytes(24).toString('base64url');
  const seen = { presence: false, resumed: false };
  const checks: Check[] = [];
  const step = async (
    name: string,
    found: string,
    remedy: string,
    run: () => Promise<unknown>,
  ): Promise<void> => {
    try {
      await run();
      checks.push({ name: `XMPP: ${name}`, state: 'ok', found });
    } catch (error) {
      checks.push({ name: `XMPP: ${name}`, state: 'problem', found: messageOf(error), remedy });
      throw error;
    }
  };
  const until = (what: string, holds: () => boolean): Promise<true> =>
    poll(async () => holds() || undefined, {
      signal,
      timeoutMs: STEP_MS,
      intervalMs: 20,
      onTimeout: () => new Error(`${what} within ${STEP_MS / 1000} s`),
    });
  try {
    await step('accounts', 'can be made', LOG, () => accounts.addGuest(user, password));
    await using client = new XmppClient({
      server,
      password,
      jid: { local: user, domain, resource: 'doctor' },
      handlers: {
        onSession: (isResumed) => void (seen.resumed ||= isResumed),
        onPresence: () => void (seen.presence = true),
      },
    });
    const reached = `port ${server.port} of ${server.host} must be reachable from here`;
    await step('login', `at ${server.host}:${server.port}, over TLS`, reached, () =>
      client.ready({ signal, timeoutMs: STEP_MS }),
    );
    await step('presence', 'is told', LOG, async () => {
      client.send(element('presence'));
      await until('nobody was told of it', () => seen.presence);
    });
    await step('events', 'a node was made, published to, read and deleted', LOG, () =>
      tryNode(client, signal),
    );
    await step('resumption', 'a session outlives its connection', LOG, async () => {
      client.dropConnection();
      await until('it was not resumed', () => seen.resumed);
    });
  } catch {
    // It is said already.
  } finally {
    await accounts.removePerson(user).catch(() => {});
  }
  return checks;
}

async function tryNode(client: XmppClient, signal: AbortSignal): Promise<void> {
  const ask = (type: 'get' | 'set', words: ReturnType<typeof element>, owner = '') =>
    client.request(type, undefined, element('pubsub', { xmlns: `${PUBSUB}${owner}` }, words), {
      signal,
      timeoutMs: STEP_MS,
    });
  const item = element('item', { id: 'one' }, element('note', { xmlns: 'urn:skerry:doctor' }));
  await ask('set', element('create', { node: NODE }));
  await ask('set', element('publish', { node: NODE }, item));
  const read = await ask('get', element('items', { node: NODE }));
  if (!JSON.stringify(read).includes('urn:skerry:doctor'))
    throw new Error('what was published is not there');
  await ask('set', element('delete', { node: NODE }), '#owner');
}
