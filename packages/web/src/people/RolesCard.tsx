import { useState } from 'react';
import type { GrantRow, RoleRow, UserRow } from '../api/types.ts';
import { Empty } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { Table } from '../ui/Table.tsx';
import { FewTags } from './FewTags.tsx';
import { RemoveRole, RoleDialog } from './RoleDialog.tsx';
import { Scope } from './Grants.tsx';

export interface RolesCardProps {
  readonly roles: readonly RoleRow[];
  readonly users: readonly UserRow[];
  readonly grants: readonly GrantRow[];
}

/** What people of a kind may do. */
export function RolesCard({ roles, users, grants }: RolesCardProps) {
  const [edited, setEdited] = useState<RoleRow | 'new'>();
  const [removed, setRemoved] = useState<RoleRow>();
  return (
    <section className="card">
      <header className="card-head">
        <h2>Roles</h2>
        <span className="quiet">Live: what a role may do changes for all who have it</span>
        <Button icon="plus" className="at-end" onClick={() => setEdited('new')}>
          New role
        </Button>
      </header>
      {roles.length === 0 ? (
        <Empty icon="people" title="No roles">
          A role is what people of a kind may do, as operators. Without one, grant things to users.
        </Empty>
      ) : (
        <Table columns={['Role', 'May do', 'Who has it', 'Granted for', null]}>
          {roles.map((role) => (
            <tr key={role.role}>
              <th scope="row">{role.role}</th>
              <td className="tags-cell">
                <FewTags tags={role.permissions} />
              </td>
              <td>{role.members.join(', ') || <span className="quiet">nobody</span>}</td>
              <td>
                {role.scopes.length === 0 && <span className="quiet">nothing yet</span>}
                <span className="scopes">
                  {role.scopes.map((scope) => (
                    <Scope key={scope} scope={scope} />
                  ))}
                </span>
              </td>
              <td className="row-verbs">
                <Button look="ghost" onClick={() => setEdited(role)}>
                  Change
                </Button>
                <Button
                  look="ghost"
                  icon="trash"
                  label={`Remove the role ${role.role}`}
                  onClick={() => setRemoved(role)}
                />
              </td>
            </tr>
          ))}
        </Table>
      )}
      {edited && (
        <RoleDialog
          {...(edited !== 'new' && { role: edited })}
          taken={roles.map(({ role }) => role)}
          users={users.map(({ user }) => user)}
          onClose={() => setEdited(undefined)}
        />
      )}
      {removed && (
        <RemoveRole role={removed} grants={grants} onClose={() => setRemoved(undefined)} />
      )}
    </section>
  );
}
