// An agent's place on the bus, where people's XMPP clients see what it publishes, and write to its machines.
import type {
  Address,
  BusConnection,
  Follower,
  RequestHandler,
  RequestOptions,
} from '../bus/bus.ts';
import { chatPassword, type Publication } from '../bus/messages.ts';
import { OWN_ADDRESS } from '../entity.ts';
import type { ChatHandler } from './entity-session.ts';
import { EntitySessions, type EntitySessionsOptions } from './entity-sessions.ts';
import { presentEntities } from './present-entities.ts';

/**
 * @example
 * const bus = new ChatBus(connection, options);
 * const agent = await Agent.start({ ...settings, bus });
 * bus.answer((entity, user, text) => agent.chat(entity, user, text));
 */
export class ChatBus implements BusConnection {
  readonly #bus: BusConnection;
  readonly #sessions: EntitySessions;
  readonly #present: (publication: Publication) => void;
  #onChat: ChatHandler = async () => "I'm just waking up. Ask me again in a moment.";

  constructor(bus: BusConnection, options: Pick<EntitySessionsOptions, 'server' | 'domain'>) {
    this.#bus = bus;
    this.#sessions = new EntitySessions({
      ...options,
      hypervisor: bus.address,
      password: async (entity) => {
        const answer = await bus.request(OWN_ADDRESS, { type: 'chat-password', entity });
        return chatPassword.parse(answer).password;
      },
      onChat: (entity, user, text) => this.#onChat(entity, user, text),
    });
    this.#present = presentEntities(this.#sessions);
  }

  /** Who answers people from now on. */
  answer(onChat: ChatHandler): void {
    this.#onChat = onChat;
  }

  get address(): Address {
    return this.#bus.address;
  }

  get connected(): boolean {
    return this.#bus.connected;
  }

  request(to: Address, body: unknown, options?: RequestOptions): Promise<unknown> {
    return this.#bus.request(to, body, options);
  }

  serve(handler: RequestHandler): void {
    this.#bus.serve(handler);
  }

  publish(publication: Publication): void {
    this.#bus.publish(publication);
    this.#present(publication);
  }

  follow(follower: Follower): void {
    this.#bus.follow(follower);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#sessions[Symbol.asyncDispose]();
    await this.#bus[Symbol.asyncDispose]();
  }
}
