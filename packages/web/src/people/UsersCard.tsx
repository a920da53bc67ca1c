import { Link } from '@tanstack/react-router';
import { useState } from 'react';
import type { RoleRow, UserRow } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { Ago, Tags } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';
import { Menu, type MenuItem } from '../ui/Menu.tsx';
import { Table } from '../ui/Table.tsx';
import { AddUser, EditUser, NewLink, RemoveUser } from './UserDialogs.tsx';

type Asked = 'roles' | 'link' | 'remove';

export interface UsersCardProps {
  readonly users: readonly UserRow[];
  readonly roles: readonly RoleRow[];
}

/** Who may log in. */
export function UsersCard({ users, roles }: UsersCardProps) {
  const [isAdding, setAdding] = useState(false);
  return (
    <section className="card users">
      <header className="card-head">
        <h2>Users</h2>
        <span className="quiet">They log in by a password, or by a one-time link</span>
        <Button look="primary" icon="plus" className="at-end" onClick={() => setAdding(true)}>
          Add a user
        </Button>
      </header>
      <Table columns={['Name', 'Roles', 'Logs in by', 'Last seen', null]}>
        {users.map((user) => (
          <tr key={user.user}>
            <th scope="row">
              <Link to="/people/$user" params={{ user: user.user }} className="person">
                <span className="avatar small" aria-hidden="true">
                  {user.user.slice(0, 1).toUpperCase()}
                </span>
                {user.user}
              </Link>
            </th>
            <td>
              <UserTags user={user} />
            </td>
            <td>{user.hasPassword ? 'password' : 'link only'}</td>
            <td className="nowrap">
              {user.lastSeen ? <Ago at={Date.parse(user.lastSeen)} /> : 'never'}
            </td>
            <td className="row-verbs">
              <UserMenu user={user} roles={roles} />
            </td>
          </tr>
        ))}
      </Table>
      {isAdding && <AddUser roles={roles} onClose={() => setAdding(false)} />}
    </section>
  );
}

export function UserTags({ user: { admin, roles } }: { readonly user: UserRow }) {
  if (!admin && roles.length === 0) return <span className="quiet">no roles</span>;
  return <Tags tags={[...(admin ? ['administrator'] : []), ...roles]} />;
}

export interface UserMenuProps {
  readonly user: UserRow;
  readonly roles: readonly RoleRow[];
  /** Where one is when the user is gone. */
  readonly onGone?: () => void;
}

/** What can be done with a user. */
export function UserMenu({ user, roles, onGone }: UserMenuProps) {
  const me = useCloud((state) => state.user);
  const [asked, setAsked] = useState<Asked>();
  const close = (): void => setAsked(undefined);
  const items: readonly MenuItem[] = [
    { key: 'roles', label: 'Roles…', icon: 'people', run: () => setAsked('roles') },
    { key: 'link', label: 'New login link…', icon: 'resume', run: () => setAsked('link') },
    {
      key: 'remove',
      label: 'Remove…',
      icon: 'trash',
      bad: true,
      first: true,
      off: user.user === me,
      note: user.user === me ? 'nobody removes themselves' : '',
      run: () => setAsked('remove'),
    },
  ];
  return (
    <>
      <Menu
        label={`What can be done with ${user.user}`}
        trigger={<Icon name="more" />}
        className="button ghost square"
        items={items}
      />
      {asked === 'roles' && <EditUser user={user} roles={roles} onClose={close} />}
      {asked === 'link' && <NewLink user={user} onClose={close} />}
      {asked === 'remove' && <RemoveUser user={user} onClose={close} onGone={onGone} />}
    </>
  );
}
