// Central's memory: one SQLite file. Everything that agents know by themselves is not in it.
import { chmodSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync, type SQLInputValue, type StatementSync } from 'node:sqlite';

/** Each is done once, in this order; PRAGMA user_version counts them. Never change one that was released. */
const MIGRATIONS = [
  `CREATE TABLE users (name TEXT PRIMARY KEY, password TEXT, created_at INTEGER NOT NULL) STRICT;
   CREATE TABLE sessions (hash TEXT PRIMARY KEY, user TEXT NOT NULL REFERENCES users(name) ON DELETE CASCADE,
     kind TEXT NOT NULL, label TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT;
   CREATE TABLE policy (id INTEGER PRIMARY KEY CHECK (id = 1), version INTEGER NOT NULL, json TEXT NOT NULL) STRICT;
   CREATE TABLE audit (id TEXT PRIMARY KEY, at INTEGER NOT NULL, hypervisor TEXT NOT NULL, entity TEXT NOT NULL,
     user TEXT NOT NULL, json TEXT NOT NULL) STRICT;
   CREATE INDEX audit_at ON audit(at);
   CREATE INDEX audit_entity ON audit(entity, at);
   CREATE TABLE parked (uuid TEXT PRIMARY KEY, name TEXT NOT NULL, xml TEXT NOT NULL, hypervisor TEXT NOT NULL,
     tags TEXT NOT NULL, parked_by TEXT NOT NULL, parked_at INTEGER NOT NULL) STRICT;
   CREATE TABLE jobs (id TEXT PRIMARY KEY, entity TEXT NOT NULL, verb TEXT NOT NULL, params TEXT NOT NULL,
     at TEXT NOT NULL, user TEXT NOT NULL, next_at INTEGER, last TEXT NOT NULL) STRICT;`,
  `CREATE TABLE joins (hash TEXT PRIMARY KEY, hypervisor TEXT NOT NULL, expires_at INTEGER NOT NULL) STRICT;`,
  `ALTER TABLE users ADD COLUMN seen_at INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE sessions ADD COLUMN created_at INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE sessions ADD COLUMN used_at INTEGER NOT NULL DEFAULT 0;
   CREATE INDEX sessions_user ON sessions(user);`,
  `CREATE TABLE members (hypervisor TEXT PRIMARY KEY, joined_at INTEGER NOT NULL) STRICT;
   CREATE TABLE standing (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
   CREATE TABLE changes (seq INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, gone INTEGER NOT NULL,
     row TEXT NOT NULL) STRICT;`,
  `CREATE TABLE usage (entity TEXT NOT NULL, span TEXT NOT NULL, at INTEGER NOT NULL, cpu REAL NOT NULL,
     memory REAL NOT NULL, disk_read REAL NOT NULL, disk_write REAL NOT NULL, net_rx REAL NOT NULL,
     net_tx REAL NOT NULL, PRIMARY KEY (entity, span, at)) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE parked ADD COLUMN doubt TEXT;`,
  `CREATE TABLE asked (id TEXT PRIMARY KEY, at INTEGER NOT NULL, hypervisor TEXT NOT NULL, verb TEXT NOT NULL,
     entity TEXT NOT NULL, user TEXT NOT NULL) STRICT;`,
] as const;

/** The database of a central's folder; several processes may have it open. */
export function openDatabase(stateDir: string): Database {
  mkdirSync(stateDir, { recursive: true, mode: 0o700 });
  return new Database(join(stateDir, 'central.db'));
}

type Row = Record<string, SQLInputValue>;

/** A database; each statement is prepared once. */
export class Database implements Disposable {
  readonly #db: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  /** Called when something was written by this process. */
  onWrite: () => void = () => {};

  /** @param path the file, or `:memory:`. Only its owner may read it. */
  constructor(path: string) {
    this.#db = new DatabaseSync(path);
    if (path !== ':memory:') chmodSync(path, 0o600);
    this.#db.exec(
      'PRAGMA busy_timeout = 5000; PRAGMA journal_mode = WAL; PRAGMA foreign_keys = ON; PRAGMA synchronous = NORMAL',
    );
    this.#migrate();
  }

  /** All rows of a query; parameters are `:name`. */
  all<T>(sql: string, parameters: Row = {}): T[] {
    return this.#prepare(sql).all(parameters) as T[];
  }

  /** Its first row. */
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- SQLite does not know the types of rows
  get<T>(sql: string, parameters: Row = {}): T | undefined {
    return this.all<T>(sql, parameters)[0];
  }

  /** How many rows it changed. */
  run(sql: string, parameters: Row = {}): number {
    const changes = Number(this.#prepare(sql).run(parameters).changes);
    if (changes > 0) this.onWrite();
    return changes;
  }

  /** All of it or nothing. */
  transaction<T>(work: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = work();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  /** What was written outlives a power cut from now on; else only the last moments before one are lost. */
  sync(): void {
    this.#db.exec('PRAGMA wal_checkpoint(FULL)');
  }

  [Symbol.dispose](): void {
    this.#db.close();
  }

  #prepare(sql: string): StatementSync {
    const statement = this.#statements.get(sql) ?? this.#db.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }

  #migrate(): void {
    const { user_version: done } = this.get<{ user_version: number }>('PRAGMA user_version') ?? {
      user_version: 0,
    };
    if (done > MIGRATIONS.length)
      throw new Error('the database was written by a newer Skerry: use that one');
    for (const [at, sql] of MIGRATIONS.entries())
      if (at >= done)
        this.transaction(() => {
          this.#db.exec(sql);
          this.#db.exec(`PRAGMA user_version = ${at + 1}`);
        });
  }
}
