// The accounts of people, machines and hypervisors on our server, and who has whom in their list.
import { randomBytes } from 'node:crypto';
import type { EjabberdAdmin } from '../bus/xmpp/ejabberd-admin.ts';
import type { EntityId } from '../entity.ts';

const PEOPLE = 'people';
const HYPERVISORS = 'hypervisors';
const MACHINES = 'machines';

/** Central's part: nobody can register, so it makes every account. */
export class ChatAccounts {
  readonly #admin: EjabberdAdmin;
  readonly #domain: string;

  constructor(admin: EjabberdAdmin, domain: string) {
    this.#admin = admin;
    this.#domain = domain;
  }

  /**
   * Makes the groups that fill people's lists: they see all hypervisors and machines, and those see them. A machine does
   * not see another.
   */
  async prepare(): Promise<void> {
    await this.#group(PEOPLE, 'People', [HYPERVISORS, MACHINES]);
    await this.#group(HYPERVISORS, 'All Hypervisors', [PEOPLE]);
    await this.#group(MACHINES, 'All Virtual Machines', [PEOPLE]);
  }

  /** Makes the account of an entity, and gives its new password. */
  async addEntity(entity: EntityId): Promise<string> {
    const password = randomBytes(24).toString('base64url');
    const group = entity.startsWith('vm:') ? MACHINES : HYPERVISORS;
    await this.#account(localOf(entity), password, group);
    return password;
  }

  async removeEntity(entity: EntityId): Promise<void> {
    await this.#admin.removeAccount(localOf(entity), this.#domain);
  }

  /**
   * Lets a person in with the password of their own client.
   * @throws Error when a hypervisor or a machine is called like that.
   */
  async addPerson(user: string, password: string): Promise<void> {
    await this.#account(user, password, PEOPLE);
  }

  async removePerson(user: string): Promise<void> {
    await this.#admin.removeAccount(user, this.#domain);
  }

  async #account(user: string, password: string, group: string): Promise<void> {
    const host = this.#domain;
    for (const other of [PEOPLE, HYPERVISORS, MACHINES].filter((each) => each !== group))
      if ((await this.#admin.groupMembers(host, other)).includes(`${user}@${host}`))
        throw new Error(`${user}@${host} is one of the ${other} already`);
    await this.#admin.ensureAccount(user, host, password);
    await this.#admin.addToGroup(user, host, group);
  }

  async #group(group: string, label: string, displayed: readonly string[]): Promise<void> {
    await this.#admin.createGroup(this.#domain, group, label, displayed);
  }
}

function localOf(entity: EntityId): string {
  return entity.slice(entity.indexOf(':') + 1).toLowerCase();
}
