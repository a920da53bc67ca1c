import { styleText } from 'node:util';
import { formatMachines, formatSeconds } from './amounts.ts';
import { aboutLab, labelOf } from './common.ts';
import type { Action, Note, Plan } from '../lab/plan.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import type { UpResult } from '../lab/up.ts';

/** A plan for people, one line a machine. */
export function formatPlan(plan: Plan): string {
  const lines = [
    ...plan.actions.map(formatAction),
    ...plan.unchanged.map((machine) => styleText('dim', `  ${machine}: as in the file`)),
    ...plan.notes.map(formatNote),
  ];
  const sum =
    plan.actions.length === 0
      ? 'Nothing to do.'
      : `${formatMachines(plan.actions.length)} to change.`;
  return [...lines, sum].join('\n');
}

/** What `up` says at its end. */
export function formatUp(lab: LabSpec, { plan, elapsedMs }: UpResult): string {
  const notes = plan.notes.map(formatNote);
  if (plan.actions.length === 0)
    return [...notes, `Lab ${labelOf(lab)} is up; nothing to do.`].join('\n');
  const of = aboutLab(lab);
  return [
    ...notes,
    `Lab ${labelOf(lab)} is up: ${formatMachines(plan.actions.length)} in ${formatSeconds(elapsedMs)}. Next: skerry status${of}, skerry ssh${of}, skerry exec${of} -- uptime`,
  ].join('\n');
}

function formatAction(action: Action): string {
  switch (action.kind) {
    case 'create':
      return `${styleText('green', '+')} ${action.machine}: create and start`;
    case 'start':
      return `${styleText('green', '>')} ${action.machine}: start`;
    case 'finish':
      return `${styleText('green', '>')} ${action.machine}: finish its set-up, which was interrupted`;
    case 'redefine': {
      const changes = action.changes
        .map(
          ({ field, from, to }) =>
            `${field === 'memoryMiB' ? 'memory in MiB' : field} ${from} -> ${to}`,
        )
        .join(', ');
      return `${styleText('yellow', '~')} ${action.machine}: restart with ${changes}`;
    }
    default:
      return action satisfies never;
  }
}

function formatNote(note: Note): string {
  const mark = styleText('yellow', '!');
  switch (note.kind) {
    case 'orphan':
      return `${mark} ${note.machine}: no longer in the lab file; remove it with: skerry destroy ${note.machine}`;
    case 'image-changed':
      return `${mark} ${note.machine}: its image was built anew since; to take it: skerry destroy ${note.machine} && skerry up`;
    case 'autostart-off':
      return styleText(
        'dim',
        `  ${note.machine}: autostart is off; start it with: skerry up ${note.machine}`,
      );
    case 'foreign':
      return `${mark} ${note.machine}: a domain of this name exists that Skerry did not define`;
    default:
      return note satisfies never;
  }
}
