// Whom an entity knows: its contact list on the server (RFC 6121 section 2), as it is now.
import { bareJid } from '../bus/xmpp/jid.ts';
import { child, element, NS } from '../bus/xmpp/stanza.ts';
import type { XmppClient } from '../bus/xmpp/xmpp-client.ts';
import { type Element, elementsOf } from '../xml/element.ts';

export class Roster {
  readonly #client: XmppClient;
  readonly #onChange: (jid: string, sees: boolean) => void;
  readonly #subscriptions = new Map<string, string>();

  /** @param onChange hears of who sees the entity from now on, or does not any more. */
  constructor(client: XmppClient, onChange: (jid: string, sees: boolean) => void) {
    this.#client = client;
    this.#onChange = onChange;
  }

  /** Bare addresses of all that see whether the entity is there. */
  get subscribers(): string[] {
    return [...this.#subscriptions.keys()].filter((jid) => this.#sees(jid));
  }

  /** Asks the server when it does not know them: they may have been added elsewhere. */
  async knows(jid: string): Promise<boolean> {
    if (!this.subscribers.includes(jid)) await this.load();
    return this.subscribers.includes(jid);
  }

  /** @throws StanzaError */
  async load(): Promise<void> {
    const reply = await this.#client.request(
      'get',
      undefined,
      element('query', { xmlns: NS.roster }),
    );
    this.#subscriptions.clear();
    this.#apply(reply);
  }

  /** The server says that something has changed; false when a stanza is not about that, or not of the server's. */
  onPush(stanza: Element): boolean {
    const { from, id, type } = stanza.attributes;
    if (type !== 'set' || !child(stanza, 'query', NS.roster)) return false;
    if (from !== undefined && from !== bareJid(this.#client.jid)) return false;
    const before = new Set(this.subscribers);
    this.#apply(stanza);
    for (const jid of this.subscribers) if (!before.delete(jid)) this.#onChange(jid, true);
    for (const jid of before) this.#onChange(jid, false);
    this.#client.send(element('iq', { type: 'result', to: from, id }), { again: false });
    return true;
  }

  #sees(jid: string): boolean {
    const subscription = this.#subscriptions.get(jid);
    return subscription === 'both' || subscription === 'from';
  }

  #apply(stanza: Element): void {
    const query = child(stanza, 'query', NS.roster);
    for (const { attributes } of query ? elementsOf(query) : []) {
      const { jid, subscription = 'none' } = attributes;
      if (!jid) continue;
      if (subscription === 'remove') this.#subscriptions.delete(jid);
      else this.#subscriptions.set(jid, subscription);
    }
  }
}
