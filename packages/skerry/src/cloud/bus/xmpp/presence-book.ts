// Who is on the bus, by what each said of itself.
import type { Address } from '../bus.ts';
import type { Said } from './bus-stanzas.ts';

/** What a presence changes: `again` where what it published may have been lost. */
export type Change = 'new' | 'again' | 'none';

interface Entry {
  readonly said: Said;
  /** Said in this session of ours; what was said in an earlier one may not be so any more. */
  isConfirmed: boolean;
  /** Our followers were told that it has gone, because we were cut off. It may be there all the time. */
  isHidden: boolean;
}

export class PresenceBook {
  readonly #entries = new Map<Address, Entry>();

  /** Those who are there, as far as our followers know. */
  get here(): Address[] {
    return this.#which(({ isHidden }) => !isHidden);
  }

  /** Who wants to hear us; some of them may not be there now. */
  get followers(): Address[] {
    return this.#which(({ said }) => said.follows);
  }

  /** Who was there in an earlier session, and has not been heard of in this one. */
  get doubtful(): Address[] {
    return this.#which(({ isConfirmed }) => !isConfirmed);
  }

  isDoubtful(address: Address): boolean {
    return this.#entries.get(address)?.isConfirmed === false;
  }

  isHere(address: Address): boolean {
    return this.#entries.get(address)?.isHidden === false;
  }

  saidOf(address: Address): Said | undefined {
    return this.#entries.get(address)?.said;
  }

  seen(address: Address, said: Said): Change {
    const before = this.#entries.get(address);
    this.#entries.set(address, { said, isConfirmed: true, isHidden: false });
    if (!before || before.isHidden) return 'new';
    const isSame =
      before.isConfirmed && before.said.life === said.life && before.said.session === said.session;
    return isSame ? 'none' : 'again';
  }

  left(address: Address): void {
    this.#entries.delete(address);
  }

  /** We have a new session, and hear anew who is there. */
  doubt(): void {
    for (const entry of this.#entries.values()) entry.isConfirmed = false;
  }

  hide(address: Address): void {
    const entry = this.#entries.get(address);
    if (entry) entry.isHidden = true;
  }

  #which(isWanted: (entry: Entry) => boolean): Address[] {
    return [...this.#entries].flatMap(([address, entry]) => (isWanted(entry) ? [address] : []));
  }
}
