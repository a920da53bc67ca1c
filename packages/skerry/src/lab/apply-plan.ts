// What a plan says, done: machines side by side, each through all that makes it ready.
import type { MachineSpec } from '../lab-file/spec.ts';
import { keepCapabilities } from '../sandbox/sandbox.ts';
import type { ForwardStatus } from '../sandbox/protocol.ts';
import { SkerryError, SkerryErrors } from '../util/errors.ts';
import type { LabContext } from './context.ts';
import { applyForwards } from './forwards.ts';
import { limiter } from './limiter.ts';
import { machineOf, makeLabReady, type StepResult } from './make-lab-ready.ts';
import type { OrderPlan } from './order-plan.ts';
import type { Action, Plan } from './plan.ts';
import { waitForTrees } from './wait-for-trees.ts';
import { shutdownMachines } from './shutdown.ts';
import { defineMachine, finishMachine, restartMachine, startMachine } from './start-machine.ts';
import { settle, thawMachine } from './thaw-machine.ts';

export interface Work {
  readonly todo: Plan;
  readonly order: OrderPlan;
  readonly wanted: readonly MachineSpec[];
  readonly hashes: ReadonlyMap<string, string>;
  /** Machines that run already may not have the trees as they are now. */
  readonly areTreesOld: boolean;
}

/** @throws SkerryErrors when all that could be done is: what failed */
export async function applyPlan(
  context: LabContext,
  { todo, order, wanted, hashes, areTreesOld }: Work,
  forwards: readonly ForwardStatus[],
): Promise<readonly StepResult[]> {
  const { lab, paths, accel, progress, networkUp } = context;
  const foreign = todo.notes.find((note) => note.kind === 'foreign');
  const created = todo.actions.filter(({ kind }) => kind === 'create');
  // Asked again later, by who hears of an error: it remembers.
  for (const { machine } of created) context.templateOf(machineOf(lab, machine)).catch(() => {});
  await networkUp;
  if (foreign) throw new SkerryError('MACHINE_FOREIGN', { data: { machine: foreign.machine } });
  await progress.phase('forwards', undefined, () => applyForwards(lab, paths, forwards));
  const limit = limiter(parallelism(accel));
  const started = new Map(
    todo.actions.map((action) => [action.machine, limit(() => perform(context, action))]),
  );
  const unsettled = new Set(created.map(({ machine }) => machine));
  const busy = new Set(order.order.flatMap(({ machine, steps }) => (steps[0] ? machine : [])));
  const settled = Promise.allSettled(started.values()).then((all) => {
    const made = [...started.keys()].filter((_, at) => all[at]?.status === 'fulfilled');
    return settle(
      context,
      made.filter((name) => unsettled.has(name)),
    );
  });
  const ready = await makeLabReady(context, {
    ...{ plan: order, hashes, machines: wanted.map(({ name }) => name) },
    start: async (machine) => {
      await started.get(machine);
      // What it puts off would be in the way of who works in it.
      if (busy.has(machine) && unsettled.delete(machine)) await settle(context, [machine]);
      if (areTreesOld || started.has(machine) || busy.has(machine))
        await waitForTrees(context, machine);
    },
  });
  await settled;
  context.signal.throwIfAborted();
  if (ready.errors.length > 0) throw new SkerryErrors(ready.errors);
  if (todo.actions.length > 0) await keepCapabilities(paths);
  return ready.steps;
}

async function perform(context: LabContext, action: Action): Promise<void> {
  const machine = machineOf(context.lab, action.machine);
  switch (action.kind) {
    case 'create':
      return createMachine(context, machine);
    case 'start':
      return startMachine(context, machine, await context.connection.domain(machine.name));
    case 'finish':
      return finishMachine(context, machine, await context.connection.domain(machine.name));
    case 'restart':
      return restartMachine(context, machine);
    case 'redefine':
      await shutdownMachines(context.connection, [machine.name], { ...context });
      return startMachine(context, machine, await defineMachine(context, machine));
    default:
      return action satisfies never;
  }
}

/** A machine that is new is thawed where there is a template for it, or one can be made. */
async function createMachine(context: LabContext, machine: MachineSpec): Promise<void> {
  const template = await context.templateOf(machine);
  if (template && (await thawMachine(context, machine, template))) return;
  return startMachine(context, machine, await defineMachine(context, machine, true));
}

/** How many machines are started at once: more than the CPUs can boot only makes all of them late. */
function parallelism(accel: 'kvm' | 'tcg'): number {
  return accel === 'kvm' ? 16 : 6;
}
