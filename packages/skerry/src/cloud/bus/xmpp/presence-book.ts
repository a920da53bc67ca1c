// Who is on the bus, by what each said of itself.
import type { Address } from '../bus.ts';
import type { Said } from './bus-stanzas.ts';

/** What a presence changes: `again` where what it published may have been lost. */
export type Change = 'new' | 'again' | 'none';

interface Entry {
  readonly said: Said;
  /** Said in this session of ours; what was said in an earlier one may not be so any more. */
  isConfirmed: boolean;
}

export class PresenceBook {
  readonly #entries = new Map<Address, Entry>();

  has(address: Address): boolean {
    return this.#entries.has(address);
  }

  lifeOf(address: Address): string | undefined {
    return this.#entries.get(address)?.said.life;
  }

  get addresses(): Address[] {
    return [...this.#entries.keys()];
  }

  get followers(): Address[] {
    const following = [...this.#entries].filter(([, { said }]) => said.follows);
    return following.map(([address]) => address);
  }

  seen(address: Address, said: Said): Change {
    const before = this.#entries.get(address);
    this.#entries.set(address, { said, isConfirmed: true });
    if (!before) return 'new';
    const isSame =
      before.isConfirmed && before.said.life === said.life && before.said.session === said.session;
    return isSame ? 'none' : 'again';
  }

  /** @returns whether it had been there. */
  left(address: Address): boolean {
    return this.#entries.delete(address);
  }

  /** We have a new session, and hear anew who is there. */
  doubt(): void {
    for (const entry of this.#entries.values()) entry.isConfirmed = false;
  }

  /** Who was there before and has not been heard of since. */
  get doubtful(): Address[] {
    const doubtful = [...this.#entries].filter(([, { isConfirmed }]) => !isConfirmed);
    return doubtful.map(([address]) => address);
  }
}
