// The machines of one hypervisor, and itself, as people's XMPP clients see them: `UUID@DOMAIN/HYPERVISOR`, an account
// each. The agent holds their sessions.
import type { Jid } from '../bus/xmpp/jid.ts';
import type { ServerPlace } from '../bus/xmpp/wire.ts';
import type { EntityId } from '../entity.ts';
import { type EntityAnswers, EntitySession } from './entity-session.ts';
import type { EntityPresence } from './presence-words.ts';
import type { EntityPush } from './push-words.ts';

export interface EntitySessionsOptions {
  readonly server: ServerPlace;
  /** The domain of people and machines. */
  readonly domain: string;
  /** Says in its machines' addresses where they are. */
  readonly hypervisor: string;
  /** The password of an entity's account; asked for at each login. */
  readonly password: (entity: EntityId) => Promise<string>;
  readonly answers: EntityAnswers;
}

/** How many log in at the same time. */
const AT_ONCE = 8;
const LOGIN_MS = 10_000;
/** All of them within this time. */
const WAKE_MS = 1500;

export class EntitySessions implements AsyncDisposable {
  readonly #options: EntitySessionsOptions;
  readonly #sessions = new Map<EntityId, EntitySession>();
  /** Those of what has left, as long as they still have something to say. */
  readonly #leaving = new Map<EntityId, EntitySession>();
  /** Those whose turn to log in has not come. */
  readonly #waiting = new Map<EntityId, EntityPresence>();
  #loggingIn = 0;
  #isClosed = false;

  constructor(options: EntitySessionsOptions) {
    this.#options = options;
  }

  /** The entity is there, and this is how it is. */
  set(entity: EntityId, presence: EntityPresence): void {
    if (this.#isClosed) return;
    const session = this.#sessions.get(entity);
    if (session) return session.set(presence);
    this.#waiting.set(entity, presence);
    this.#startNext();
  }

  /** It is not here any more: deleted, or on another hypervisor. Resolves when it has said all. */
  async remove(entity: EntityId): Promise<void> {
    this.#waiting.delete(entity);
    const session = this.#sessions.get(entity);
    if (!session) return;
    this.#sessions.delete(entity);
    this.#leaving.set(entity, session);
    await session.leave();
    if (this.#leaving.get(entity) === session) this.#leaving.delete(entity);
  }

  /** Tells all who know the entity: Archipel's shout. That it has left is told by itself, too. */
  say(entity: EntityId, text: string): void {
    (this.#sessions.get(entity) ?? this.#leaving.get(entity))?.say(text);
  }

  /** Tells who follows its events: Archipel's push. */
  push(entity: EntityId, push: EntityPush): void {
    this.#sessions.get(entity)?.push(push);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isClosed = true;
    this.#waiting.clear();
    const sessions = [...this.#sessions.values(), ...this.#leaving.values()];
    this.#sessions.clear();
    this.#leaving.clear();
    await Promise.all(sessions.map((session) => session[Symbol.asyncDispose]()));
  }

  #startNext(): void {
    for (const [entity, presence] of this.#waiting) {
      if (this.#loggingIn >= AT_ONCE) return;
      this.#waiting.delete(entity);
      const { server, password, answers } = this.#options;
      const jid = this.#jidOf(entity);
      const isScout = entity.startsWith('hypervisor:');
      const session = new EntitySession(
        {
          ...{ entity, jid, server, answers, isScout, password: () => password(entity) },
          onOnline: () => isScout && this.#wake(),
        },
        presence,
      );
      this.#sessions.set(entity, session);
      this.#loggingIn++;
      void session.client
        .ready({ timeoutMs: LOGIN_MS })
        .catch(() => {})
        .finally(() => {
          this.#loggingIn--;
          this.#startNext();
        });
    }
  }

  /** The server is back: those that still wait to look again do so, one after the other. */
  #wake(): void {
    const away = [...this.#sessions.values()].filter(({ client }) => !client.online);
    for (const [at, { client }] of away.entries())
      setTimeout(() => client.retryNow(), (WAKE_MS * at) / away.length).unref();
  }

  #jidOf(entity: EntityId): Jid {
    const local = entity.slice(entity.indexOf(':') + 1).toLowerCase();
    return { local, domain: this.#options.domain, resource: this.#options.hypervisor };
  }
}
