// What is done in machines once they run, and in which order: provisioners, and waiting until they are ready. Pure.
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';
import { inOrder } from '../lab-file/order.ts';
import { hashOf, type MachineMark } from '../machine/metadata.ts';
import { SkerryError } from '../util/errors.ts';

/** One provisioner in one machine. */
export interface ProvisionStep {
  readonly machine: string;
  readonly provisioner: string;
  /** `new`: it has not run there yet; `changed`: it has, as it was before; `asked`: somebody wants it again. */
  readonly why: 'new' | 'changed' | 'always' | 'asked';
}

/** What makes one machine ready for others. */
export interface MachineOrder {
  readonly machine: string;
  /** Machines that are ready before. */
  readonly after: readonly string[];
  readonly steps: readonly ProvisionStep[];
  /** Whether its probes are waited for. */
  readonly waits: boolean;
}

export interface OrderPlan {
  /** Each after those it waits for. Machines with nothing to do or to wait for are not in it. */
  readonly order: readonly MachineOrder[];
  /** When all machines are ready; provisioner by provisioner. */
  readonly afterAllUp: readonly ProvisionStep[];
  /** Machines that are not up, for which those of `afterAllUp` have to wait. */
  readonly missing: readonly string[];
}

/** Which provisioners run: those that have to; all but `never`; none; or those that are named. */
export type ProvisionMode = 'due' | 'all' | 'none' | { readonly only: readonly string[] };

export interface OrderInput {
  readonly lab: Pick<LabSpec, 'machines' | 'provision'>;
  /** The names of the machines it is about. */
  readonly wanted: readonly string[];
  /** Those of them that are made or started before. */
  readonly started: ReadonlySet<string>;
  /** Of machines that are there; a new one has none. */
  readonly markOf: (machine: string) => MachineMark | undefined;
  /** Whether it is there and runs. */
  readonly isRunning: (machine: string) => boolean;
  readonly mode: ProvisionMode;
  /** By name; only asked for provisioners that are due by their content. */
  readonly hashes: ReadonlyMap<string, string>;
  /** Look whether machines are ready, also where they have been. */
  readonly isDoubtful?: boolean;
}

/** @throws DEPENDENCY_OFF */
export function planOrder(input: OrderInput): OrderPlan {
  const { lab, mode } = input;
  const inTurn = inOrder(new Map(lab.machines.map(({ name, dependsOn }) => [name, dependsOn])));
  const byName = new Map(lab.machines.map((machine) => [machine.name, machine]));
  const wanted = new Set(input.wanted);
  const order = new Map<string, MachineOrder>();
  for (const name of inTurn) {
    const machine = byName.get(name);
    if (!machine || !wanted.has(name)) continue;
    const found = machineOrder(machine, input);
    // One that only waits hands that on to those that wait for it.
    const isIdle =
      found.steps.length === 0 &&
      !found.waits &&
      !input.started.has(name) &&
      !found.after.some((other) => order.has(other));
    if (!isIdle) order.set(name, found);
  }
  if (mode !== 'none') addOutside(order, byName, input);
  const missing = lab.machines
    .filter(({ name, autostart }) => autostart && !wanted.has(name) && !input.isRunning(name))
    .map(({ name }) => name);
  return {
    order: inTurn.flatMap((name) => order.get(name) ?? []),
    afterAllUp: stepsOf(input, 'afterAllUp'),
    missing,
  };
}

/** Whether its provisioners have a place in the plan. */
export function isInMode(
  { name, run }: LabSpec['provision'][number],
  mode: ProvisionMode,
): boolean {
  if (mode === 'none') return false;
  return typeof mode === 'object' ? mode.only.includes(name) : run !== 'never';
}

/** What a machine that was ready is known by. */
export function probesHash(machine: Pick<MachineSpec, 'ready'>): string {
  return hashOf(machine.ready.map(({ kind, value }) => [kind, value]));
}

function machineOrder(machine: MachineSpec, input: OrderInput): MachineOrder {
  const { name, ready, dependsOn } = machine;
  const steps = stepsOf(input, 'machine').filter((step) => step.machine === name);
  const waits =
    input.mode !== 'none' && ready.length > 0 && (steps.length > 0 || isUnsure(machine, input));
  return { machine: name, after: input.mode === 'none' ? [] : dependsOn, steps, waits };
}

function isUnsure(machine: MachineSpec, { started, markOf, isDoubtful }: OrderInput): boolean {
  if (started.has(machine.name) || isDoubtful) return true;
  return markOf(machine.name)?.ready !== probesHash(machine);
}

/** Machines that nobody asked for, but that others wait for: they have to be up, and are looked at where need be. */
function addOutside(
  order: Map<string, MachineOrder>,
  byName: ReadonlyMap<string, MachineSpec>,
  input: OrderInput,
): void {
  const wanted = new Set(input.wanted);
  for (const { machine: name, after, steps, waits } of order.values()) {
    for (const dependency of steps.length > 0 || waits ? after : []) {
      const machine = byName.get(dependency);
      if (!machine || wanted.has(dependency)) continue;
      if (!input.isRunning(dependency))
        throw new SkerryError('DEPENDENCY_OFF', { data: { machine: name, dependency } });
      if (machine.ready.length > 0 && isUnsure(machine, input))
        order.set(dependency, { machine: dependency, after: [], steps: [], waits: true });
    }
  }
}

function stepsOf(input: OrderInput, phase: 'machine' | 'afterAllUp'): ProvisionStep[] {
  const { lab, wanted, mode } = input;
  return lab.provision
    .filter((spec) => spec.phase === phase && isInMode(spec, mode))
    .flatMap((spec) =>
      spec.on
        .filter((machine) => wanted.includes(machine))
        .flatMap((machine): ProvisionStep[] => {
          const why = reasonFor(spec, machine, input);
          return why === undefined ? [] : [{ machine, provisioner: spec.name, why }];
        }),
    );
}

function reasonFor(
  { name, run }: LabSpec['provision'][number],
  machine: string,
  { mode, markOf, hashes }: OrderInput,
): ProvisionStep['why'] | undefined {
  const before = markOf(machine)?.provisioned?.[name];
  if (typeof mode === 'object') return 'asked';
  if (mode === 'all') return before === undefined ? 'new' : 'asked';
  if (run === 'always') return 'always';
  if (before === undefined) return 'new';
  return before === hashes.get(name) ? undefined : 'changed';
}
