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
  /** It starts with its host. */
  readonly autostart: boolean;
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
  autostart: number;
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
   * Keeps a machine's definition. It may still be on its hypervisor, until {@link settle}.
   *
   * @param xml with its secrets
   */
  add(
    vm: Pick<VmState, 'uuid' | 'name' | 'hypervisor' | 'tags' | 'autostart'>,
    xml: string,
    by: string,
  ): void {
    this.#db.run(
      `INSERT INTO parked (uuid, name, xml, hypervisor, tags, autostart, doubtful, parked_by, parked_at)
       VALUES (:uuid, :name, :xml, :hypervisor, :tags, :autostart, 1, :by, :now)
       ON CONFLICT (uuid) DO UPDATE SET name = :name, xml = :xml, hypervisor = :hypervisor, tags = :tags,
         autostart = :autostart, doubtful = 1, parked_by = :by, parked_at = :now`,
      {
        uuid: vm.uuid,
        name: vm.name,
        xml,
        hypervisor: vm.hypervisor,
        tags: vm.tags.join(' '),
        autostart: vm.autostart ? 1 : 0,
        by,
        now: Date.now(),
      },
    );
    this.onChange();
  }

  /** Says whether it is not known if the machine is on a hypervisor, as it is being brought back. */
  settle(uuid: string, { doubtful }: { readonly doubtful: boolean } = { doubtful: false }): void {
    this.#db.run('UPDATE parked SET doubtful = :doubtful WHERE uuid = :uuid', {
      uuid,
      doubtful: doubtful ? 1 : 0,
    });
  }

  /**
   * Something was done to a machine that is there: where it was not known whether it is, what is kept of it is of the past.
   * Another of that uuid, on a host that is back after all, changes nothing.
   */
  seen(uuid: string): void {
    if (this.#underWay.has(uuid)) return;
    const sql = 'DELETE FROM parked WHERE uuid = :uuid AND doubtful = 1';
    if (this.#db.run(sql, { uuid }) > 0) this.onChange();
  }

  remove(uuid: string): void {
    if (this.#db.run('DELETE FROM parked WHERE uuid = :uuid', { uuid }) > 0) this.onChange();
  }
}

function toParked(row: Row): Parked {
  const { uuid, name, hypervisor, parked_by: parkedBy, parked_at: parkedAt } = row;
  const tags = row.tags.split(' ').filter(Boolean);
  return { uuid, name, hypervisor, tags, autostart: row.autostart === 1, parkedBy, parkedAt };
}
