// What `up` and `provision` know before they begin: which provisioners are due where.
import type { LabSpec, MachineSpec } from '../lab-file/spec.ts';
import { provisionerHash } from '../provision/content-hash.ts';
import { type OrderInput, type OrderPlan, planOrder, type ProvisionMode } from './order-plan.ts';
import type { ObservedMachine, Plan } from './plan.ts';

/** What each provisioner is, by its name. None are read where none will run. */
export async function provisionHashes(
  lab: LabSpec,
  isOn: boolean | undefined,
): Promise<Map<string, string>> {
  if (isOn === false) return new Map();
  const hashed = lab.provision.map(
    async (spec) => [spec.name, await provisionerHash(lab, spec)] as const,
  );
  return new Map(await Promise.all(hashed));
}

/** `--provision`, `--no-provision` or neither. */
export function modeOf(provision: boolean | undefined): ProvisionMode {
  if (provision === undefined) return 'due';
  return provision ? 'all' : 'none';
}

/** The order for what `up` does to machines. */
export function orderFor(
  lab: LabSpec,
  names: readonly string[],
  { actions }: Plan,
  observed: readonly ObservedMachine[],
  how: Pick<OrderInput, 'hashes' | 'mode' | 'isDoubtful'>,
): OrderPlan {
  const seen = new Map(observed.map((machine) => [machine.name, machine]));
  return planOrder({
    ...{ lab, ...how },
    wanted: wantedMachines(lab, names).map(({ name }) => name),
    started: new Set(actions.map(({ machine }) => machine)),
    markOf: (machine) => seen.get(machine)?.mark,
    isRunning: (machine) => seen.get(machine)?.running === true,
  });
}

/** The order for a lab that comes back as it was provisioned: what runs `always`, and a look at all machines. */
export function orderAsKept(lab: LabSpec, hashes: ReadonlyMap<string, string>): OrderPlan {
  const provisioned = Object.fromEntries(hashes);
  return planOrder({
    ...{ lab, hashes, mode: 'due', isDoubtful: true, started: new Set() },
    wanted: wantedMachines(lab, []).map(({ name }) => name),
    markOf: (machine) => ({ lab: '', machine, image: '', facts: {}, provisioned }),
    isRunning: () => true,
  });
}

/** The machines `up` is about. */
export function wantedMachines(lab: LabSpec, names: readonly string[]): MachineSpec[] {
  return lab.machines.filter((machine) =>
    names.length > 0 ? names.includes(machine.name) : machine.autostart,
  );
}
