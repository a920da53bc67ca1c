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

  /** Changes it, if `change` gives another one. */
  update(change: (policy: Policy) => Omit<Policy, 'version'>): void {
    const version = this.#policy.version + 1;
    const policy = policySchema.parse({ ...change(this.#policy), version });
    this.#db.run(
      `INSERT INTO policy (id, version, json) VALUES (1, :version, :json)
       ON CONFLICT (id) DO UPDATE SET version = :version, json = :json`,
      { version, json: JSON.stringify(policy) },
    );
    this.#policy = policy;
    this.onChange(policy);
  }

  /** What one may do with one entity: these permissions and no others; none takes the grant away. */
  setGrant(who: string, scope: string, permissions: readonly string[]): void {
    this.update((policy) => ({
      ...policy,
      grants: [
        ...policy.grants.filter((grant) => grant.who !== who || grant.scope !== scope),
        ...(permissions.length > 0 ? [{ who, scope, permissions: [...permissions] }] : []),
      ],
    }));
  }

  /** Whoever makes a machine may do everything with it. */
  giveTo(user: string, entityId: string): void {
    if (!this.#policy.admins.includes(user)) this.setGrant(`user:${user}`, entityId, ['all']);
  }

  /** Nobody has grants for what is gone. */
  dropEntity(entityId: string): void {
    if (this.#policy.grants.some(({ scope }) => scope === entityId))
      this.update((policy) => ({
        ...policy,
        grants: policy.grants.filter(({ scope }) => scope !== entityId),
      }));
  }
}
