import { useQuery } from '@tanstack/react-query';
import { apiGet, errorData } from '../api/client.ts';
import type { Policy } from '../api/types.ts';
import { useMe } from '../shell/TopBar.tsx';
import { Empty, Problem, Tags } from '../ui/bits.tsx';
import { Grants } from './Grants.tsx';
import { Table } from '../ui/Table.tsx';

export function PeoplePage() {
  const me = useMe();
  const users = useQuery({ queryKey: ['users'], queryFn: () => apiGet<string[]>('users') });
  const policy = useQuery({
    queryKey: ['policy'],
    queryFn: () => apiGet<Policy>('policy'),
    enabled: me?.admin === true,
  });
  if (me && !me.admin)
    return (
      <Empty icon="lock" title="Only an administrator sees all people">
        What you may do with a machine, and why, is on its page under Permissions.
      </Empty>
    );
  const error = users.error ?? policy.error;
  if (error) return <Problem title="The people cannot be read" text={errorData(error).message} />;
  const { admins = [], members = {}, roles = {}, grants = [] } = policy.data ?? {};
  return (
    <div className="content">
      <header className="page-head">
        <h1>People</h1>
        <p className="page-lead">Who may do what. Nobody may do anything that is not given here.</p>
      </header>
      <section className="card">
        <header className="card-head">
          <h2>Users</h2>
          <span className="quiet">They log in by a password, or by a one-time link</span>
        </header>
        <Table columns={['Name', 'Roles', { number: 'Grants of their own' }]}>
          {(users.data ?? []).map((user) => (
            <tr key={user}>
              <th scope="row">
                <span className="person">
                  <span className="avatar small" aria-hidden="true">
                    {user.slice(0, 1).toUpperCase()}
                  </span>
                  {user}
                </span>
              </th>
              <td>
                <Tags
                  tags={[
                    ...(admins.includes(user) ? ['administrator'] : []),
                    ...(members[user] ?? []),
                  ]}
                />
                {!admins.includes(user) && (members[user] ?? []).length === 0 && (
                  <span className="quiet">none</span>
                )}
              </td>
              <td className="number">
                {grants.filter(({ who }) => who === `user:${user}`).length}
              </td>
            </tr>
          ))}
        </Table>
      </section>
      <section className="card">
        <header className="card-head">
          <h2>Roles</h2>
          <span className="quiet">Live: what a role may do changes for all who have it</span>
        </header>
        <dl className="roles">
          {Object.entries(roles).map(([role, permissions]) => (
            <div key={role}>
              <dt>{role}</dt>
              <dd>
                <Tags tags={permissions} />
              </dd>
            </div>
          ))}
        </dl>
      </section>
      <section className="card">
        <header className="card-head">
          <h2>Grants</h2>
        </header>
        <Grants grants={grants} withScope />
      </section>
    </div>
  );
}
