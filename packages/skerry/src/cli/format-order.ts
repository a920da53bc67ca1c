// The part of a plan that comes after machines run: provisioners, readiness and triggers.
import { styleText } from 'node:util';
import type { MachineOrder, ProvisionStep } from '../lab/order-plan.ts';
import type { TriggerStep } from '../lab/triggers.ts';
import type { UpPlan } from '../lab/up.ts';

const WHY: Record<ProvisionStep['why'], string> = {
  new: 'not run yet',
  changed: 'changed since it ran',
  always: 'runs always',
  asked: 'asked for',
};

/** Lines for people; none where there is nothing of it. */
export function formatOrder({ order, afterAllUp, missing }: UpPlan): string[] {
  const busy = order.filter(({ steps, waits }) => steps.length > 0 || waits);
  const lines = busy.map(formatMachine);
  const after = [...new Set(afterAllUp.map(({ provisioner }) => provisioner))].map(
    (provisioner) => {
      const steps = afterAllUp.filter((step) => step.provisioner === provisioner);
      const where = steps.map(({ machine }) => machine).join(', ');
      return `  ${provisioner} on ${where}: ${WHY[steps[0]?.why ?? 'new']}`;
    },
  );
  return [
    ...(lines.length > 0 ? ['When they run:', ...lines] : []),
    ...(after.length > 0 ? [`When all are ready:`, ...after] : []),
    ...(after.length > 0 && missing.length > 0
      ? [`${styleText('yellow', '!')} not now, for these are not up: ${missing.join(', ')}`]
      : []),
  ];
}

/** Lines for the triggers of one side. */
export function formatTriggers(
  triggers: readonly TriggerStep[],
  when: 'before' | 'after',
): string[] {
  return triggers
    .filter((trigger) => trigger.when === when)
    .map(({ run, on }) => {
      const first = run.trim().split('\n')[0] ?? '';
      const where = on ? on.join(', ') || 'no machine' : 'this host';
      return `${styleText('cyan', '*')} ${when} it, on ${where}: ${first}`;
    });
}

function formatMachine({ machine, after, steps, waits }: MachineOrder): string {
  const what = steps.map(({ provisioner, why }) => `${provisioner} (${WHY[why]})`);
  const then = waits ? ['wait until it is ready'] : [];
  const turn = after.length > 0 ? `, after ${after.join(', ')}` : '';
  return `  ${machine}${turn}: ${[...what, ...then].join(', ')}`;
}
