// What machines that run need before others may count on them, in the order of the plan: provisioners, then their
// probes. What fails is one machine's; those that wait for it are told, all others go on.
import type { ProvisionOutcome, ProvisionTarget } from '../provision/run-provisioner.ts';
import { waitForProbes } from '../machine/probe.ts';
import { openGuest } from '../sandbox/gateway.ts';
import { SkerryError } from '../util/errors.ts';
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';
import { changeMark } from './change-mark.ts';
import type { LabContext } from './context.ts';
import { type MachineOrder, type OrderPlan, probesHash, type ProvisionStep } from './order-plan.ts';
import { runInOrder } from './run-in-order.ts';
import { restartMachine } from './start-machine.ts';
import { messageOf } from '../util/message-of.ts';

export interface StepResult extends ProvisionStep, Partial<ProvisionOutcome> {
  readonly durationMs: number;
  /** Why it failed; undefined when it did not. */
  readonly error?: SkerryError | undefined;
}

export interface ReadyResult {
  readonly steps: readonly StepResult[];
  /** One for each machine that is not ready, and for each provisioner that failed after all were. */
  readonly errors: readonly SkerryError[];
}

export interface ReadyWork {
  readonly plan: OrderPlan;
  /** Hashes of the provisioners, by name. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Resolves when the machine runs and answers; rejects when it does not. */
  readonly start: (machine: string) => Promise<void>;
  /** Machines that are started besides those of the plan. */
  readonly machines: readonly string[];
}

const OPEN_MS = 30_000;
/** Lines of a provisioner's output that are kept for its error. */
const TAIL_LINES = 10;

/** Never throws but when it is interrupted. */
export async function makeLabReady(context: LabContext, work: ReadyWork): Promise<ReadyResult> {
  const { plan, start } = work;
  const orders = new Map(plan.order.map((order) => [order.machine, order]));
  const names = [...new Set([...work.machines, ...orders.keys()])];
  const graph = new Map(names.map((name) => [name, orders.get(name)?.after ?? []]));
  const steps: StepResult[] = [];
  const run = async (step: ProvisionStep): Promise<void> => {
    const result = await runStep(context, step, work.hashes);
    steps.push(result);
    if (result.error) throw result.error;
  };
  const { progress } = context;
  const late = new Set(plan.afterAllUp.map(({ machine }) => machine));
  const all = Promise.withResolvers<void>();
  const failed = await runInOrder(graph, async (name, turn) => {
    await start(name);
    const order = orders.get(name);
    if (order) {
      const after = order.after.filter((other) => graph.has(other));
      if (after.length === 0) await turn();
      else await progress.phase('wait', name, turn, after.join(', '));
      for (const step of order.steps) await run(step);
      if (order.waits) await waitUntilReady(context, order);
    }
    // Until it is its turn again nothing holds it up but the others.
    if (late.has(name)) void progress.phase('wait', name, () => all.promise, 'all machines');
  });
  all.resolve();
  context.signal.throwIfAborted();
  const errors = [...failed].map(([name, error]) => machineError(name, error));
  if (plan.afterAllUp.length > 0) {
    const missing = [...failed.keys(), ...plan.missing];
    if (missing.length === 0) errors.push(...(await runAfterAllUp(plan.afterAllUp, run)));
    else {
      const provisioners = [...new Set(plan.afterAllUp.map(({ provisioner }) => provisioner))];
      const text = `not run: ${provisioners.join(', ')} (after all are up, and ${missing.join(', ')} not)`;
      context.progress.say('provision', undefined, text);
    }
    context.signal.throwIfAborted();
  }
  return { steps, errors };
}

/** Provisioner by provisioner, each in all its machines at once. One that failed in a machine ends the rest there. */
async function runAfterAllUp(
  steps: readonly ProvisionStep[],
  run: (step: ProvisionStep) => Promise<void>,
): Promise<SkerryError[]> {
  const failed = new Map<string, SkerryError>();
  for (const provisioner of new Set(steps.map((step) => step.provisioner))) {
    const now = steps.filter((step) => step.provisioner === provisioner);
    await Promise.all(
      now
        .filter(({ machine }) => !failed.has(machine))
        .map((step) =>
          run(step).catch((error: unknown) => {
            failed.set(step.machine, machineError(step.machine, error));
          }),
        ),
    );
  }
  return [...failed.values()];
}

async function runStep(
  context: LabContext,
  step: ProvisionStep,
  hashes: ReadonlyMap<string, string>,
): Promise<StepResult> {
  const { lab, connection, progress, signal } = context;
  const { machine: name, provisioner } = step;
  const machine = machineOf(lab, name);
  const spec = lab.provision.find((one) => one.name === provisioner);
  if (!spec) throw new SkerryError('INTERNAL', { data: { detail: `no ${provisioner}` } });
  const began = performance.now();
  const tail: string[] = [];
  const target: ProvisionTarget = {
    ...targetOf(context, machine),
    onLine: (line) => {
      tail.push(line);
      if (tail.length > TAIL_LINES) tail.shift();
      progress.note('provision', name, `${provisioner}: ${line}`);
    },
  };
  const finish = (more: Partial<StepResult>): StepResult => ({
    ...step,
    ...more,
    durationMs: Math.round(performance.now() - began),
  });
  try {
    // Until it has ended well nobody knows what it has done.
    await changeMark(connection, name, ({ provisioned = {}, ...mark }) => {
      const { [provisioner]: _, ...others } = provisioned;
      const ready = spec.phase === 'afterAllUp' ? mark.ready : undefined;
      return { ...mark, provisioned: others, ready };
    });
    const { runProvisioner } = await import('../provision/run-provisioner.ts');
    progress.note('provision', name, `${provisioner}: begins`);
    const outcome = await progress.phase(
      'provision',
      name,
      () => runProvisioner(spec, target),
      provisioner,
    );
    await changeMark(connection, name, ({ provisioned = {}, ...mark }) => {
      const hash = hashes.get(provisioner) ?? '';
      return { ...mark, provisioned: { ...provisioned, [provisioner]: hash } };
    });
    return finish(outcome);
  } catch (error) {
    signal.throwIfAborted();
    return finish({ error: provisionError(machine, provisioner, error, tail) });
  }
}

function targetOf(context: LabContext, machine: MachineSpec): Omit<ProvisionTarget, 'onLine'> {
  const { lab, paths, signal } = context;
  return {
    lab,
    machine,
    signal,
    open: () => openGuest(paths.gatewaySocket, machine.name, { signal, timeoutMs: OPEN_MS }),
    reboot: () => restartMachine(context, machine),
    sshConfig: async () => {
      const { prepareSsh } = await import('./ssh.ts');
      return prepareSsh(lab);
    },
  };
}

async function waitUntilReady(context: LabContext, { machine: name }: MachineOrder): Promise<void> {
  const { lab, connection, progress, signal } = context;
  const machine = machineOf(lab, name);
  await progress.phase('ready', name, () =>
    waitForProbes(targetOf(context, machine).open, machine.ready, {
      ...{ address: machine.address, signal },
      onWait: (detail) => progress.note('ready', name, detail),
    }),
  );
  await changeMark(connection, name, (mark) => ({ ...mark, ready: probesHash(machine) }));
}

/** With the end of its output, where it does not have that already. */
function provisionError(
  { name }: MachineSpec,
  provisioner: string,
  cause: unknown,
  tail: readonly string[],
): SkerryError {
  if (cause instanceof SkerryError) return cause;
  const said = messageOf(cause);
  const reason = [said, ...tail].join('\n');
  return new SkerryError('PROVISION_FAILED', {
    data: { machine: name, provisioner, reason },
    cause,
  });
}

/** An error that says which machine it is about. */
export function machineError(machine: string, cause: unknown): SkerryError {
  if (cause instanceof SkerryError) return cause;
  const reason = messageOf(cause);
  return new SkerryError('MACHINE_FAILED', { data: { machine, reason }, cause });
}

/** The machine of that name in the lab file. */
export function machineOf(lab: LabSpec, name: string): MachineSpec {
  const machine = lab.machines.find((each) => each.name === name);
  if (!machine) throw new SkerryError('INTERNAL', { data: { detail: `no machine ${name}` } });
  return machine;
}
