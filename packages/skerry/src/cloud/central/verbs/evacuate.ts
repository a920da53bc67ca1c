// A hypervisor is emptied: each machine goes to where placement says, as whoever asks could move it by hand.
import { poll } from '../../../util/poll.ts';
import { type HypervisorState, isOn, type VmState } from '../../entity.ts';
import { VerbError } from '../../verb-error.ts';
import type { Place } from '../placement.ts';
import type { CentralContext } from './context.ts';

export interface Evacuated {
  readonly machine: string;
  /** The hypervisor it is on now, or would be. */
  readonly to: string;
  /** `moved in 1.2 s`, or why it stays. */
  readonly outcome: string;
}

/** How long agents may take to tell of a machine that has moved. */
const TOLD_MS = 5000;

/**
 * Those that run go first. What cannot go stays, and is told with its reason.
 * @throws VerbError when it cannot be drained
 */
export async function evacuate(
  context: CentralContext,
  host: HypervisorState,
  { dryRun }: { readonly dryRun: boolean },
): Promise<{ machines: Evacuated[] }> {
  const { central, by, id, signal } = context;
  if (!dryRun) {
    const reply = await central.perform(host, 'drain', { on: true }, by, {
      id: `${id}-drain`,
      signal,
    });
    if (!reply.ok) throw VerbError.fromData(reply.error);
  }
  const machines: Evacuated[] = [];
  const here = central.places.vms.filter(({ hypervisor }) => hypervisor === host.name);
  for (const vm of here.toSorted((a, b) => Number(isOn(b)) - Number(isOn(a)))) {
    signal.throwIfAborted();
    machines.push(await move(context, vm, dryRun));
  }
  return { machines };
}

async function move(
  { central, by, id, signal }: CentralContext,
  vm: VmState,
  dryRun: boolean,
): Promise<Evacuated> {
  const stays = (outcome: string): Evacuated => ({ machine: vm.name, to: vm.hypervisor, outcome });
  if (central.permissions(by.user, vm).size === 0)
    return { ...stays('stays: you may not see it'), machine: '(hidden)' };
  const places = central.migrationTargets(vm.id);
  const [best] = places;
  if (!best?.possible) {
    return stays(`stays: ${whyNowhere(places)}`);
  }
  const to = best.hypervisor;
  if (dryRun) return { machine: vm.name, to, outcome: 'would move' };
  const options = { id: `${id}-${vm.uuid}`, signal };
  const began = performance.now();
  const reply = await central.perform(vm, 'migrate', { target: to }, by, options);
  if (!reply.ok) return stays(`stays: ${reply.error.message}`);
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  // The next one's place depends on it. Nothing is wrong if that takes longer.
  const isThere = (): boolean => {
    const now = central.registry.get(vm.id);
    return now?.kind === 'vm' && now.hypervisor === to;
  };
  await poll(async () => isThere() || undefined, {
    ...{ timeoutMs: TOLD_MS, intervalMs: 20, signal },
    onTimeout: () => new Error(`${to} says nothing of ${vm.name}`),
  }).catch(() => signal.throwIfAborted());
  return { machine: vm.name, to, outcome: `moved in ${seconds} s` };
}

/** What holds for all places is said once. */
function whyNowhere(places: readonly Place[]): string {
  const [first] = places;
  if (!first) return 'there is no other hypervisor';
  const isCommon = (reason: string): boolean =>
    places.every(({ reasons }) => reasons.includes(reason));
  const common = first.reasons.filter(isCommon);
  const own = places.flatMap(({ hypervisor, reasons }) => {
    const rest = reasons.filter((reason) => !isCommon(reason));
    return rest.length > 0 ? [`${hypervisor}: ${rest.join(', ')}`] : [];
  });
  return places.length === 1
    ? `${first.hypervisor}: ${first.reasons.join(', ')}`
    : [...common, ...own].join('; ');
}
