// What central does itself. Parameters are those of the verb table, checked by then.
import { VerbError } from '../../verb-error.ts';
import type * as hypervisorVerbs from '../../verbs/hypervisor.ts';
import type { z } from 'zod';
import { parseParams } from '../../verbs/parse-params.ts';
import { type CentralContext, type CentralHandler, entityOf } from './context.ts';
import { evacuate } from './evacuate.ts';
import { grantHandlers } from './grants.ts';
import { loginHandlers } from './logins.ts';
import { parkHandlers } from './park.ts';
import { peopleHandlers } from './people.ts';

/** By the name of the verb: those of machines and of hypervisors do the same. */
export const centralHandlers: ReadonlyMap<string, CentralHandler> = new Map<string, CentralHandler>(
  [
    ...parkHandlers,
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
