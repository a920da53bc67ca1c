// What of a stream has arrived (XEP-0198): who loses the socket goes on where it was.

import type { Element } from '../../xml/element.ts';

export interface Outgoing {
  readonly stanza: Element;
  readonly xml: string;
  /** Whether it is sent again in a new session, where it is not known whether it has arrived. */
  readonly again: boolean;
}

const WRAP = 2 ** 32;

/** Counts both ways, and keeps what the server has not acknowledged. Knows nothing of sockets. */
export class StreamManagement {
  /** What a resumption is asked for with; undefined where there is nothing to resume. */
  id: string | undefined;
  /** How many stanzas we have got in this session. */
  handled = 0;
  #acknowledged = 0;
  #unacknowledged: Outgoing[] = [];
  readonly #left: Outgoing[] = [];
  #bytes = 0;

  get bytes(): number {
    return this.#bytes;
  }

  sent(stanza: Outgoing): void {
    this.#unacknowledged.push(stanza);
    this.#bytes += stanza.xml.length;
  }

  received(): void {
    this.handled = (this.handled + 1) % WRAP;
  }

  /** @throws Error when the server says that it has got more than was sent. */
  acknowledge(handled: number): void {
    const count = (handled - this.#acknowledged + WRAP) % WRAP;
    if (!Number.isInteger(count) || count > this.#unacknowledged.length)
      throw new Error('the server acknowledged more than was sent');
    for (const { xml } of this.#unacknowledged.splice(0, count)) this.#bytes -= xml.length;
    this.#acknowledged = handled;
  }

  /** The session goes on, and the server has got so many: what is to be sent once more, in order. */
  resumed(handled: number): readonly Outgoing[] {
    this.acknowledge(handled);
    return this.#unacknowledged;
  }

  /**
   * The session is over. What may not have arrived is kept for the next one.
   *
   * @param handled how many the server had got, where it still knew.
   */
  end(handled: number | undefined): void {
    const count = handled === undefined ? 0 : (handled - this.#acknowledged + WRAP) % WRAP;
    this.#left.push(...this.#unacknowledged.slice(count).filter(({ again }) => again));
    this.begin(undefined);
  }

  /** A new session begins; with an id it can be resumed. */
  begin(id: string | undefined): void {
    this.id = id;
    this.handled = 0;
    this.#acknowledged = 0;
    this.#unacknowledged = [];
    this.#bytes = 0;
  }

  /** What sessions that are over have left, in order, once. */
  takeLeft(): Outgoing[] {
    return this.#left.splice(0);
  }
}
