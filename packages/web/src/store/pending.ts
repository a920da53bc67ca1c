// Optimistic verbs: an entity shows at once what was asked of it, until its state says so, or central says no. Pure.
import type { EntityState, VerbErrorData, VerbInfo } from '../api/types.ts';
import { type CloudState, type Pending, stateWord } from './state.ts';
import { taskAnswered, taskAsked } from './tasks.ts';

export interface Asked {
  readonly id: string;
  readonly entity: EntityState;
  readonly verb: VerbInfo;
  readonly at: number;
}

/** The button was pressed. */
export function ask(state: CloudState, { id, entity, verb, at }: Asked): CloudState {
  const tasks = taskAsked(state.tasks, {
    id,
    entity: entity.id,
    name: entity.name,
    verb: verb.name,
    by: state.user,
    startedAt: at,
  });
  if (!verb.pending) return { ...state, tasks };
  const from = stateWord(entity);
  const pending = { id, verb: verb.name, words: verb.pending, answered: false, from };
  return { ...state, tasks, pending: new Map(state.pending).set(entity.id, pending) };
}

/** Central has answered. Refused: it is as before. Done: the words stay until the new state is here. */
export function answer(
  state: CloudState,
  { id, entity, at }: Omit<Asked, 'verb'>,
  error?: VerbErrorData,
): CloudState {
  const tasks = taskAnswered(state.tasks, id, at, error);
  const mine = state.pending.get(entity.id);
  if (mine?.id !== id) return { ...state, tasks };
  const pending = new Map(state.pending);
  const now = state.entities.get(entity.id);
  if (error || !now) pending.delete(entity.id);
  else {
    pending.set(entity.id, { ...mine, answered: true });
    settle(pending, now);
  }
  return { ...state, tasks, pending };
}

/** It has waited long enough for a state that does not come: a reboot ends as it began. */
export function forget(state: CloudState, entity: string, id: string): CloudState {
  if (state.pending.get(entity)?.id !== id) return state;
  const pending = new Map(state.pending);
  pending.delete(entity);
  return { ...state, pending };
}

/** Takes away what the entity's state has caught up with. Changes the map. */
export function settle(pending: Map<string, Pending>, entity: EntityState): void {
  const mine = pending.get(entity.id);
  if (mine?.answered && stateWord(entity) !== mine.from) pending.delete(entity.id);
}
