// What is being done and was done lately, by anybody. Pure.
import type { AuditEntry, EntityState, VerbErrorData } from '../api/types.ts';

export interface TaskEntry {
  /** The request's, everywhere the same. */
  readonly id: string;
  readonly entity: string;
  readonly name: string;
  readonly verb: string;
  readonly by: string;
  readonly startedAt: number;
  readonly endedAt: number | null;
  readonly progress: number | null;
  readonly note: string;
  /** `ended`: it goes on no more, and nobody has told how it went. */
  readonly outcome: 'running' | 'ended' | 'done' | 'failed' | 'denied';
  readonly message: string;
  /** Asked for on this page: its end is the answer, whatever else is seen. */
  readonly isAskedHere?: boolean;
}

type Tasks = readonly TaskEntry[];
const KEPT = 100;

/** A verb that is asked for here. */
export function taskAsked(
  tasks: Tasks,
  task: Pick<TaskEntry, 'id' | 'entity' | 'name' | 'verb' | 'by' | 'startedAt'>,
): Tasks {
  return upsert(tasks, {
    ...task,
    endedAt: null,
    progress: null,
    note: '',
    outcome: 'running',
    message: '',
    isAskedHere: true,
  });
}

/** The answer to a verb that was asked for here. */
export function taskAnswered(tasks: Tasks, id: string, at: number, error?: VerbErrorData): Tasks {
  const outcome = error ? (error.code === 'denied' ? 'denied' : 'failed') : 'done';
  return change(tasks, id, { outcome, endedAt: at, progress: null, message: error?.message ?? '' });
}

/** What an entity says it is busy with. */
export function taskSeen(tasks: Tasks, { id: entity, name, task }: EntityState): Tasks {
  if (!task) return tasks;
  const { id, verb, by, startedAt, progress, note } = task;
  const known = tasks.find((each) => each.id === id);
  if (known && known.outcome !== 'running' && known.outcome !== 'ended') return tasks;
  if (known) return change(tasks, id, { progress, note, verb, outcome: 'running', endedAt: null });
  const added = { id, entity, name, verb, by, startedAt, progress, note };
  return upsert(tasks, { ...added, endedAt: null, outcome: 'running', message: '' });
}

/** What others do ends with what it is done to, or when that is not busy with it any more. */
export function tasksLost(tasks: Tasks, isOver: (task: TaskEntry) => boolean, at: number): Tasks {
  const lost = (task: TaskEntry): boolean =>
    task.outcome === 'running' && !task.isAskedHere && isOver(task);
  if (!tasks.some(lost)) return tasks;
  return tasks.map((task) =>
    lost(task) ? { ...task, outcome: 'ended', endedAt: at, progress: null } : task,
  );
}

/** A part of the log: what was done while nobody told. */
export function tasksRead(tasks: Tasks, entries: readonly AuditEntry[]): Tasks {
  return entries.reduce(taskLogged, tasks).toSorted((a, b) => b.startedAt - a.startedAt);
}

/** What the log says that was done. */
export function taskLogged(tasks: Tasks, entry: AuditEntry): Tasks {
  const { id, entity, name, verb, by, at, durationMs, outcome, message } = entry;
  return upsert(tasks, {
    id,
    entity,
    name,
    verb,
    by: by.user,
    startedAt: at,
    endedAt: at + durationMs,
    progress: null,
    note: '',
    outcome,
    message,
  });
}

function upsert(tasks: Tasks, entry: TaskEntry): Tasks {
  if (tasks.some(({ id }) => id === entry.id)) return change(tasks, entry.id, entry);
  return [entry, ...tasks].slice(0, KEPT);
}

function change(tasks: Tasks, id: string, changes: Partial<TaskEntry>): Tasks {
  return tasks.map((each) => (each.id === id ? { ...each, ...changes } : each));
}
