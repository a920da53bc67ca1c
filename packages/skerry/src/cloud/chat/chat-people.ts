// People on our XMPP server: who may log in, and whom each of them sees there. It follows from the permissions.
import { randomBytes } from 'node:crypto';
import type { Central } from '../central/central.ts';
import type { EntityId, EntityState } from '../entity.ts';
import type { Check } from '../doctor/check.ts';
import { checkXmpp } from '../doctor/xmpp-checks.ts';
import { type ChatAccounts, localOf } from './chat-accounts.ts';

/** How somebody logs in with an XMPP client of her own. */
export interface ChatLogin {
  /** The JID. */
  readonly address: string;
  readonly password: string;
  readonly host: string;
  /** With STARTTLS, by a certificate of central's authority. */
  readonly port: number;
  /** The authority, in PEM. */
  readonly ca: string;
}

export interface ChatPeopleOptions {
  readonly central: Pick<
    Central,
    'registry' | 'policies' | 'permissions' | 'users' | 'parking' | 'leadership' | 'onChange'
  >;
  readonly accounts: ChatAccounts;
  readonly domain: string;
  readonly server: { readonly host: string; readonly port: number; readonly ca: string };
  /** How long a machine is nowhere before its account goes. */
  readonly goneMs?: number;
  readonly log?: ((line: string) => void) | undefined;
}

/** Changes come in bursts: one look for all of them. */
const SOON_MS = 500;
/** One that moves may be nowhere for a moment: each hypervisor tells of itself. */
const GONE_MS = 60_000;

/**
 * While it lives, everybody who was let in has those in her list whose permission `presence` she has. Administrators have all by
 * the groups of {@link ChatAccounts}. What is on no hypervisor any more, and not parked, has no account.
 */
export class ChatPeople implements AsyncDisposable {
  readonly #options: ChatPeopleOptions;
  readonly #ends: (() => void)[];
  /** Whom each was last given to see. */
  readonly #given = new Map<string, string>();
  /** Hypervisors whose state was here since central started. */
  readonly #heard = new Set<string>();
  /** Accounts of machines that are nowhere, and since when. */
  readonly #missing = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #later: NodeJS.Timeout | undefined;
  #work: Promise<void> = Promise.resolve();

  constructor(options: ChatPeopleOptions) {
    this.#options = options;
    const { registry, onChange } = options.central;
    const soon = (): void => this.#soon();
    const listening = registry.listen({ onEntities: soon, onSynced: soon });
    this.#ends = [
      onChange.call(options.central, 'policy', soon),
      // Somebody without any permission may have been removed.
      onChange.call(options.central, 'logins', soon),
      onChange.call(options.central, 'parked', soon),
      onChange.call(options.central, 'stand', soon),
      () => listening[Symbol.dispose](),
    ];
    soon();
  }

  /**
   * Lets somebody in with a new password; the one before is good no more.
   * @throws Error when a machine or a hypervisor has that name
   */
  async login(user: string): Promise<ChatLogin> {
    const { accounts, central, domain, server } = this.#options;
    const password = randomBytes(12).toString('base64url');
    this.#given.delete(user);
    await accounts.addPerson(user, password, central.policies.policy.admins.includes(user));
    await this.#now();
    return { address: `${user}@${domain}`, password, ...server };
  }

  /** Somebody's client is let in no more, until they ask for another password. */
  async shutOut(user: string): Promise<void> {
    const { accounts } = this.#options;
    if (!(await accounts.people()).has(user)) return;
    await accounts.removePerson(user);
    this.#given.delete(user);
  }

  /** A hypervisor that does not come back has no account. False when it had none. */
  async forget(hypervisor: string): Promise<boolean> {
    const { accounts } = this.#options;
    const local = localOf(`hypervisor:${hypervisor}`);
    const { hypervisors } = await accounts.entities();
    if (!hypervisors.includes(local)) return false;
    await accounts.removeEntity(local);
    this.#heard.delete(hypervisor);
    this.#soon();
    return true;
  }

  /**
   * The password with which an agent logs an entity of its own in: a new one each time.
   * @throws Error for what is not on that hypervisor
   */
  async passwordOf(entity: EntityId, hypervisor: string): Promise<string> {
    const { accounts, central } = this.#options;
    const isItself = entity === `hypervisor:${hypervisor}`;
    if (!isItself && !central.registry.claims(hypervisor, entity))
      throw new Error(`${entity} is not on ${hypervisor}`);
    return accounts.addEntity(entity);
  }

  /** Tries what the server is there for. @param server where it is to be reached */
  check(signal: AbortSignal, server = this.#options.server): Promise<Check[]> {
    return checkXmpp({ ...this.#options, server }, signal);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const end of this.#ends.splice(0)) end();
    clearTimeout(this.#timer);
    clearTimeout(this.#later);
    await this.#work;
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => void this.#now(), SOON_MS).unref();
  }

  #now(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#work = this.#work
      .then(() => this.#introduce())
      .then(() => this.#tidy())
      .catch((error: unknown) => this.#options.log?.(`the XMPP server: ${String(error)}`));
    return this.#work;
  }

  async #introduce(): Promise<void> {
    const { accounts, central } = this.#options;
    for (const [user, isAdministrator] of await accounts.people()) {
      const shall = central.policies.policy.admins.includes(user);
      if (!central.users.exists(user)) {
        await accounts.removePerson(user);
        continue;
      }
      if (shall !== isAdministrator) await accounts.setAdministrator(user, shall);
      // An administrator's are of the groups.
      if (!shall) await this.#introduceTo(user);
    }
  }

  async #introduceTo(user: string): Promise<void> {
    const { accounts, central } = this.#options;
    const seen = central.registry.all.filter((each) => this.#sees(user, each));
    const given = seen.map(({ id, name }) => `${id} ${name}`).join('\n');
    if (this.#given.get(user) === given) return;
    const known = await accounts.knownTo(user);
    for (const { id, name } of seen)
      if (!known.delete(localOf(id))) await accounts.introduce(user, id, name);
    for (const local of known) await accounts.separate(user, local);
    this.#given.set(user, given);
  }

  /**
   * Takes away the accounts of what is nowhere. Only when every hypervisor with an account was heard: one that is away has its
   * machines, and of one that was not heard since central started, or does not reach its libvirt, nobody knows which.
   */
  async #tidy(): Promise<void> {
    const { accounts, central, goneMs = GONE_MS } = this.#options;
    const { leadership, parking, registry } = central;
    if (!leadership.isActing) return;
    const { hypervisors, machines } = await accounts.entities();
    for (const { hypervisor, heardAt } of registry.lamps())
      if (heardAt > 0) this.#heard.add(hypervisor);
    const heard = new Set([...this.#heard].map((each) => localOf(`hypervisor:${each}`)));
    const isBlind = registry.all.some(
      (each) => each.kind === 'hypervisor' && each.libvirt === 'lost',
    );
    if (isBlind || !hypervisors.every((each) => heard.has(each))) return this.#missing.clear();
    const parked = new Set(parking.list().map(({ uuid }) => uuid));
    for (const local of machines) {
      if (registry.get(`vm:${local}`) || parked.has(local)) this.#missing.delete(local);
      else if (!this.#missing.has(local)) this.#missing.set(local, Date.now());
    }
    for (const [local, since] of this.#missing) {
      if (Date.now() - since < goneMs || registry.get(`vm:${local}`)) continue;
      await accounts.removeEntity(local);
      this.#missing.delete(local);
    }
    clearTimeout(this.#later);
    if (this.#missing.size > 0) this.#later = setTimeout(() => this.#soon(), goneMs).unref();
  }

  #sees(user: string, entity: EntityState): boolean {
    if (entity.kind === 'vm' && !entity.managed) return false;
    const held = this.#options.central.permissions(user, entity);
    return held.has('all') || held.has('presence');
  }
}
