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
  for (const { permission, title, summary, entity } of all) {
    if (named.has(permission)) continue;
    const before = ofVerbs.get(permission);
    const titles = before ? before.title.split(', ') : [];
    ofVerbs.set(permission, {
      permission,
      title: [...new Set([...titles, title])].join(', '),
      summary: before?.summary ?? summary,
      about: before && before.about !== entity ? 'any' : entity,
    });
  }
  return [...OF_NO_VERB, ...ofVerbs.values()];
}
