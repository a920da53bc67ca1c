import type { Database } from './database.ts';

/** What is not known of a hypervisor by then is never known. */
const KEEP_MS = 30 * 24 * 3_600_000;

/** A request that changes who may do what, when it is done. */
export interface AskedRequest {
  readonly id: string;
  /** Whose agent was asked. */
  readonly hypervisor: string;
  readonly verb: string;
  readonly entity: string;
  readonly user: string;
}

/**
 * Requests that have consequences here, and of which it is not known yet how they went: whoever was asked may have done it
 * though its answer was not heard. Each is forgotten when what follows from it was done.
 */
export class Asked {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    db.run('DELETE FROM asked WHERE at < :before', { before: Date.now() - KEEP_MS });
  }

  add({ id, hypervisor, verb, entity, user }: AskedRequest): void {
    this.#db.run(
      `INSERT INTO asked (id, at, hypervisor, verb, entity, user)
       VALUES (:id, :at, :hypervisor, :verb, :entity, :user) ON CONFLICT DO NOTHING`,
      { id, at: Date.now(), hypervisor, verb, entity, user },
    );
  }

  get(id: string): AskedRequest | undefined {
    return this.#db.get<AskedRequest>(
      'SELECT id, hypervisor, verb, entity, user FROM asked WHERE id = :id',
      { id },
    );
  }

  remove(id: string): void {
    this.#db.run('DELETE FROM asked WHERE id = :id', { id });
  }

  /** When the first of a hypervisor was asked for; infinite for none. */
  firstOf(hypervisor: string): number {
    const row = this.#db.get<{ at: number | null }>(
      'SELECT min(at) AS at FROM asked WHERE hypervisor = :hypervisor',
      { hypervisor },
    );
    return row?.at ?? Infinity;
  }

  /** Its agent has told of all that it did: what it did not tell of never got there. */
  forgetBefore(hypervisor: string, at: number): void {
    this.#db.run('DELETE FROM asked WHERE hypervisor = :hypervisor AND at < :at', {
      hypervisor,
      at,
    });
  }

  /** Nothing is given to who comes later and is called the same. */
  dropUser(user: string): void {
    this.#db.run('DELETE FROM asked WHERE user = :user', { user });
  }
}
