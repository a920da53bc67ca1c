// Every permission there is, in words: those of the verbs, and a few that belong to no verb. Pure.
import type { EntityKind } from '../verbs/verb.ts';
import type { VerbTable } from '../verbs/table.ts';

/** Everything about people: whoever has it can give themselves the rest, too. */
export const ADMINISTER = 'administer';

export interface KnownPermission {
  readonly permission: string;
  readonly title: string;
  /** What one may then do. */
  readonly summary: string;
  /** What it is for; `any` for what is for everything. */
  readonly about: EntityKind | 'any';
}

const OF_NO_VERB: readonly KnownPermission[] = [
  {
    permission: 'all',
    title: 'Everything',
    summary: 'all there is, and all that will be',
    about: 'any',
  },
  {
    permission: 'presence',
    title: 'Presence',
    summary: 'see in a chat whether it is there',
    about: 'any',
  },
  { permission: 'message', title: 'Chat', summary: 'talk to it', about: 'any' },
  {
    permission: 'define_host',
    title: 'Parts of the host',
    summary:
      "give its machines devices, folders and programs of the host; 'all' for a machine is not enough",
    about: 'hypervisor',
  },
  {
    permission: ADMINISTER,
    title: 'Administer people',
    summary: 'users, roles and grants: as good as an administrator',
    about: 'central',
  },
];

/** In the order of the verb table; a permission of several verbs has the names of all of them. */
export function knownPermissions({ all }: VerbTable): KnownPermission[] {
  const named = new Map(OF_NO_VERB.map((each) => [each.permission, each]));
  const ofVerbs = new Map<string, KnownPermission>();
  const others = new Set(all.filter(({ open }) => !open).map(({ permission }) => permission));
  const titles = new Map<string, Set<string>>();
  // What everybody may ask for says little of what a permission is for.
  for (const { permission, title, summary, entity, open } of all) {
    if (named.has(permission) || (open && others.has(permission))) continue;
    // What central does with a parked machine is granted for the machine.
    const about = entity === 'central' && open ? 'vm' : entity;
    const before = ofVerbs.get(permission);
    const its = titles.get(permission) ?? new Set<string>();
    titles.set(permission, its.add(title));
    ofVerbs.set(permission, {
      permission,
      title: [...its].join(', '),
      summary: before?.summary ?? summary,
      about: before && before.about !== about ? 'any' : about,
    });
  }
  return [...OF_NO_VERB, ...ofVerbs.values()];
}
