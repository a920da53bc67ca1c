import { type AuditEntry, auditEntry } from '../bus/messages.ts';
import type { Database } from './database.ts';

const KEEP_MS = 365 * 24 * 3_600_000;

/** Who did what, on all hypervisors; entries are known by the request's id, so that one that comes twice is one. */
export class AuditStore {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
    db.run('DELETE FROM audit WHERE at < :before', { before: Date.now() - KEEP_MS });
  }

  /** Whether a request of that id was noted. */
  has(id: string): boolean {
    return this.#db.get('SELECT 1 FROM audit WHERE id = :id', { id }) !== undefined;
  }

  /** False when it is known already. */
  add(entry: AuditEntry): boolean {
    const { id, at, hypervisor, entity, by } = entry;
    return (
      this.#db.run(
        `INSERT INTO audit (id, at, hypervisor, entity, user, json)
         VALUES (:id, :at, :hypervisor, :entity, :user, :json) ON CONFLICT DO NOTHING`,
        { id, at, hypervisor, entity, user: by.user, json: JSON.stringify(entry) },
      ) === 1
    );
  }

  /** The newest entries first, before a moment. */
  list(options: {
    readonly entity?: string | undefined;
    readonly before?: number;
    readonly limit?: number;
    /** Only what was done to these, or by this user. */
    readonly only?: { readonly entities: Iterable<string>; readonly user: string } | undefined;
  }): AuditEntry[] {
    const { entity = null, before = Number.MAX_SAFE_INTEGER, limit = 100, only } = options;
    const user = only?.user ?? null;
    const entities = JSON.stringify([...(only?.entities ?? [])]);
    return this.#db
      .all<{ json: string }>(
        `SELECT json FROM audit WHERE at < :before AND (:entity IS NULL OR entity = :entity)
           AND (:user IS NULL OR user = :user OR entity IN (SELECT value FROM json_each(:entities)))
         ORDER BY at DESC, rowid DESC LIMIT :limit`,
        { entity, before, user, entities, limit: Math.min(1000, Math.max(1, limit)) },
      )
      .map(({ json }) => auditEntry.parse(JSON.parse(json)));
  }

  /** When the last entry of a hypervisor was; 0 for none. */
  lastOf(hypervisor: string): number {
    const row = this.#db.get<{ at: number | null }>(
      'SELECT max(at) AS at FROM audit WHERE hypervisor = :hypervisor',
      { hypervisor },
    );
    return row?.at ?? 0;
  }
}
