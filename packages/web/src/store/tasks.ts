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
  readonly outcome: 'running' | 'done' | 'failed' | 'denied';
  readonly message: string;
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
  if (known?.endedAt != null) return tasks;
  if (known) return change(tasks, id, { progress, note, verb });
  const added = { id, entity, name, verb, by, startedAt, progress, note };
  return upsert(tasks, { ...added, endedAt: null, outcome: 'running', message: '' });
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
