import { changesOf, removeGrant, setGrant } from '../permission/change.ts';
import { FIRST_ROLES, NOBODY, type Policy, policySchema } from '../permission/policy.ts';
import type { Database } from './database.ts';

/** The one policy of the cloud. Each change has the next version, and is told. */
export class PolicyStore {
  readonly #db: Database;
  #policy: Policy;
  onChange: (policy: Policy) => void = () => {};

  constructor(db: Database) {
    this.#db = db;
    this.#policy = this.#read();
  }

  get policy(): Policy {
    return this.#policy;
  }

  /** The database has another one now: the active central's. */
  reload(): void {
    this.#policy = this.#read();
  }

  #read(): Policy {
    const row = this.#db.get<{ json: string }>('SELECT json FROM policy WHERE id = 1');
    return row ? policySchema.parse(JSON.parse(row.json)) : { ...NOBODY, roles: FIRST_ROLES };
  }

  /** Changes it; what has changed, in words. Nothing is told when nothing has. */
  update(change: (policy: Policy) => Omit<Policy, 'version'>): string[] {
    const before = this.#policy;
    const version = before.version + 1;
    const policy = policySchema.parse({ ...change(before), version });
    const changes = changesOf(before, policy);
    if (changes.length === 0) return [];
    this.#db.run(
      `INSERT INTO policy (id, version, json) VALUES (1, :version, :json)
       ON CONFLICT (id) DO UPDATE SET version = :version, json = :json`,
      { version, json: JSON.stringify(policy) },
    );
    this.#policy = policy;
    this.onChange(policy);
    return changes;
  }

  /** What one may do with one entity: these permissions and no others; none takes the grant away. */
  setGrant(who: string, scope: string, permissions: readonly string[]): void {
    this.update((policy) =>
      permissions.length > 0
        ? setGrant(policy, who, scope, permissions)
        : removeGrant(policy, who, scope),
    );
  }

  /** Whoever makes a machine may do everything with it. */
  giveTo(user: string, entityId: string): void {
    if (!this.#policy.admins.includes(user)) this.setGrant(`user:${user}`, entityId, ['all']);
  }

  /** Nobody has grants for what is gone. */
  dropEntity(entityId: string): void {
    this.update((policy) => ({
      ...policy,
      grants: policy.grants.filter(({ scope }) => scope !== entityId),
    }));
  }
}
