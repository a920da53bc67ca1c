// Changes of who may do what, each a new policy, and what one has changed in words. Pure.
import { VerbError } from '../verb-error.ts';
import { type Policy, rolesOf } from './policy.ts';

type Next = Omit<Policy, 'version'>;

/** Makes somebody an administrator, or no longer. @throws VerbError `conflict` for the last one */
export function setAdmin(policy: Policy, user: string, on: boolean): Next {
  const admins = policy.admins.filter((each) => each !== user);
  if (on) return { ...policy, admins: [...admins, user] };
  if (admins.length === 0 && policy.admins.length > 0)
    throw new VerbError(
      'conflict',
      `${user} is the last administrator: make somebody else one first`,
    );
  return { ...policy, admins };
}

/** Gives a user these roles and no others. @throws VerbError `not-found` */
export function setRolesOf(policy: Policy, user: string, roles: readonly string[]): Next {
  for (const role of roles) permissionsOfRole(policy, role);
  const { [user]: _, ...others } = policy.members;
  const members = roles.length > 0 ? { ...others, [user]: [...new Set(roles)] } : others;
  return { ...policy, members };
}

/** Gives a role to these users and to no others. @throws VerbError `not-found` */
export function setMembersOf(policy: Policy, role: string, users: readonly string[]): Next {
  permissionsOfRole(policy, role);
  const wanted = new Set(users);
  const members = Object.fromEntries(
    [...new Set([...Object.keys(policy.members), ...users])].flatMap((user) => {
      const others = rolesOf(policy, user).filter((each) => each !== role);
      const roles = wanted.has(user) ? [...others, role] : others;
      return roles.length > 0 ? [[user, roles] as const] : [];
    }),
  );
  return { ...policy, members };
}

/** Makes a role, or changes what all who have it may do. */
export function setRole(policy: Policy, role: string, permissions: readonly string[]): Next {
  return { ...policy, roles: { ...policy.roles, [role]: [...new Set(permissions)] } };
}

/** Another name for a role; who has it and what was granted to it stay. @throws VerbError `not-found`, `conflict` */
export function renameRole(policy: Policy, role: string, to: string): Next {
  permissionsOfRole(policy, role);
  if (Object.hasOwn(policy.roles, to))
    throw new VerbError('conflict', `there is a role '${to}' already`);
  const renamed = (each: string): string => (each === role ? to : each);
  return {
    ...policy,
    roles: mapKeys(policy.roles, renamed),
    members: Object.fromEntries(
      Object.entries(policy.members).map(([user, roles]) => [user, roles.map(renamed)]),
    ),
    grants: policy.grants.map((grant) =>
      grant.who === `role:${role}` ? { ...grant, who: `role:${to}` } : grant,
    ),
  };
}

/** Nobody has it any more, and what was granted to it is gone. @throws VerbError `not-found` */
export function removeRole(policy: Policy, role: string): Next {
  const { members } = setMembersOf(policy, role, []);
  const { [role]: _, ...roles } = policy.roles;
  return { ...policy, roles, members, grants: grantsWithout(policy, `role:${role}`) };
}

/** Nothing of a user's is left. @throws VerbError `conflict` for the last administrator */
export function removeUser(policy: Policy, user: string): Next {
  const { admins } = policy.admins.includes(user) ? setAdmin(policy, user, false) : policy;
  const { members } = setRolesOf(policy, user, []);
  return { ...policy, admins, members, grants: grantsWithout(policy, `user:${user}`) };
}

/** What somebody may do with what `scope` names: this and nothing else. A role with no more than its own has `[]`. */
export function setGrant(
  policy: Policy,
  who: string,
  scope: string,
  permissions: readonly string[],
): Next {
  const { grants } = removeGrant(policy, who, scope);
  return { ...policy, grants: [...grants, { who, scope, permissions: [...new Set(permissions)] }] };
}

export function removeGrant(policy: Policy, who: string, scope: string): Next {
  const isIt = (grant: Policy['grants'][number]): boolean =>
    grant.who === who && grant.scope === scope;
  return { ...policy, grants: policy.grants.filter((grant) => !isIt(grant)) };
}

/** What somebody may do with what `scope` names by a grant for just that. */
export function grantedTo({ grants }: Policy, who: string, scope: string): readonly string[] {
  return grants.find((grant) => grant.who === who && grant.scope === scope)?.permissions ?? [];
}

/**
 * Refuses to replace a set by whoever looked at another one: what somebody else has taken away meanwhile stays away.
 * @param expect what it was when they looked; undefined for whoever did not say
 * @throws VerbError `conflict`
 */
export function refuseOther(
  what: string,
  now: readonly string[],
  expect: readonly string[] | undefined,
): void {
  if (expect === undefined || isSameSet(now, expect)) return;
  throw new VerbError(
    'conflict',
    `${what} was changed meanwhile: now it is ${now.join(', ') || 'nothing'}`,
    { hint: 'look at it again, and change it then' },
  );
}

/** What a role may do. @throws VerbError `not-found` */
export function permissionsOfRole({ roles }: Policy, role: string): readonly string[] {
  const found = Object.hasOwn(roles, role) ? roles[role] : undefined;
  if (found) return found;
  const known = Object.keys(roles).join(', ') || 'none';
  throw new VerbError('not-found', `there is no role '${role}'; there are: ${known}`);
}

/**
 * What is different, a line each, with what was taken away and what was given.
 *
 * @example
 * changesOf(before, setRole(before, 'operator', ['create'])); // ['role operator: - destroy']
 */
export function changesOf(before: Next, after: Next): string[] {
  return [
    ...differences('administrators', before.admins, after.admins),
    ...differencesIn('role ', before.roles, after.roles),
    ...differencesIn('roles of ', before.members, after.members),
    ...differencesIn('', byHolder(before), byHolder(after)),
  ];
}

function differencesIn(
  words: string,
  before: Readonly<Record<string, readonly string[]>>,
  after: Readonly<Record<string, readonly string[]>>,
): string[] {
  return [...new Set([...Object.keys(before), ...Object.keys(after)])].flatMap((name) => {
    const [was, is] = [own(before, name), own(after, name)];
    if (was && is) return differences(`${words}${name}`, was, is);
    const kept = (was ?? is ?? []).join(', ') || 'nothing of its own';
    return [`${is ? '+' : '-'} ${words}${name}: ${kept}`];
  });
}

function differences(words: string, was: readonly string[], is: readonly string[]): string[] {
  const signs = [
    ...is.filter((each) => !was.includes(each)).map((each) => `+ ${each}`),
    ...was.filter((each) => !is.includes(each)).map((each) => `- ${each}`),
  ];
  return signs.length > 0 ? [`${words}: ${signs.join(', ')}`] : [];
}

function byHolder({ grants }: Next): Record<string, readonly string[]> {
  return Object.fromEntries(
    grants.map(({ who, scope, permissions }) => [`${who} for ${scope}`, permissions]),
  );
}

function grantsWithout({ grants }: Policy, who: string): Policy['grants'] {
  return grants.filter((grant) => grant.who !== who);
}

function isSameSet(some: readonly string[], others: readonly string[]): boolean {
  const [ones, twos] = [new Set(some), new Set(others)];
  return ones.size === twos.size && [...ones].every((each) => twos.has(each));
}

function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function mapKeys<T>(record: Readonly<Record<string, T>>, to: (key: string) => string) {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [to(key), value]));
}
