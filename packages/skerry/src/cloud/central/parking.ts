import type { VmState } from '../entity.ts';
import { VerbError } from '../verb-error.ts';
import type { Database } from './database.ts';

/** A machine that is on no hypervisor: central keeps its definition. */
export interface Parked {
  readonly uuid: string;
  readonly name: string;
  /** Where it was; its disks are there, unless they are shared. */
  readonly hypervisor: string;
  readonly tags: readonly string[];
  /** Hypervisors that may have it all the same: nobody knows whether it was forgotten there, or is back there. */
  readonly doubts: readonly string[];
  readonly parkedBy: string;
  /** Milliseconds since 1970. */
  readonly parkedAt: number;
}

interface Row {
  uuid: string;
  name: string;
  xml: string;
  hypervisor: string;
  tags: string;
  doubt: string | null;
  parked_by: string;
  parked_at: number;
}

export class Parking {
  readonly #db: Database;
  /** Machines that are being parked or brought back. */
  readonly #underWay = new Set<string>();
  onChange: () => void = () => {};

  constructor(db: Database) {
    this.#db = db;
  }

  /** One at a time; ends when it is disposed of. @throws VerbError `conflict` while another is at it */
  turn({ uuid, name }: Pick<VmState, 'uuid' | 'name'>): Disposable {
    if (this.#underWay.has(uuid))
      throw new VerbError('conflict', `${name} is being parked or brought back already`);
    this.#underWay.add(uuid);
    return { [Symbol.dispose]: () => this.#underWay.delete(uuid) };
  }

  list(): Parked[] {
    return this.#db.all<Row>('SELECT * FROM parked ORDER BY name').map(toParked);
  }

  get(uuid: string): (Parked & { readonly xml: string }) | undefined {
    const row = this.#db.get<Row>('SELECT * FROM parked WHERE uuid = :uuid', { uuid });
    return row && { ...toParked(row), xml: row.xml };
  }

  /**
   * Keeps the definition of a machine that is on its hypervisor, until {@link settle}; with its secrets. What other hypervisors
   * may have it stays in doubt.
   */
  add(vm: Pick<VmState, 'uuid' | 'name' | 'hypervisor' | 'tags'>, xml: string, by: string): void {
    const others = this.get(vm.uuid)?.doubts ?? [];
    this.#db.run(
      `INSERT INTO parked (uuid, name, xml, hypervisor, tags, doubt, parked_by, parked_at)
       VALUES (:uuid, :name, :xml, :hypervisor, :tags, :doubt, :by, :now)
       ON CONFLICT (uuid) DO UPDATE SET name = :name, xml = :xml, hypervisor = :hypervisor, tags = :tags,
         doubt = :doubt, parked_by = :by, parked_at = :now`,
      {
        uuid: vm.uuid,
        name: vm.name,
        xml,
        hypervisor: vm.hypervisor,
        tags: vm.tags.join(' '),
        doubt: textOf([...others, vm.hypervisor]),
        by,
        now: Date.now(),
      },
    );
    // Its hypervisor forgets it next.
    this.#db.sync();
    this.onChange();
  }

  /** These hypervisors may have it, and no others. */
  settle(uuid: string, doubts: readonly string[]): void {
    const sql = 'UPDATE parked SET doubt = :doubt WHERE uuid = :uuid';
    if (this.#db.run(sql, { uuid, doubt: textOf(doubts) }) > 0) this.onChange();
  }

  /**
   * Something was done to a machine that is on a hypervisor. Where it was not known whether it is there, it is, and what is kept
   * of it is of the past.
   */
  seen(uuid: string, hypervisor: string): void {
    if (this.#underWay.has(uuid)) return;
    if (this.get(uuid)?.doubts.includes(hypervisor)) this.remove(uuid);
  }

  remove(uuid: string): void {
    if (this.#db.run('DELETE FROM parked WHERE uuid = :uuid', { uuid }) > 0) this.onChange();
  }
}

function toParked(row: Row): Parked {
  const { uuid, name, hypervisor, parked_by: parkedBy, parked_at: parkedAt } = row;
  const tags = row.tags.split(' ').filter(Boolean);
  const doubts = (row.doubt ?? '').split(' ').filter(Boolean);
  return { uuid, name, hypervisor, tags, doubts, parkedBy, parkedAt };
}

/** As it is in a row: names of hypervisors have no blanks. */
function textOf(doubts: readonly string[]): string | null {
  return [...new Set(doubts)].join(' ') || null;
}
