// Who may do what with one machine or hypervisor, and why.
import { subjectOf } from '../../permission/denial.ts';
import type { EntityState } from '../../entity.ts';
import {
  grantedTo,
  permissionsOfRole,
  refuseOther,
  removeGrant,
  setGrant,
} from '../../permission/change.ts';
import { decide, maySee, permissionsOf, type Subject } from '../../permission/decide.ts';
import { knownPermissions } from '../../permission/known.ts';
import { VerbError } from '../../verb-error.ts';
import { isPossible } from '../../verbs/table.ts';
import type { Central } from '../central.ts';
import { mayAdminister, mayKnowPeople } from '../seen.ts';
import { type CentralContext, type CentralHandler, entityOf } from './context.ts';

export const grantHandlers: readonly (readonly [string, CentralHandler])[] = [
  ['permission_get', permissionGet],
  ['permission_set', permissionSet],
  ['permission_explain', permissionExplain],
  ['getroster', getroster],
];

async function permissionGet(context: CentralContext) {
  const { id } = entityOf(context);
  const { grants } = context.central.policies.policy;
  return { grants: grants.filter(({ scope }) => scope === id) };
}

async function permissionSet(
  context: CentralContext,
  params: { who: string; permissions: string[]; remove: boolean; expect?: string[] | undefined },
) {
  const { central, say } = context;
  const { id } = entityOf(context);
  const { who, permissions, remove, expect } = params;
  // To a user who is given nothing, nothing is granted; a role has its own permissions.
  const isGone = remove || (permissions.length === 0 && who.startsWith('user:'));
  if (!isGone) refuseStrangers(central, context.by.user, who, permissions);
  if (!isGone) refuseMore(context, who, permissions);
  refuseOther(`${who} for ${id}`, grantedTo(central.policies.policy, who, id), expect);
  const changes = central.policies.update((policy) =>
    isGone ? removeGrant(policy, who, id) : setGrant(policy, who, id, permissions),
  );
  say(changes.join('; '));
  return { changes };
}

/**
 * Refuses a grant to nobody, and of nothing. Who may not know who there is, is not told.
 * @throws VerbError `not-found`, `invalid`
 */
export function refuseStrangers(
  central: Central,
  by: string,
  who: string,
  permissions: readonly string[],
): void {
  const [kind, name = ''] = who.split(':');
  if (kind === 'user' && !central.users.exists(name)) {
    const known = mayKnowPeople(central, by)
      ? `; there are: ${central.users.names().join(', ')}`
      : '';
    throw new VerbError('not-found', `there is no user '${name}'${known}`);
  }
  if (kind === 'role') permissionsOfRole(central.policies.policy, name);
  refuseUnknown(central, permissions);
}

/** @throws VerbError `invalid` */
export function refuseUnknown({ table }: Central, permissions: readonly string[]): void {
  const known = new Set(knownPermissions(table).map(({ permission }) => permission));
  const unknown = permissions.filter((each) => !known.has(each));
  if (unknown.length > 0)
    throw new VerbError(
      'invalid',
      `there is no permission ${unknown.map((each) => `'${each}'`).join(', ')}`,
      { hint: 'see which there are: skerry cloud permission list' },
    );
}

/** Nobody gives what they have not; what somebody has already may stay. */
function refuseMore(context: CentralContext, who: string, permissions: readonly string[]): void {
  const { central, by } = context;
  const entity = entityOf(context);
  const { policy } = central.policies;
  const has = permissionsOf(policy, by.user, subjectOfGrant(entity));
  if (has.has('all') || mayAdminister(central, by.user)) return;
  const before = policy.grants.find((grant) => grant.who === who && grant.scope === entity.id);
  const ofRole = who.startsWith('role:') && !before ? permissionsOfRole(policy, who.slice(5)) : [];
  const more = [...permissions, ...ofRole].filter(
    (each) => !has.has(each) && !before?.permissions.includes(each),
  );
  if (more.length > 0)
    throw new VerbError(
      'denied',
      `${by.user} may not give ${more.map((each) => `'${each}'`).join(', ')}: nobody gives what they have not`,
      { permission: more[0] },
    );
}

/** What a grant for an entity covers: that for a hypervisor all machines on it, so that one for its tag is not as much. */
function subjectOfGrant(entity: EntityState): Subject {
  const subject = subjectOf(entity);
  return entity.kind === 'hypervisor' ? { ...subject, tags: [] } : subject;
}

async function permissionExplain(
  context: CentralContext,
  params: { user?: string | undefined; verb?: string | undefined },
) {
  const { central, by } = context;
  const entity = entityOf(context);
  const user = params.user ?? by.user;
  if (user !== by.user && !mayAdminister(central, by.user)) {
    const may = central.explain(by.user, entity, 'permission_get');
    if (!may.allowed)
      throw new VerbError('denied', `${by.user} may not ask for others: ${may.because}`, {
        permission: 'permission_get',
      });
  }
  const verbs = central.table
    .of(entity.kind)
    .filter(({ name, command }) => [undefined, name, command].includes(params.verb));
  if (verbs.length === 0)
    throw new VerbError('not-found', `a ${entity.kind} has no verb '${params.verb}'`);
  const { policy } = central.policies;
  return {
    verbs: verbs.map((verb) => ({
      verb: verb.name,
      permission: verb.permission,
      possible: isPossible(verb, entity),
      ...decide(policy, user, verb.permission, subjectOf(entity)),
    })),
  };
}

async function getroster(context: CentralContext) {
  const { users, policies } = context.central;
  const subject = subjectOf(entityOf(context));
  return { users: users.names().filter((user) => maySee(policies.policy, user, subject)) };
}
