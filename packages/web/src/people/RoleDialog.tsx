import { useState } from 'react';
import type { GrantRow, RoleRow } from '../api/types.ts';
import { count } from '../ui/format.ts';
import { act, type Step } from './act.ts';
import { CheckList } from './CheckList.tsx';
import { DifferenceList } from './DifferenceList.tsx';
import { differences, isSame } from './differences.ts';
import { FormDialog } from './FormDialog.tsx';
import { PermissionPicker } from './PermissionPicker.tsx';

export interface RoleDialogProps {
  /** A new one, where none is given. */
  readonly role?: RoleRow;
  readonly taken: readonly string[];
  readonly users: readonly string[];
  readonly onClose: () => void;
}

const NEW: RoleRow = { role: '', permissions: [], members: [], scopes: [] };

/** A role's name, who has it, and what they may do. */
export function RoleDialog({ role: given = NEW, taken, users, onClose }: RoleDialogProps) {
  // As it was when one began: central refuses to replace what somebody has changed since.
  const [role] = useState(given);
  const isNew = role.role === '';
  const [name, setName] = useState(role.role);
  const [permissions, setPermissions] = useState<ReadonlySet<string>>(
    () => new Set(role.permissions),
  );
  const [members, setMembers] = useState<ReadonlySet<string>>(() => new Set(role.members));
  const ofRole = differences(role.permissions, permissions);
  const ofMembers = differences(role.members, members);
  const isRenamed = !isNew && name !== role.role;
  const isTaken = name !== role.role && taken.includes(name);
  const now: RoleRow = {
    ...role,
    role: name,
    permissions: [...permissions],
    members: [...members],
  };
  const all = new Set([...role.members, ...members]);
  return (
    <FormDialog
      title={isNew ? 'New role' : `Role: ${role.role}`}
      action={isNew ? 'Make it' : 'Save'}
      wide
      off={isTaken || (!isNew && !isRenamed && isSame(ofRole) && isSame(ofMembers))}
      onClose={onClose}
      onSubmit={() =>
        act({
          title: isNew ? `Role ${name}` : `Role ${role.role}`,
          steps: stepsTo(now, role),
          undo: isNew ? [{ verb: 'role_remove', params: { role: name } }] : stepsTo(role, now),
        })
      }
    >
      <div className="form-columns">
        <PermissionPicker value={permissions} onChange={setPermissions} />
        <div className="form-side">
          <label className="field">
            <span>Name</span>
            <input
              value={name}
              required
              autoComplete="off"
              spellCheck={false}
              pattern="[a-z][a-z0-9_\-]*"
              aria-invalid={isTaken || undefined}
              data-autofocus={isNew || undefined}
              onChange={(event) => setName(event.target.value)}
            />
            {isTaken && <span className="hint bad">There is a role {name} already</span>}
          </label>
          <CheckList
            legend="Who has it"
            items={users}
            value={members}
            onChange={setMembers}
            none="There are no users."
          />
          <DifferenceList
            of={[
              ['name', differences(isRenamed ? [role.role] : [], isRenamed ? [name] : [])],
              ['permission', ofRole],
              ['member', ofMembers],
            ]}
            note={isNew ? 'Where they may do it is said by a grant.' : reach(all.size, role)}
          />
        </div>
      </div>
    </FormDialog>
  );
}

/** How far a change goes. */
function reach(members: number, { scopes }: RoleRow): string {
  if (members === 0) return 'Nobody has the role yet.';
  const where = scopes.length === 0 ? 'granted nowhere yet' : count(scopes.length, 'grant');
  return `At once for ${count(members, 'user')}; ${where}.`;
}

/** What makes one role the other. */
function stepsTo(to: RoleRow, from: RoleRow): Step[] {
  return [
    ...(from.role !== '' && from.role !== to.role
      ? [{ verb: 'role_rename', params: { role: from.role, to: to.role } }]
      : []),
    ...(from.role === '' || !isSame(differences(from.permissions, to.permissions))
      ? [{ verb: 'role_set', params: setParams(to, from) }]
      : []),
    ...(isSame(differences(from.members, to.members)) ? [] : [membersStep(to, from.members)]),
  ];
}

function setParams({ role, permissions }: RoleRow, from: RoleRow): object {
  return { role, permissions, expect: from.permissions };
}

function membersStep({ role, members }: RoleRow, expect: readonly string[]): Step {
  return { verb: 'role_members', params: { role, users: members, expect } };
}

/** Asks before a role goes. */
export function RemoveRole(props: {
  readonly role: RoleRow;
  readonly grants: readonly GrantRow[];
  readonly onClose: () => void;
}) {
  const { role, grants, onClose } = props;
  const its = grants.filter(({ who }) => who === `role:${role.role}`);
  return (
    <FormDialog
      title={`Remove a role: ${role.role}`}
      action="Remove"
      look="danger"
      onClose={onClose}
      onSubmit={() =>
        act({
          title: `Role ${role.role} is removed`,
          steps: [{ verb: 'role_remove', params: { role: role.role } }],
          undo: [
            { verb: 'role_set', params: { role: role.role, permissions: role.permissions } },
            membersStep(role, []),
            ...its.map((grant) => ({ verb: 'grant_set', params: grant })),
          ],
        })
      }
    >
      <p className="summary">
        {role.members.length > 0 ? `${role.members.join(', ')} had it` : 'Nobody has it'}
        {its.length > 0
          ? `, and ${count(its.length, 'grant')} of it ${its.length === 1 ? 'goes' : 'go'} along.`
          : '; nothing is granted to it.'}
      </p>
    </FormDialog>
  );
}
