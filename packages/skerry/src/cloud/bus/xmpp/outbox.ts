// What waits for members of whom it is not known whether they are there.
import type { Address } from '../bus.ts';
import type { Element } from '../../xml/element.ts';
import { formatStanza } from './stanza.ts';

const MAX_LENGTH = 64 * 1024 * 1024;

/** In order, for each member. When it is full, what comes then is lost. */
export class Outbox {
  readonly #waiting = new Map<Address, { stanzas: Element[]; length: number }>();
  #length = 0;

  add(to: Address, stanza: Element): void {
    const { length } = formatStanza(stanza);
    if (this.#length + length > MAX_LENGTH) return;
    const waiting = this.#waiting.get(to) ?? { stanzas: [], length: 0 };
    this.#waiting.set(to, waiting);
    waiting.stanzas.push(stanza);
    waiting.length += length;
    this.#length += length;
  }

  take(to: Address): Element[] {
    const waiting = this.#waiting.get(to);
    this.#waiting.delete(to);
    this.#length -= waiting?.length ?? 0;
    return waiting?.stanzas ?? [];
  }
}
