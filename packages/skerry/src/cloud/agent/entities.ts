import { isDeepStrictEqual } from 'node:util';
import type { EntityId, EntityState } from '../entity.ts';
import type { Publication, StateSnapshot } from '../bus/messages.ts';

/**
 * The agent's entities as they are now. Each change has the next number and is published with the entity's full state,
 * so that whoever follows can tell a gap and never needs more than the last word on each.
 */
export class Entities {
  readonly epoch: string;
  readonly #publish: (publication: Publication) => void;
  readonly #states = new Map<string, EntityState>();
  #seq = 0;

  constructor(epoch: string, publish: (publication: Publication) => void) {
    this.epoch = epoch;
    this.#publish = publish;
  }

  get(id: string): EntityState | undefined {
    return this.#states.get(id);
  }

  get all(): readonly EntityState[] {
    return [...this.#states.values()];
  }

  /** All of it, and the number of the last change in it. */
  snapshot(): StateSnapshot {
    return { epoch: this.epoch, seq: this.#seq, entities: [...this.#states.values()] };
  }

  /** Takes an entity's full state; publishes it if it is another one than before. */
  set(state: EntityState): void {
    if (isDeepStrictEqual(this.#states.get(state.id), state)) return;
    this.#states.set(state.id, state);
    this.#announce([state], []);
  }

  /** Changes some of an entity's state, if it is there. */
  patch<State extends EntityState>(
    id: State['id'],
    change: Partial<Omit<State, 'kind' | 'id'>>,
  ): void {
    const before = this.#states.get(id);
    if (before) this.set({ ...before, ...change });
  }

  remove(id: EntityId): void {
    if (this.#states.delete(id)) this.#announce([], [id]);
  }

  /** Says how everything is, for somebody who has come late. */
  sayAll(): void {
    this.#announce([...this.#states.values()], []);
  }

  /** Says that the agent is there, and the number of its last change. */
  sayAlive(): void {
    this.#publish({ type: 'alive', epoch: this.epoch, seq: this.#seq });
  }

  #announce(changed: EntityState[], removed: string[]): void {
    this.#seq += 1;
    this.#publish({ type: 'state', epoch: this.epoch, seq: this.#seq, changed, removed });
  }
}
