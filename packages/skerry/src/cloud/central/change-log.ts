// What changes in central's database, numbered, so that a standby has the same. SQLite's own triggers note it, in the
// transaction of the change: nothing is missed, whoever writes. What is good on one host only is not copied.
import { z } from 'zod';
import type { Database } from './database.ts';

const value = z.union([z.string(), z.number(), z.null()]);
const row = z.record(z.string(), value);
type Row = z.infer<typeof row>;

/** A row as it is after a change; of one that is gone, its key. */
export const change = z.object({
  seq: z.number().int().positive(),
  name: z.string(),
  gone: z.boolean(),
  row,
});
export type Change = z.infer<typeof change>;

/** All tables but the history, as they were at one moment. */
export const wholeCopy = z.object({
  seq: z.number().int().nonnegative(),
  tables: z.record(z.string(), z.array(row)),
});
export type WholeCopy = z.infer<typeof wholeCopy>;

/** Join tokens name the host that made them, and what is used each central hears by itself. */
const NOT_COPIED = new Set(['changes', 'standing', 'joins', 'usage']);
/** Only ever added to, by unique ids: it is joined, never replaced. */
const HISTORY = 'audit';
/** Links too are for one host. */
const ONLY: Readonly<Record<string, string>> = { sessions: `kind <> 'link'` };
const KEPT = 100_000;

interface Table {
  readonly name: string;
  readonly columns: readonly string[];
  readonly key: readonly string[];
}

export class ChangeLog {
  readonly #db: Database;
  readonly #tables: ReadonlyMap<string, Table>;

  constructor(db: Database) {
    this.#db = db;
    this.#tables = new Map(readTables(db).map((table) => [table.name, table]));
  }

  /** From now on changes are noted, whoever makes them. */
  begin(): void {
    this.#db.transaction(() => {
      for (const table of this.#tables.values())
        for (const [name, sql] of triggers(table)) {
          // Columns may have been added since.
          this.#db.run(`DROP TRIGGER IF EXISTS ${name}`);
          this.#db.run(sql);
        }
    });
  }

  /** Which form the tables have; a copy goes between equal ones only. */
  get form(): string {
    return [...this.#tables.values()]
      .map(({ name, columns }) => `${name}(${columns.join(',')})`)
      .join(' ');
  }

  /** The number of the last change; it never goes back. */
  get head(): number {
    const found = this.#db.get<{ seq: number }>(
      `SELECT seq FROM sqlite_sequence WHERE name = 'changes'`,
    );
    return found?.seq ?? 0;
  }

  /** What came after a change; undefined when some of it is not there any more. */
  after(seq: number, limit = 500): Change[] | undefined {
    const { head } = this;
    if (seq > head) return undefined;
    if (seq === head) return [];
    const rows = this.#db.all<{ seq: number; name: string; gone: number; row: string }>(
      'SELECT seq, name, gone, row FROM changes WHERE seq > :seq ORDER BY seq LIMIT :limit',
      { seq, limit },
    );
    if (rows[0]?.seq !== seq + 1) return undefined;
    return rows.map((each) => ({
      ...each,
      gone: each.gone === 1,
      row: row.parse(JSON.parse(each.row)),
    }));
  }

  /** Forgets what a standby has, and what is too much to be kept for one that is away. */
  prune(seq: number): void {
    this.#db.run('DELETE FROM changes WHERE seq <= :seq', { seq: Math.max(seq, this.head - KEPT) });
  }

  copy(): WholeCopy {
    return this.#db.transaction(() => {
      const tables: Record<string, Row[]> = {};
      for (const { name } of this.#tables.values()) {
        if (name === HISTORY) continue;
        tables[name] = this.#db.all<Row>(`SELECT * FROM ${name} WHERE ${ONLY[name] ?? 'true'}`);
      }
      return { seq: this.head, tables };
    });
  }

  /** A part of the history, and where to go on; null at its end. */
  history(after: number, limit = 300): { rows: Row[]; next: number | null } {
    const found = this.#db.all<Row & { at_row: number }>(
      `SELECT rowid AS at_row, * FROM ${HISTORY} WHERE rowid > :after ORDER BY rowid LIMIT :limit`,
      { after, limit },
    );
    const next = found.length < limit ? null : (found.at(-1)?.at_row ?? null);
    const columns = this.#tables.get(HISTORY)?.columns ?? [];
    return { rows: found.map((each) => pick(each, columns)), next };
  }

  /** Does what another database has done; `then` is part of the same transaction. */
  apply(changes: readonly Change[], then: () => void): void {
    this.#db.transaction(() => {
      this.#db.run('PRAGMA defer_foreign_keys = ON');
      for (const { name, gone, row: values } of changes) {
        const table = this.#tables.get(name);
        if (!table) continue;
        if (gone) this.#delete(table, values);
        else this.#put(table, values);
      }
      then();
    });
  }

  /** Becomes what another database was. What is for this host only stays, as long as its user does. */
  replace({ tables }: WholeCopy, then: () => void): void {
    this.#db.transaction(() => {
      this.#db.run('PRAGMA defer_foreign_keys = ON');
      for (const [name, rows] of Object.entries(tables)) {
        const table = this.#tables.get(name);
        if (!table) continue;
        const keep = new Set(rows.map((each) => keyOf(table, each)));
        const now = this.#db.all<Row>(`SELECT * FROM ${name} WHERE ${ONLY[name] ?? 'true'}`);
        for (const each of now) if (!keep.has(keyOf(table, each))) this.#delete(table, each);
        for (const each of rows) this.#put(table, each);
      }
      then();
    });
  }

  addHistory(rows: readonly Row[]): void {
    const table = this.#tables.get(HISTORY);
    if (!table || rows.length === 0) return;
    this.#db.transaction(() => {
      for (const each of rows) this.#put(table, each);
    });
  }

  /** What this database has noted after a change, for whoever wants to look at what nobody else has. */
  leftover(seq: number): Change[] {
    return this.after(seq, KEPT) ?? [];
  }

  #put({ name, columns, key }: Table, values: Row): void {
    const given = columns.filter((each) => each in values);
    const rest = given.filter((each) => !key.includes(each));
    const update = rest.map((each) => `${each} = excluded.${each}`).join(', ');
    this.#db.run(
      `INSERT INTO ${name} (${given.join(', ')}) VALUES (${given.map((each) => `:${each}`).join(', ')})
       ON CONFLICT (${key.join(', ')}) DO ${update === '' ? 'NOTHING' : `UPDATE SET ${update}`}`,
      pick(values, given),
    );
  }

  #delete({ name, key }: Table, values: Row): void {
    const where = key.map((each) => `${each} = :${each}`).join(' AND ');
    this.#db.run(`DELETE FROM ${name} WHERE ${where}`, pick(values, key));
  }
}

function readTables(db: Database): Table[] {
  const names = db.all<{ name: string }>(
    `SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name`,
  );
  return names
    .filter(({ name }) => !NOT_COPIED.has(name))
    .map(({ name }) => {
      const info = db.all<{ name: string; pk: number }>(
        `SELECT name, pk FROM pragma_table_info('${name}')`,
      );
      const columns = info.map((each) => each.name);
      const key = info.filter(({ pk }) => pk > 0).map((each) => each.name);
      if (key.length === 0) throw new Error(`the table ${name} has no key: it cannot be copied`);
      return { name, columns, key };
    });
}

function triggers({ name, columns, key }: Table): [string, string][] {
  const only = (prefix: string): string => {
    const condition = ONLY[name];
    return condition === undefined ? '' : `WHEN ${prefix}.${condition}`;
  };
  const note = (gone: 0 | 1, prefix: string, which: readonly string[]): string => {
    const pairs = which.map((each) => `'${each}', ${prefix}.${each}`).join(', ');
    return `INSERT INTO changes (name, gone, row) VALUES ('${name}', ${gone}, json_object(${pairs}));`;
  };
  const moved = key.map((each) => `OLD.${each} IS NOT NEW.${each}`).join(' OR ');
  return [
    [
      `noted_${name}_new`,
      `CREATE TRIGGER noted_${name}_new AFTER INSERT ON ${name} ${only('NEW')}
       BEGIN ${note(0, 'NEW', columns)} END`,
    ],
    [
      `noted_${name}_changed`,
      `CREATE TRIGGER noted_${name}_changed AFTER UPDATE ON ${name} ${only('NEW')}
       BEGIN ${note(0, 'NEW', columns)} END`,
    ],
    [
      `noted_${name}_moved`,
      `CREATE TRIGGER noted_${name}_moved BEFORE UPDATE ON ${name} WHEN ${moved}
       BEGIN ${note(1, 'OLD', key)} END`,
    ],
    [
      `noted_${name}_gone`,
      `CREATE TRIGGER noted_${name}_gone AFTER DELETE ON ${name} ${only('OLD')}
       BEGIN ${note(1, 'OLD', key)} END`,
    ],
  ];
}

function keyOf({ key }: Table, values: Row): string {
  return JSON.stringify(key.map((each) => values[each]));
}

function pick(values: Row, names: readonly string[]): Row {
  return Object.fromEntries(names.map((each) => [each, values[each] ?? null]));
}
