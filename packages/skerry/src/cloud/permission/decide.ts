import { type Policy, rolesOf } from './policy.ts';

/** What a decision needs to know of an entity. */
export interface Subject {
  /** `vm:UUID` or `hypervisor:NAME`. */
  readonly id: string;
  /** Where it is: grants for a hypervisor hold for the machines on it. */
  readonly hypervisor: string;
  readonly tags: readonly string[];
}

/** The cloud itself, for what is about no machine and no hypervisor: a grant for `all` covers it. */
export const CENTRAL: Subject = { id: 'central', hypervisor: '', tags: [] };

/** Whether somebody may, and why: the sentence is for people. */
export interface Decision {
  readonly allowed: boolean;
  readonly because: string;
}

/**
 * Whether a user may do what `permission` names to an entity. Default deny.
 *
 * @example
 * const policy = { ...NOBODY, admins: ['ann'] };
 * decide(policy, 'ann', 'create', { id: 'vm:1', hypervisor: 'hv1', tags: [] }).allowed; // true
 */
export function decide(
  policy: Policy,
  user: string,
  permission: string,
  subject: Subject,
): Decision {
  if (policy.admins.includes(user))
    return { allowed: true, because: `${user} is an administrator` };
  for (const grant of policy.grants) {
    const through = holderOf(policy, user, grant.who);
    if (through === undefined || !covers(grant.scope, subject)) continue;
    const named = permissionsIn(policy, grant).find(
      (each) => each === permission || each === 'all',
    );
    if (named !== undefined)
      return {
        allowed: true,
        because: `${through} has '${named}' for ${scopeWords(grant.scope, subject)}`,
      };
  }
  return { allowed: false, because: whyNot(policy, user, permission, subject) };
}

/** All permissions of a user for an entity; `all` stands for every one. */
export function permissionsOf(policy: Policy, user: string, subject: Subject): Set<string> {
  if (policy.admins.includes(user)) return new Set(['all']);
  return new Set(
    policy.grants
      .filter((grant) => holderOf(policy, user, grant.who) && covers(grant.scope, subject))
      .flatMap((grant) => permissionsIn(policy, grant)),
  );
}

/** Whether a user sees an entity at all: whoever may do anything with it does. */
export function maySee(policy: Policy, user: string, subject: Subject): boolean {
  return permissionsOf(policy, user, subject).size > 0;
}

/** What a grant gives: one to a role gives what the role may do now, too. */
function permissionsIn(
  { roles }: Policy,
  { who, permissions }: Policy['grants'][number],
): string[] {
  const role = who.startsWith('role:') ? who.slice(5) : undefined;
  const ofRole = role !== undefined && Object.hasOwn(roles, role) ? (roles[role] ?? []) : [];
  return [...permissions, ...ofRole];
}

function holderOf(policy: Policy, user: string, who: string): string | undefined {
  if (who === `user:${user}`) return user;
  const role = who.startsWith('role:') ? who.slice(5) : undefined;
  if (role !== undefined && rolesOf(policy, user).includes(role)) return `${user}, as ${role},`;
  return undefined;
}

function covers(scope: string, subject: Subject): boolean {
  if (scope === 'all' || scope === subject.id) return true;
  if (scope.startsWith('hypervisor:')) return scope.slice(11) === subject.hypervisor;
  return scope.startsWith('tag:') && subject.tags.includes(scope.slice(4));
}

/** A machine's uuid says nothing to people, and not everybody who decides knows the names of others. */
function scopeWords(scope: string, { id }: Subject): string {
  if (scope === 'all') return 'everything';
  if (!scope.startsWith('vm:')) return scope;
  return scope === id ? 'this machine' : 'other machines';
}

function whyNot(policy: Policy, user: string, permission: string, subject: Subject): string {
  const roles = rolesOf(policy, user);
  const elsewhere = policy.grants
    .filter((grant) => holderOf(policy, user, grant.who) && !covers(grant.scope, subject))
    .map((grant) => scopeWords(grant.scope, subject));
  const has = [...permissionsOf(policy, user, subject)].toSorted();
  const here = has.length > 0 ? `here ${user} has ${has.join(', ')}` : `${user} has nothing here`;
  const there =
    elsewhere.length > 0 ? `; what ${user} has is for ${[...new Set(elsewhere)].join(', ')}` : '';
  const as = roles.length > 0 ? ` (roles: ${roles.join(', ')})` : '';
  return `'${permission}' is missing: ${here}${there}${as}`;
}
