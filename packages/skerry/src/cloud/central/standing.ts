// What a central knows of itself and of the other one; it is not copied to that.
import { z } from 'zod';
import { membership } from '../bus/membership.ts';
import type { Database } from './database.ts';

const kept = z.object({
  role: z.enum(['active', 'standby']),
  /** Counts who has been active; 0 while there was never another central. */
  term: z.number().int().nonnegative(),
  /** The name of the active central, as far as this one knows. */
  active: z.string(),
  /** Since when it is. */
  since: z.number(),
  /** Somebody has said that it shall act although it reaches nobody. */
  byHand: z.boolean(),
  /** The last term in which this one was active itself. */
  ownTerm: z.number().int().nonnegative(),
});
export type KeptStanding = z.infer<typeof kept>;

/** How far a standby is: a number in the log of who was active in that term. */
export const position = z.object({ term: z.number().int(), seq: z.number().int() });
export type Position = z.infer<typeof position>;

/** The other central, and this one's place on its bus. */
export const peer = z.object({ name: z.string(), url: z.string(), membership });
export type Peer = z.infer<typeof peer>;

const PARTS = { kept, position, peer } as const;

export class Standing {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  get kept(): KeptStanding {
    return (
      this.#get('kept') ?? {
        role: 'active',
        term: 0,
        active: '',
        since: 0,
        byHand: false,
        ownTerm: 0,
      }
    );
  }

  set kept(next: KeptStanding) {
    this.#set('kept', next);
  }

  get position(): Position | null {
    return this.#get('position') ?? null;
  }

  set position(next: Position | null) {
    this.#set('position', next);
  }

  get peer(): Peer | undefined {
    return this.#get('peer');
  }

  set peer(next: Peer | undefined) {
    this.#set('peer', next ?? null);
  }

  /** A secret that stays, for the other central's place on our bus. */
  secret(make: () => string): string {
    const row = this.#db.get<{ value: string }>(`SELECT value FROM standing WHERE name = 'secret'`);
    if (row) return row.value;
    const made = make();
    this.#write('secret', made);
    return made;
  }

  #get<Name extends keyof typeof PARTS>(name: Name): z.infer<(typeof PARTS)[Name]> | undefined {
    const row = this.#db.get<{ value: string }>('SELECT value FROM standing WHERE name = :name', {
      name,
    });
    const value: unknown = row && JSON.parse(row.value);
    return value ? (PARTS[name].parse(value) as z.infer<(typeof PARTS)[Name]>) : undefined;
  }

  #set(name: keyof typeof PARTS, value: unknown): void {
    this.#write(name, JSON.stringify(value));
  }

  #write(name: string, value: string): void {
    this.#db.run(
      `INSERT INTO standing (name, value) VALUES (:name, :value)
       ON CONFLICT (name) DO UPDATE SET value = :value`,
      { name, value },
    );
  }
}
