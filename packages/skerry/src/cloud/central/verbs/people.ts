// Users, roles and grants of the whole cloud. Whoever comes here may administer, but for what is open to all (tokens.ts).
import {
  grantedTo,
  refuseOther,
  removeGrant,
  removeRole,
  removeUser,
  renameRole,
  setAdmin,
  setGrant,
  setMembersOf,
  setRole,
  setRolesOf,
} from '../../permission/change.ts';
import { rolesOf } from '../../permission/policy.ts';
import { hypervisorId, type VmState, vmId } from '../../entity.ts';
import { VerbError } from '../../verb-error.ts';
import type * as verbs from '../../verbs/people.ts';
import type { z } from 'zod';
import type { Central } from '../central.ts';
import type { CentralContext, CentralHandler } from './context.ts';
import { refuseStrangers, refuseUnknown } from './grants.ts';
import { issueLink, refuseNobody } from './logins.ts';

type Params<Verb extends { readonly params: z.ZodObject }> = z.output<Verb['params']>;
type Update = Parameters<Central['policies']['update']>[0];

export const peopleHandlers: readonly (readonly [string, CentralHandler])[] = [
  ['user_list', userList],
  ['user_add', userAdd],
  ['user_remove', userRemove],
  ['user_admin', userAdmin],
  ['user_roles', userRoles],
  ['user_sees', userSees],
  ['role_list', roleList],
  ['role_set', roleSet],
  ['role_members', roleMembers],
  ['role_rename', roleRename],
  ['role_remove', roleRemove],
  ['grant_list', grantList],
  ['grant_set', grantSet],
  ['grant_remove', grantRemove],
];

async function userList({ central }: CentralContext) {
  const { policy } = central.policies;
  const jobs = central.schedule.counts();
  return {
    users: central.users.list().map(({ name, seenAt, ...user }) => ({
      ...user,
      user: name,
      admin: policy.admins.includes(name),
      roles: rolesOf(policy, name),
      grants: policy.grants.filter(({ who }) => who === `user:${name}`).length,
      jobs: jobs.get(name) ?? 0,
      lastSeen: seenAt === 0 ? '' : new Date(seenAt).toISOString(),
    })),
  };
}

async function userAdd(context: CentralContext, params: Params<typeof verbs.userAdd>) {
  const { central } = context;
  const { user, roles, password } = params;
  // Before anything is made: a role that is not there is said.
  setRolesOf(central.policies.policy, user, roles);
  if (!(await central.users.add(user, password)))
    throw new VerbError('conflict', `there is a user '${user}' already`);
  const { changes } = change(context, (policy) => setRolesOf(policy, user, roles));
  context.say([`+ user ${user}`, ...changes].join('; '));
  if (password !== undefined) return { link: null, expires: null };
  return issueLink(central, user);
}

/** Rights first: whatever happens then, nobody is left who may do something. */
async function userRemove(context: CentralContext, { user }: Params<typeof verbs.userRemove>) {
  const { central, by } = context;
  refuseNobody(central, user);
  if (user === by.user)
    throw new VerbError('conflict', 'nobody removes themselves: ask another administrator');
  const found = central.users.list().find(({ name }) => name === user);
  const { changes } = change(context, (policy) => removeUser(policy, user));
  central.asked.dropUser(user);
  const jobs = central.schedule.dropUser(user);
  central.users.remove(user);
  context.say([`- user ${user}`, ...changes].join('; '));
  return { changes, sessions: found?.sessions ?? 0, tokens: found?.tokens ?? 0, jobs };
}

async function userAdmin(context: CentralContext, { user, on }: Params<typeof verbs.userAdmin>) {
  refuseNobody(context.central, user);
  return change(context, (policy) => setAdmin(policy, user, on));
}

async function userRoles(context: CentralContext, params: Params<typeof verbs.userRoles>) {
  refuseNobody(context.central, params.user);
  const { user, roles, expect } = params;
  return change(context, (policy) => {
    refuseOther(`roles of ${user}`, rolesOf(policy, user), expect);
    return setRolesOf(policy, user, roles);
  });
}

async function userSees({ central }: CentralContext, { user }: Params<typeof verbs.userSees>) {
  refuseNobody(central, user);
  return {
    entities: central.registry.all.flatMap((entity) => {
      const permissions = [...central.permissions(user, entity)].toSorted();
      return permissions.length > 0 ? [{ entity: entity.id, name: entity.name, permissions }] : [];
    }),
  };
}

async function roleList({ central }: CentralContext) {
  const { policy } = central.policies;
  return {
    roles: Object.entries(policy.roles).map(([role, permissions]) => ({
      role,
      permissions,
      members: central.users.names().filter((user) => rolesOf(policy, user).includes(role)),
      scopes: policy.grants.filter(({ who }) => who === `role:${role}`).map(({ scope }) => scope),
    })),
  };
}

async function roleSet(context: CentralContext, params: Params<typeof verbs.roleSet>) {
  refuseUnknown(context.central, params.permissions);
  const { role, permissions, expect } = params;
  return change(context, (policy) => {
    const now = Object.hasOwn(policy.roles, role) ? policy.roles[role] : undefined;
    refuseOther(`role ${role}`, now ?? [], expect);
    return setRole(policy, role, permissions);
  });
}

async function roleMembers(context: CentralContext, params: Params<typeof verbs.roleMembers>) {
  for (const user of params.users) refuseNobody(context.central, user);
  const { role, users, expect } = params;
  return change(context, (policy) => {
    const now = Object.keys(policy.members).filter((user) => rolesOf(policy, user).includes(role));
    refuseOther(`who has ${role}`, now, expect);
    return setMembersOf(policy, role, users);
  });
}

async function roleRename(context: CentralContext, params: Params<typeof verbs.roleRename>) {
  return change(context, (policy) => renameRole(policy, params.role, params.to));
}

async function roleRemove(context: CentralContext, { role }: Params<typeof verbs.roleRemove>) {
  return change(context, (policy) => removeRole(policy, role));
}

async function grantList({ central }: CentralContext) {
  const machines = [...central.parking.list(), ...central.places.vms];
  const names = new Map<string, string>(machines.map(({ uuid, name }) => [vmId(uuid), name]));
  const { grants } = central.policies.policy;
  return { grants: grants.map((grant) => ({ ...grant, name: names.get(grant.scope) ?? '' })) };
}

async function grantSet(context: CentralContext, params: Params<typeof verbs.grantSet>) {
  const { central, by } = context;
  const { who, permissions } = params;
  const scope = scopeOf(central, params.scope);
  refuseStrangers(central, by.user, who, permissions);
  if (permissions.length === 0 && who.startsWith('user:'))
    throw new VerbError('invalid', `say what ${who} may do: a user has no permissions of its own`, {
      hint: `take a grant away: skerry cloud grant remove ${who} ${scope}`,
    });
  return change(context, (policy) => {
    refuseOther(`${who} for ${scope}`, grantedTo(policy, who, scope), params.expect);
    return setGrant(policy, who, scope, permissions);
  });
}

async function grantRemove(context: CentralContext, params: Params<typeof verbs.grantRemove>) {
  const { who } = params;
  const { grants } = context.central.policies.policy;
  const isGiven = (to: string): boolean =>
    grants.some((grant) => grant.who === who && grant.scope === to);
  // What is gone by now can still be taken away, as it is listed.
  const scope = isGiven(params.scope) ? params.scope : scopeOf(context.central, params.scope);
  if (!isGiven(scope))
    throw new VerbError('not-found', `nothing is granted to ${who} for ${scope}`);
  return change(context, (policy) => removeGrant(policy, who, scope));
}

/**
 * The policy's words for what people say: a machine's name becomes its uuid, which it keeps wherever it goes.
 *
 * @throws VerbError `not-found`, `conflict`: a grant for what is not there would wait for somebody to take its name
 */
function scopeOf({ registry, parking }: Central, said: string): string {
  const colon = said.indexOf(':');
  const [kind, name] = [said.slice(0, colon), said.slice(colon + 1)];
  if (kind === 'hypervisor' && !registry.get(hypervisorId(name)))
    throw new VerbError('not-found', `there is no hypervisor '${name}'`, {
      hint: 'see which there are: skerry hypervisor list',
    });
  if (kind !== 'vm') return said;
  const found = registry.findVm(name);
  const parked = parking.list().filter((each) => each.uuid === name || each.name === name);
  const uuids = [...(Array.isArray(found) ? found : [found as VmState]), ...parked];
  if (uuids.length > 1)
    throw new VerbError('conflict', `${uuids.length} machines are called '${name}': say the uuid`);
  const [one] = uuids;
  if (!one)
    throw new VerbError('not-found', `there is no machine '${name}'`, {
      hint: 'see which there are: skerry vm list; skerry cloud parked',
    });
  return vmId(one.uuid);
}

/** Changes who may do what; agents are told, and what it was is noted. */
function change({ central, say }: CentralContext, update: Update): { changes: string[] } {
  const changes = central.policies.update(update);
  say(changes.join('; '));
  return { changes };
}
