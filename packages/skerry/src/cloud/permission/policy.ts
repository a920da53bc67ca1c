// Who may do what: one document, kept by central, known to every agent, which decides by its last copy when central is
// away. Roles are live: what a role may do changes for all who have it.
import { z } from 'zod';

/** `all`, `vm:UUID`, `hypervisor:NAME` (with the machines on it) or `tag:TAG`. */
export const scope = z
  .string()
  .regex(/^(all|vm:[0-9a-f-]{36}|hypervisor:[a-z0-9-]+|tag:.+)$/, 'all, vm:, hypervisor: or tag:');

const permissions = z.array(z.string());

export const policySchema = z.object({
  /** Higher is newer. */
  version: z.number().int().nonnegative(),
  /** They may do everything, as whoever has the permission `all`. */
  admins: z.array(z.string()),
  roles: z.record(z.string(), permissions),
  /** The roles of users. */
  members: z.record(z.string(), z.array(z.string())),
  grants: z.array(z.object({ who: z.string(), scope, permissions })),
});
export type Policy = z.infer<typeof policySchema>;

/** The roles of a user. */
export function rolesOf({ members }: Pick<Policy, 'members'>, user: string): readonly string[] {
  // Somebody may be called 'constructor'.
  return Object.hasOwn(members, user) ? (members[user] ?? []) : [];
}

/** Nobody may do anything: what an agent has before central told it more. */
export const NOBODY: Policy = { version: 0, admins: [], roles: {}, members: {}, grants: [] };

/** Roles that are there at first; they are changed like any other. */
export const FIRST_ROLES: Policy['roles'] = {
  watcher: ['info', 'nodeinfo', 'rostervm', 'snapshot_get', 'drives_get', 'presence'],
  operator: [
    ...['info', 'nodeinfo', 'rostervm', 'snapshot_get', 'drives_get', 'presence', 'message'],
    ...[
      'create',
      'shutdown',
      'destroy',
      'reboot',
      'suspend',
      'resume',
      'vnc_display',
      'screenshot',
    ],
    ...['snapshot_take', 'snapshot_revert', 'settags'],
  ],
  owner: ['all'],
};
