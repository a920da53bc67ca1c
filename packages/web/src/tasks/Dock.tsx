// What is being done, by whom, and how it went: one line at the lower edge, and all of it when opened.
import { Link } from '@tanstack/react-router';
import { useEffect, useState } from 'react';
import { useCloud } from '../store/cloud.ts';
import type { TaskEntry } from '../store/tasks.ts';
import { dockOpen } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Ago } from '../ui/bits.tsx';
import { formatDuration } from '../ui/format.ts';
import { Icon } from '../ui/Icon.tsx';
import { EntityLink } from '../ui/EntityLink.tsx';
import { permissionsFor } from '../store/state.ts';
import { Button } from '../ui/Button.tsx';
import { perform } from '../verbs/perform.ts';
import { readiness, useVerbs, verbOf, verbs } from '../verbs/table.ts';

export function Dock() {
  const tasks = useCloud((state) => state.tasks);
  useVerbs();
  const user = useCloud((state) => state.user);
  const open = useObservable(dockOpen);
  const running = tasks.filter(({ outcome }) => outcome === 'running');
  const [latest] = tasks;
  return (
    <section className={open ? 'dock open' : 'dock'} aria-label="Tasks">
      <button
        type="button"
        className="dock-head"
        aria-expanded={open}
        onClick={() => dockOpen.update((is) => !is)}
      >
        <Icon name={open ? 'down' : 'chevron'} size={14} />
        <strong>Tasks</strong>
        {running.length > 0 && <span className="dock-count">{running.length} running</span>}
        {!open && latest && (
          <span className="dock-latest">
            <Outcome task={latest} />
            <span>{sentenceOf(latest, user)}</span>
          </span>
        )}
        {!open && !latest && <span className="dock-latest quiet">Nothing was done yet</span>}
      </button>
      {open && (
        <div className="dock-body" tabIndex={0} role="region" aria-label="Latest tasks">
          {tasks.length === 0 && (
            <p className="quiet dock-none">
              What you and others do shows up here. Start a machine.
            </p>
          )}
          <ul>
            {tasks.map((task) => (
              <TaskRow key={task.id} task={task} user={user} />
            ))}
          </ul>
          <Link to="/log" className="dock-more">
            The whole log
          </Link>
        </div>
      )}
    </section>
  );
}

function TaskRow({ task, user }: { readonly task: TaskEntry; readonly user: string }) {
  return (
    <li className={`task ${task.outcome}`}>
      <Outcome task={task} />
      <span className="task-what">{titleOf(task)}</span>
      <EntityLink id={task.entity} name={task.name} />
      <span className="task-by">{task.by === user ? 'you' : task.by}</span>
      <span className="task-text">
        {task.outcome === 'running' ? (
          <Progress task={task} />
        ) : (
          <span className="task-message" title={task.message}>
            {task.message}
          </span>
        )}
        {task.outcome === 'ended' && <span className="quiet">ended</span>}
        <Stop task={task} />
      </span>
      <span className="task-time">
        {task.endedAt === null ? '' : formatDuration(task.endedAt - task.startedAt)}
      </span>
      <span className="task-ago">
        <Ago at={task.startedAt} />
      </span>
    </li>
  );
}

/** The button that stops it, where a verb does that and one may. */
function Stop({ task }: { readonly task: TaskEntry }) {
  const entity = useCloud((state) => state.entities.get(task.entity));
  const permissions = useCloud((state) => permissionsFor(state, task.entity));
  const verb = useObservable(verbs).find(
    (each) => each.stops === task.verb && each.entity === entity?.kind,
  );
  if (!entity || !verb || !readiness(verb, entity, permissions).ready) return null;
  return (
    <Button look="ghost" className="task-stop" onClick={() => void perform({ entity, verb })}>
      {verb.title}
    </Button>
  );
}

function Progress({ task: { progress, note, startedAt } }: { readonly task: TaskEntry }) {
  const [now, setNow] = useState(Date.now);
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), 1000);
    return () => clearInterval(timer);
  }, []);
  return (
    <span className="progress">
      {progress === null ? (
        <progress aria-label="Under way" />
      ) : (
        <progress value={progress} aria-label="Under way" />
      )}
      {note || (progress === null ? '' : `${Math.round(progress * 100)} %`)}{' '}
      {formatDuration(Math.max(0, now - startedAt))}
    </span>
  );
}

function Outcome({ task: { outcome } }: { readonly task: TaskEntry }) {
  const icon = { running: 'more', ended: 'more', done: 'check', failed: 'warn', denied: 'lock' }[
    outcome
  ];
  return (
    <span className={`outcome ${outcome}`} title={outcome}>
      <Icon name={icon} size={14} />
    </span>
  );
}

function titleOf({ verb, entity }: TaskEntry): string {
  return verbOf(entity.split(':')[0] ?? '', verb)?.title ?? verb;
}

function sentenceOf(task: TaskEntry, user: string): string {
  const by = task.by === user ? 'you' : task.by;
  const message = task.message ? `: ${task.message}` : '';
  const whom = task.entity === 'central' ? '' : ` ${task.name}`;
  return `${titleOf(task)}${whom}, ${by}${message}`;
}
