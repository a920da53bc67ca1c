import { styleText } from 'node:util';
import { formatMachines, formatSeconds } from './amounts.ts';
import { aboutLab, labelOf } from './common.ts';
import type { ProvisionStep } from '../lab/order-plan.ts';
import type { Action, Note } from '../lab/plan.ts';
import type { LabSpec } from '../lab-file/spec.ts';
import type { UpPlan, UpResult } from '../lab/up.ts';
import { formatOrder, formatTriggers } from './format-order.ts';

/** A plan for people: one line a machine, then what is done in them. */
export function formatPlan(plan: UpPlan): string {
  const lines = [
    ...formatTriggers(plan.triggers, 'before'),
    ...(plan.kept === undefined ? plan.actions.map(formatAction) : [formatKept(plan.kept)]),
    ...plan.unchanged.map((machine) => styleText('dim', `  ${machine}: as in the file`)),
    ...formatOrder(plan),
    ...formatTriggers(plan.triggers, 'after'),
    ...plan.notes.map(formatNote),
  ];
  const provisioned = countProvisioned([
    ...plan.order.flatMap(({ steps }) => steps),
    ...plan.afterAllUp,
  ]);
  const sums = [
    ...(plan.actions.length > 0 ? [`${formatMachines(plan.actions.length)} to change`] : []),
    ...(provisioned > 0 ? [`${formatMachines(provisioned)} to provision`] : []),
  ];
  return [...lines, sums.length === 0 ? 'Nothing to do.' : `${sums.join(', ')}.`].join('\n');
}

/** What `up` says at its end. */
export function formatUp(
  lab: LabSpec,
  { plan, provisioned, areTreesKeptAnew, elapsedMs }: UpResult,
): string {
  const notes = plan.notes.map(formatNote);
  const isBack = plan.kept !== undefined;
  const count = isBack
    ? lab.machines.filter(({ autostart }) => autostart).length
    : plan.actions.length;
  const changed = countProvisioned(provisioned);
  if (count === 0 && changed === 0) {
    const done = areTreesKeptAnew ? 'its trees are kept up to date again' : 'nothing to do';
    return [...notes, `Lab ${labelOf(lab)} is up; ${done}.`].join('\n');
  }
  const of = aboutLab(lab);
  const parts = [
    ...(count > 0 ? [`${formatMachines(count)}${isBack ? ' as provisioned before' : ''}`] : []),
    ...(changed > 0 ? [`${formatMachines(changed)} provisioned`] : []),
  ];
  const next = [
    `skerry status${of}`,
    // With daemons one has come to change them; of a fork the host's files are not sent.
    ...(lab.daemons.length > 0 && lab.fork === undefined ? ['skerry hack'] : [`skerry ssh${of}`]),
    `skerry exec${of} -- uptime`,
  ];
  return [
    ...notes,
    `Lab ${labelOf(lab)} is up: ${parts.join(', ')} in ${formatSeconds(elapsedMs)}. Next: ${next.join(', ')}`,
  ].join('\n');
}

function formatKept(made: string): string {
  return `${styleText('green', '+')} all machines: as they were provisioned at ${made.slice(0, 16).replace('T', ' ')} (anew: --provision)`;
}

function countProvisioned(steps: readonly ProvisionStep[]): number {
  return new Set(steps.map(({ machine }) => machine)).size;
}

function formatAction(action: Action): string {
  switch (action.kind) {
    case 'create':
      return `${styleText('green', '+')} ${action.machine}: create and start`;
    case 'start':
      return `${styleText('green', '>')} ${action.machine}: start`;
    case 'finish':
      return `${styleText('green', '>')} ${action.machine}: finish its set-up, which was interrupted`;
    case 'restart':
      return `${styleText('green', '>')} ${action.machine}: start, once it is off: it is shutting down`;
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
