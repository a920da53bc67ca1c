// Parking: a machine's definition is kept here while it is on no hypervisor. Every step on a hypervisor is its agent's own verb.
import type { z } from 'zod';
import { denialOf, refuseGain } from '../../permission/denial.ts';
import { type EntityState, hypervisorId, isOn, type VmState, vmId } from '../../entity.ts';
import { CENTRAL, decide } from '../../permission/decide.ts';
import { VerbError } from '../../verb-error.ts';
import type * as definition from '../../verbs/vm-definition.ts';
import type { Central } from '../central.ts';
import type { Parked } from '../parking.ts';
import { needsOf } from '../placement.ts';
import { keptFor, parkedFor, subjectOfParked } from '../seen.ts';
import { type CentralContext, type CentralHandler, entityOf } from './context.ts';

export const parkHandlers: readonly (readonly [string, CentralHandler])[] = [
  ['park', park],
  ['unpark', unpark],
  ['parked', listParked],
  ['parked_delete', deleteParked],
];

async function park(context: CentralContext, { force }: z.output<typeof definition.park.params>) {
  const vm = entityOf(context);
  if (vm.kind !== 'vm') throw new VerbError('invalid', 'only a machine can be parked');
  if (isOn(vm) && !force)
    throw new VerbError('conflict', `${vm.name} is ${vm.state}: shut it down first, or say force`);
  if (vm.snapshots.length > 0)
    throw new VerbError(
      'conflict',
      `${vm.name} has snapshots, which would be lost: delete them first`,
    );
  if (!vm.persistent)
    throw new VerbError('conflict', `${vm.name} is not defined: it is gone when it stops`);
  const kept = context.central.parking.get(vm.uuid);
  if (kept && !kept.doubts.includes(vm.hypervisor))
    throw new VerbError(
      'conflict',
      `${kept.name} is parked already, and on ${vm.hypervisor} as well: delete one of the two`,
      { hint: `what is kept is deleted by: skerry cloud parked-delete ${vm.uuid}` },
    );
  refuseHalf(context, vm);
  using _turn = context.central.parking.turn(vm);
  await keepAndForget(context, vm);
  return {};
}

/** Nothing is begun that may not be finished. @throws VerbError `denied` */
function refuseHalf({ central, by }: CentralContext, vm: VmState): void {
  for (const name of ['xmldesc', ...(isOn(vm) ? ['destroy'] : []), 'undefine']) {
    const verb = central.table.get('vm', name);
    const denial = verb && denialOf(central.policies.policy, by.user, vm, verb);
    if (denial) throw denial;
  }
}

/** The definition is kept before it is forgotten there, with all that libvirt keeps beside it. */
async function keepAndForget(context: CentralContext, vm: VmState): Promise<void> {
  const { central } = context;
  const asSystem = { ...context, by: { ...context.by, via: 'system' as const } };
  const { xml } = (await ask(asSystem, vm, 'xmldesc', { inactive: true })) as { xml: string };
  if (isOn(vm)) await ask(context, vm, 'destroy', {});
  central.parking.add(vm, xml, context.by.user);
  // Whoever acts next has it as well, when it is nowhere else any more.
  await central.pair?.settle();
  try {
    await ask(asSystem, vm, 'undefine', {});
    const doubts = central.parking.get(vm.uuid)?.doubts ?? [];
    central.parking.settle(
      vm.uuid,
      doubts.filter((each) => each !== vm.hypervisor),
    );
  } catch (error) {
    if (isSure(error)) central.parking.remove(vm.uuid);
    throw error;
  }
}

/** Whether it was surely not done. Where that is not known the definition is kept: twice does no harm, not at all does. */
function isSure(error: unknown): boolean {
  const unsure = ['timeout', 'unreachable', 'failed', 'not-found'];
  return error instanceof VerbError && !unsure.includes(error.code);
}

async function unpark(
  { central, by, id, signal }: CentralContext,
  params: z.output<typeof definition.unpark.params>,
) {
  const parked = findParked(central, by.user, params.machine);
  refuseParked(central, by.user, parked, 'vmparking_unpark');
  if (central.registry.get(vmId(parked.uuid)))
    throw new VerbError(
      'conflict',
      `${parked.name} is on a hypervisor: it was brought back by hand`,
    );
  // Of the others it is known by now that it is not there.
  const doubts = parked.doubts.filter((each) => whyUnknown(central, each) !== undefined);
  if (doubts.length > 0 && !params.force)
    throw new VerbError(
      'conflict',
      `${parked.name} may be ${doubts.map((each) => `on ${each}, ${whyUnknown(central, each)}`).join(', or ')}: there would be two of it`,
      { hint: 'if it surely is not there any more, say force' },
    );
  using _turn = central.parking.turn(parked);
  const hypervisor = params.hypervisor ?? bestPlace(central, parked);
  const subject = subjectOfParked(parked);
  refuseGain(central.policies.policy, by.user, subject, parked.name, { hypervisor });
  const host = central.registry.get(hypervisorId(hypervisor));
  const verb = central.table.get('hypervisor', 'alloc');
  if (!host || !verb) throw new VerbError('not-found', `there is no hypervisor '${hypervisor}'`);
  central.parking.settle(parked.uuid, [...doubts, hypervisor]);
  await central.pair?.settle();
  try {
    const reply = await central.forward(
      host,
      verb,
      { xml: parked.xml, start: params.start, from: parked.hypervisor },
      { ...by, via: 'system' },
      id,
      signal,
    );
    if (!reply.ok) throw VerbError.fromData(reply.error);
  } catch (error) {
    if (isSure(error)) central.parking.settle(parked.uuid, doubts);
    throw error;
  }
  central.parking.remove(parked.uuid);
  return { hypervisor };
}

/** Why it is not known which machines a hypervisor has now; undefined where it is. */
function whyUnknown({ registry }: Central, hypervisor: string): string | undefined {
  if (!registry.isLive(hypervisor)) return 'which is not heard at the moment';
  const host = registry.get(hypervisorId(hypervisor));
  const isKnown = host?.kind === 'hypervisor' && host.libvirt === 'connected';
  return isKnown ? undefined : 'whose libvirt is not reached at the moment';
}

/** Forgets a parked machine; its disks stay where they are. */
async function deleteParked(
  { central, by, say }: CentralContext,
  params: z.output<typeof definition.parkedDelete.params>,
) {
  const parked = findParked(central, by.user, params.machine);
  refuseParked(central, by.user, parked, 'vmparking_delete');
  using _turn = central.parking.turn(parked);
  central.parking.remove(parked.uuid);
  const id = vmId(parked.uuid);
  // What is on a hypervisor all the same, or may be, is whose it was.
  const isGone = parked.doubts.every((each) => whyUnknown(central, each) === undefined);
  if (isGone && !central.registry.get(id)) {
    central.policies.dropEntity(id);
    central.schedule.dropEntity(id);
  }
  say(`${parked.name}, which was on ${parked.hypervisor}`);
  return {};
}

/** @throws VerbError `denied` to whoever may not do that with all parked machines, nor with this one */
function refuseParked(central: Central, user: string, parked: Parked, permission: string): void {
  const may = [CENTRAL, subjectOfParked(parked)].map((subject) =>
    decide(central.policies.policy, user, permission, subject),
  );
  if (!may.some(({ allowed }) => allowed))
    throw new VerbError('denied', `${user} may not do that to ${parked.name}: ${may[1]?.because}`, {
      permission,
    });
}

/** What one may not see is not there. Some may be on a hypervisor as well. */
function findParked(central: Central, user: string, machine: string) {
  const all = keptFor(central, user);
  const named = all.filter(({ uuid, name }) => uuid === machine || name === machine);
  if (named.length > 1)
    throw new VerbError(
      'conflict',
      `several parked machines are called ${machine}: say which by its uuid, ${named.map(({ uuid }) => uuid).join(' or ')}`,
      { hint: 'see them: skerry cloud parked' },
    );
  const found = named[0] && central.parking.get(named[0].uuid);
  if (!found)
    throw new VerbError('not-found', `no parked machine is called ${machine}`, {
      hint: 'see those there are: skerry cloud parked',
    });
  return found;
}

async function listParked({ central, by }: CentralContext) {
  return {
    machines: parkedFor(central, by.user).map(({ name, uuid, hypervisor, parkedBy, parkedAt }) => ({
      ...{ name, uuid, hypervisor, parkedBy, parkedAt },
    })),
  };
}

/** Where it was: there its disks are, unless they are shared. Else where there is most room. */
function bestPlace(central: Central, parked: Parked & { readonly xml: string }): string {
  const places = central.placesFor(needsOf(parked));
  const [best] = places;
  const home = places.find(({ hypervisor }) => hypervisor === parked.hypervisor);
  if (home?.possible) return home.hypervisor;
  if (best?.possible) return best.hypervisor;
  const reasons = places.map((each) => `${each.hypervisor}: ${each.reasons.join(', ')}`);
  throw new VerbError(
    'conflict',
    `${parked.name} fits nowhere: ${reasons.join('; ') || 'there is no hypervisor'}`,
  );
}

/** Does a verb of a machine for who asked. @throws VerbError */
async function ask(
  { central, by, id, signal }: CentralContext,
  target: EntityState,
  name: string,
  params: unknown,
): Promise<unknown> {
  const verb = central.table.get(target.kind, name);
  if (!verb) throw new VerbError('failed', `there is no verb '${name}'`);
  const reply = await central.forward(target, verb, params, by, `${id}-${name}`, signal);
  if (!reply.ok) throw VerbError.fromData(reply.error);
  return reply.result;
}
