// What a message of central changes. Pure; graphs' samples are elsewhere (usage-samples.ts).
import type { EntityState, LiveMessage } from '../api/types.ts';
import { settle } from './pending.ts';
import type { CloudState } from './state.ts';
import { type TaskEntry, taskLogged, taskSeen, tasksLost } from './tasks.ts';

const LOG_KEPT = 300;

/** @param isQuiet says of a verb that it only reads: it is no news. */
export function applyLive(
  state: CloudState,
  message: LiveMessage,
  isQuiet: (verb: string) => boolean = () => false,
): CloudState {
  switch (message.type) {
    case 'hello':
      return welcome(state, message);
    case 'entities':
      return applyEntities(state, message, isQuiet);
    case 'lamp':
      return { ...state, lamps: new Map(state.lamps).set(message.lamp.hypervisor, message.lamp) };
    case 'parked':
      return { ...state, parked: message.parked };
    case 'stand':
      return { ...state, stand: message.stand };
    case 'audit': {
      const { entry } = message;
      const log = [entry, ...state.log].slice(0, LOG_KEPT);
      return {
        ...state,
        log,
        tasks: isQuiet(entry.verb) ? state.tasks : taskLogged(state.tasks, entry),
      };
    }
    default:
      // Usage and shouts are kept elsewhere.
      return state;
  }
}

type Of<Type extends LiveMessage['type']> = Extract<LiveMessage, { type: Type }>;

/** All of it anew: what was known before and is not in it is gone. */
function welcome(state: CloudState, message: Of<'hello'>): CloudState {
  const { user, entities, permissionSets, lamps, parked, stand } = message;
  const pending = new Map(state.pending);
  for (const [entity] of entities) settle(pending, entity);
  const now = new Map<string, EntityState>(entities.map(([entity]) => [entity.id, entity]));
  const isOver = ({ id, entity }: TaskEntry): boolean => now.get(entity)?.task?.id !== id;
  const kept = tasksLost(state.tasks, isOver, Date.now());
  return {
    ...state,
    phase: { is: 'live' },
    user,
    entities: now,
    setOf: new Map(entities.map(([entity, set]) => [entity.id, set])),
    permissionSets: permissionSets.map((each) => new Set(each)),
    lamps: new Map(lamps.map((lamp) => [lamp.hypervisor, lamp])),
    parked,
    stand,
    pending,
    tasks: entities.reduce((tasks, [entity]) => taskSeen(tasks, entity), kept),
    shape: state.shape + 1,
  };
}

function applyEntities(
  state: CloudState,
  message: Of<'entities'>,
  isQuiet: (verb: string) => boolean,
): CloudState {
  const entities = new Map(state.entities);
  let { setOf, pending, tasks, shape } = state;
  for (const [entity, set] of message.changed) {
    const before = entities.get(entity.id);
    if (!before || hasOtherPlace(before, entity)) shape = state.shape + 1;
    if (setOf.get(entity.id) !== set) setOf = new Map(setOf).set(entity.id, set);
    if (pending.has(entity.id)) settle((pending = new Map(pending)), entity);
    if (entity.task && !isQuiet(entity.task.verb)) tasks = taskSeen(tasks, entity);
    entities.set(entity.id, entity);
  }
  for (const id of message.removed) {
    if (entities.delete(id)) shape = state.shape + 1;
    if (setOf.has(id)) (setOf = new Map(setOf)).delete(id);
    if (pending.has(id)) (pending = new Map(pending)).delete(id);
  }
  const gone = new Set(message.removed);
  if (gone.size > 0) tasks = tasksLost(tasks, ({ entity }) => gone.has(entity), Date.now());
  const sets = message.permissionSets?.map((each) => new Set(each));
  return {
    ...state,
    entities,
    setOf,
    pending,
    tasks,
    shape,
    ...(sets && { permissionSets: sets }),
  };
}

function hasOtherPlace(before: EntityState, after: EntityState): boolean {
  if (before.name !== after.name || before.tags.join(' ') !== after.tags.join(' ')) return true;
  if (before.kind !== 'vm' || after.kind !== 'vm') return false;
  return before.hypervisor !== after.hypervisor || before.managed !== after.managed;
}
