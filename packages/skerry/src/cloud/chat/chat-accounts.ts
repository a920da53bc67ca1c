// The accounts of people, machines and hypervisors on our server, and who has whom in their list.
import { randomBytes } from 'node:crypto';
import type { EjabberdAdmin } from '../bus/xmpp/ejabberd-admin.ts';
import type { EntityId } from '../entity.ts';

const ADMINISTRATORS = 'administrators';
const PEOPLE = 'people';
const HYPERVISORS = 'hypervisors';
const MACHINES = 'machines';
const GROUPS = [ADMINISTRATORS, PEOPLE, HYPERVISORS, MACHINES];

/** What a guest's account is called. */
const GUEST = /^doctor-[0-9a-f]{12}$/;

/** Central's part: nobody can register, so it makes every account. */
export class ChatAccounts {
  readonly #admin: EjabberdAdmin;
  readonly #domain: string;

  constructor(admin: EjabberdAdmin, domain: string) {
    this.#admin = admin;
    this.#domain = domain;
  }

  /**
   * Makes the groups that fill lists by themselves: administrators and all hypervisors and machines see each other.
   * Others see whom they have been introduced to, and a machine never sees another.
   */
  async prepare(): Promise<void> {
    await this.#group(ADMINISTRATORS, 'Administrators', [HYPERVISORS, MACHINES]);
    await this.#group(PEOPLE, 'People', []);
    await this.#group(HYPERVISORS, 'All Hypervisors', [ADMINISTRATORS]);
    await this.#group(MACHINES, 'All Virtual Machines', [ADMINISTRATORS]);
    await this.#removeGuests();
  }

  /** Makes the account of an entity, and gives its new password. */
  async addEntity(entity: EntityId): Promise<string> {
    const password = randomBytes(24).toString('base64url');
    const group = entity.startsWith('vm:') ? MACHINES : HYPERVISORS;
    await this.#account(localOf(entity), password, group);
    return password;
  }

  /** The accounts of hypervisors and of machines, by what they are called. */
  async entities(): Promise<{ hypervisors: string[]; machines: string[] }> {
    return {
      hypervisors: await this.#members(HYPERVISORS),
      machines: await this.#members(MACHINES),
    };
  }

  /** Takes an entity out of everybody's list, and its account away. */
  async removeEntity(local: string): Promise<void> {
    await this.#remove(local, [MACHINES, HYPERVISORS]);
  }

  /**
   * Lets a person in with the password of their own client.
   * @throws Error when a hypervisor or a machine is called like that.
   */
  async addPerson(user: string, password: string, isAdministrator = false): Promise<void> {
    const [group, other] = isAdministrator ? [ADMINISTRATORS, PEOPLE] : [PEOPLE, ADMINISTRATORS];
    await this.#admin.removeFromGroup(user, this.#domain, other);
    await this.#account(user, password, group);
  }

  /** Everybody who was let in, and whether as an administrator. */
  async people(): Promise<Map<string, boolean>> {
    return new Map([
      ...(await this.#members(PEOPLE)).map((user): [string, boolean] => [user, false]),
      ...(await this.#members(ADMINISTRATORS)).map((user): [string, boolean] => [user, true]),
    ]);
  }

  /** Makes somebody who was let in an administrator, or one no more. */
  async setAdministrator(user: string, isAdministrator: boolean): Promise<void> {
    const [to, from] = isAdministrator ? [ADMINISTRATORS, PEOPLE] : [PEOPLE, ADMINISTRATORS];
    await this.#admin.removeFromGroup(user, this.#domain, from);
    await this.#admin.addToGroup(user, this.#domain, to);
  }

  /** The names of the accounts in a person's own list: machines' uuids and names of hypervisors, in small letters. */
  async knownTo(user: string): Promise<Set<string>> {
    const items = (await this.#admin.call('get_roster', { user, host: this.#domain })) as {
      readonly jid: string;
    }[];
    return new Set(items.map(({ jid }) => userOf(jid)));
  }

  /** A name for {@link addGuest}. */
  guestName(): string {
    return `doctor-${randomBytes(6).toString('hex')}`;
  }

  /** Lets somebody in for a moment who sees nobody, and whom nobody sees. */
  async addGuest(user: string, password: string): Promise<void> {
    await this.#admin.ensureAccount(user, this.#domain, password);
  }

  /** Somebody who was let in, also as a guest, is let in no more. */
  async removePerson(user: string): Promise<void> {
    await this.#remove(user, [PEOPLE, ADMINISTRATORS]);
  }

  /** A person and an entity see each other: Archipel's permission `presence`. */
  async introduce(user: string, entity: EntityId, name: string): Promise<void> {
    const local = localOf(entity);
    const host = this.#domain;
    const group = entity.startsWith('vm:') ? 'All Virtual Machines' : 'All Hypervisors';
    const list = (localuser: string, other: string, nick: string, group: string) =>
      this.#admin.call('add_rosteritem', {
        ...{ localuser, localhost: host, user: other, host, nick, group, subs: 'both' },
      });
    await list(local, user, user, 'People');
    await list(user, local, name, group);
  }

  /** A person and an entity with an account of that name do not see each other any more. */
  async separate(user: string, local: string): Promise<void> {
    const host = this.#domain;
    for (const [localuser, other] of [
      [local, user],
      [user, local],
    ])
      await this.#admin.call('delete_rosteritem', {
        ...{ localuser, localhost: host, user: other, host },
      });
  }

  /** Those that central was killed with: none of this one is here yet. A person may be called like that. */
  async #removeGuests(): Promise<void> {
    const people = await this.people();
    for (const user of await this.#admin.accounts(this.#domain))
      if (GUEST.test(user) && !people.has(user)) await this.removePerson(user);
  }

  async #members(group: string): Promise<string[]> {
    return (await this.#admin.groupMembers(this.#domain, group)).map(userOf);
  }

  /** The server's groups keep whom they had: with the account alone it would stay in all lists, and its name be taken. */
  async #remove(user: string, groups: readonly string[]): Promise<void> {
    for (const group of groups) await this.#admin.removeFromGroup(user, this.#domain, group);
    await this.#admin.removeAccount(user, this.#domain);
  }

  async #account(user: string, password: string, group: string): Promise<void> {
    const host = this.#domain;
    for (const other of GROUPS.filter((each) => each !== group))
      if ((await this.#admin.groupMembers(host, other)).includes(`${user}@${host}`))
        throw new Error(`${user}@${host} is one of the ${other} already`);
    await this.#admin.ensureAccount(user, host, password);
    await this.#admin.addToGroup(user, host, group);
  }

  async #group(group: string, label: string, displayed: readonly string[]): Promise<void> {
    await this.#admin.createGroup(this.#domain, group, label, displayed);
  }
}

function userOf(jid: string): string {
  return jid.slice(0, jid.lastIndexOf('@'));
}

/** What an entity's account is called. */
export function localOf(entity: EntityId): string {
  return entity.slice(entity.indexOf(':') + 1).toLowerCase();
}
