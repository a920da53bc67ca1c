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
import type { EntityAnswers } from './entity-session.ts';
import { EntitySessions, type EntitySessionsOptions } from './entity-sessions.ts';
import { presentEntities } from './present-entities.ts';

const WAKING = "I'm just waking up. Ask me again in a moment.";

/**
 * @example
 * const bus = new ChatBus(connection, options);
 * const agent = await Agent.start({ ...settings, bus });
 * bus.answer(agent.talk);
 */
export class ChatBus implements BusConnection {
  readonly #bus: BusConnection;
  readonly #sessions: EntitySessions;
  readonly #present: (publication: Publication) => void;
  #answers: EntityAnswers = {
    chat: async () => WAKING,
    act: async () => ({ ok: false, error: { code: 'unreachable', message: WAKING } }),
  };

  constructor(bus: BusConnection, options: Pick<EntitySessionsOptions, 'server' | 'domain'>) {
    this.#bus = bus;
    this.#sessions = new EntitySessions({
      ...options,
      hypervisor: bus.address,
      password: async (entity) => {
        const answer = await bus.request(OWN_ADDRESS, { type: 'chat-password', entity });
        return chatPassword.parse(answer).password;
      },
      answers: {
        chat: (...asked) => this.#answers.chat(...asked),
        act: (...asked) => this.#answers.act(...asked),
      },
    });
    this.#present = presentEntities(this.#sessions);
  }

  /** Who answers people from now on. */
  answer(answers: EntityAnswers): void {
    this.#answers = answers;
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
