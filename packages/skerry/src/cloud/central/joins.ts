import { createHash, randomBytes } from 'node:crypto';
import { VerbError } from '../verb-error.ts';
import type { Database } from './database.ts';

const LIFETIME_MS = 3_600_000;

/** Secrets with which hypervisors join; each is good once, for an hour, for one name. */
export class Joins {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  issue(hypervisor: string): string {
    const secret = randomBytes(24).toString('base64url');
    const now = Date.now();
    this.#db.run('DELETE FROM joins WHERE expires_at < :now', { now });
    this.#db.run(
      'INSERT INTO joins (hash, hypervisor, expires_at) VALUES (:hash, :hypervisor, :expires)',
      {
        hash: hashOf(secret),
        hypervisor,
        expires: now + LIFETIME_MS,
      },
    );
    return secret;
  }

  /** Whose secret it is, and never again. @throws VerbError `denied` */
  redeem(secret: string): string {
    const [row] = this.#db.all<{ hypervisor: string }>(
      'DELETE FROM joins WHERE hash = :hash AND expires_at > :now RETURNING hypervisor',
      { hash: hashOf(secret), now: Date.now() },
    );
    if (row) return row.hypervisor;
    throw new VerbError('denied', 'this token was used, or is older than an hour', {
      hint: 'make another one where central is: skerry central token NAME',
    });
  }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}
