// What central does itself. Parameters are those of the verb table, checked by then.
import type { Actor } from '../../bus/messages.ts';
import { type EntityState, hypervisorId, isOn, vmId } from '../../entity.ts';
import { CENTRAL, decide } from '../../permission/decide.ts';
import { VerbError } from '../../verb-error.ts';
import type * as hypervisorVerbs from '../../verbs/hypervisor.ts';
import type * as definition from '../../verbs/vm-definition.ts';
import { all, attribute, parseXml, textOf } from '../../xml/element.ts';
import type { z } from 'zod';
import { parseParams } from '../../agent/perform.ts';
import type { Central } from '../central.ts';
import { parkedFor, subjectOfParked } from '../seen.ts';
import { type CentralContext, type CentralHandler, entityOf } from './context.ts';
import { evacuate } from './evacuate.ts';
import { grantHandlers } from './grants.ts';
import { loginHandlers } from './logins.ts';
import { peopleHandlers } from './people.ts';

/** By the name of the verb: those of machines and of hypervisors do the same. */
export const centralHandlers: ReadonlyMap<string, CentralHandler> = new Map<string, CentralHandler>(
  [
    ['park', park],
    ['unpark', unpark],
    ['parked', listParked],
    ['schedule', schedule],
    ['unschedule', unschedule],
    ['jobs', jobs],
    ...grantHandlers,
    ...peopleHandlers,
    ...loginHandlers,
    ['evacuate', evacuateHost],
  ],
);

async function evacuateHost(
  context: CentralContext,
  params: z.output<typeof hypervisorVerbs.evacuate.params>,
) {
  const host = entityOf(context);
  if (host.kind !== 'hypervisor')
    throw new VerbError('invalid', 'only a hypervisor can be evacuated');
  return evacuate(context, host, params);
}

/** Every step is the agent's own verb; the definition is kept before it is forgotten there. */
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
  const system: Actor = { user: context.by.user, via: context.by.via };
  if (isOn(vm)) await ask(context, vm, 'destroy', {}, system);
  const { xml } = (await ask(context, vm, 'xmldesc', { inactive: true }, system)) as {
    xml: string;
  };
  context.central.parking.add(vm, xml, context.by.user);
  try {
    await ask(context, vm, 'undefine', {}, { ...system, via: 'system' });
  } catch (error) {
    context.central.parking.remove(vm.uuid);
    throw error;
  }
  return {};
}

async function unpark(
  { central, by, id, signal }: CentralContext,
  params: z.output<typeof definition.unpark.params>,
) {
  const parked = findParked(central, by.user, params.machine);
  const { policy } = central.policies;
  const permission = 'vmparking_unpark';
  const may = [CENTRAL, subjectOfParked(parked)].map((subject) =>
    decide(policy, by.user, permission, subject),
  );
  if (!may.some(({ allowed }) => allowed))
    throw new VerbError('denied', `${by.user} may not unpark ${parked.name}: ${may[1]?.because}`, {
      permission,
    });
  if (central.registry.get(vmId(parked.uuid)))
    throw new VerbError(
      'conflict',
      `${parked.name} is on a hypervisor: it was brought back by hand`,
    );
  const hypervisor = params.hypervisor ?? bestPlace(central, parked);
  const host = central.registry.get(hypervisorId(hypervisor));
  const verb = central.table.get('hypervisor', 'alloc');
  if (!host || !verb) throw new VerbError('not-found', `there is no hypervisor '${hypervisor}'`);
  const reply = await central.forward(
    host,
    verb,
    { xml: parked.xml, start: params.start },
    { ...by, via: 'system' },
    id,
    signal,
  );
  if (!reply.ok) throw VerbError.fromData(reply.error);
  central.parking.remove(parked.uuid);
  return { hypervisor };
}

/** What one may not see is not there. */
function findParked(central: Central, user: string, machine: string) {
  const all = parkedFor(central, user);
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

function bestPlace(
  central: Central,
  parked: { xml: string; name: string; tags: readonly string[] },
): string {
  const domain = parseXml(parked.xml);
  const networks = all(domain, 'devices/interface').flatMap(
    (nic) => attribute(nic, 'source', 'network') ?? [],
  );
  const memoryMiB = Number(textOf(domain, 'memory') ?? 0) / 1024;
  const needs = {
    memoryMiB,
    vcpus: Number(textOf(domain, 'vcpu') ?? 1),
    networks,
    tags: parked.tags,
  };
  const places = central.placesFor(needs);
  const [best] = places;
  if (best?.possible) return best.hypervisor;
  const reasons = places.map((each) => `${each.hypervisor}: ${each.reasons.join(', ')}`);
  throw new VerbError(
    'conflict',
    `${parked.name} fits nowhere: ${reasons.join('; ') || 'there is no hypervisor'}`,
  );
}

async function schedule(
  context: CentralContext,
  params: { verb: string; params: Record<string, unknown>; at: string },
) {
  const entity = entityOf(context);
  const { central, by } = context;
  const verb = central.table.find(entity.kind, params.verb);
  if (!verb || verb.programs || verb.name === 'schedule')
    throw new VerbError(
      'invalid',
      `a ${entity.kind} has no verb '${params.verb}' that can be scheduled`,
    );
  parseParams(verb, params.params);
  const may = central.explain(by.user, entity, verb.permission);
  if (!may.allowed) throw new VerbError('denied', may.because, { permission: verb.permission });
  const job = central.schedule.add({
    ...{ ...params, verb: verb.name },
    ...{ entity: entity.id, user: by.user },
  });
  return { job: job.id, next: new Date(job.nextAt ?? 0).toISOString() };
}

async function unschedule(context: CentralContext, { job }: { job: string }) {
  if (!context.central.schedule.remove(entityOf(context).id, job))
    throw new VerbError('not-found', `there is no job '${job}'`);
  return {};
}

async function jobs(context: CentralContext) {
  const found = context.central.schedule.of(entityOf(context).id);
  return {
    jobs: found.map(({ id, verb, at, nextAt, user, last }) => ({
      job: id,
      verb,
      at,
      next: nextAt === null ? '' : new Date(nextAt).toISOString(),
      by: user,
      last,
    })),
  };
}

async function ask(
  { central, id, signal }: CentralContext,
  target: EntityState,
  name: string,
  params: unknown,
  by: Actor,
): Promise<unknown> {
  const verb = central.table.get(target.kind, name);
  if (!verb) throw new VerbError('failed', `there is no verb '${name}'`);
  const reply = await central.forward(target, verb, params, by, `${id}-${name}`, signal);
  if (!reply.ok) throw VerbError.fromData(reply.error);
  return reply.result;
}
