import { useQuery } from '@tanstack/react-query';
import { Link, useParams } from '@tanstack/react-router';
import { apiPost, errorData } from '../api/client.ts';
import { goTo } from '../shell/navigation.ts';
import { useMe } from '../shell/use-me.ts';
import { useCloud } from '../store/cloud.ts';
import { lastChangeOf } from '../store/last-change.ts';
import { seeAs } from '../store/ui.ts';
import { TokensCard } from '../account/TokensCard.tsx';
import { Ago, Empty, Facts, Problem } from '../ui/bits.tsx';
import { EntityLink } from '../ui/EntityLink.tsx';
import { count } from '../ui/format.ts';
import { Table } from '../ui/Table.tsx';
import { FewTags } from './FewTags.tsx';
import { useRoles, useUsers } from './use-people.ts';
import { UserMenu, UserTags } from './UsersCard.tsx';

interface Seen {
  readonly entities: readonly {
    readonly entity: string;
    readonly name: string;
    readonly permissions: readonly string[];
  }[];
}

/** One user: what they have, and the cloud as they see it. */
export function UserPage() {
  const { user: name } = useParams({ from: '/people/$user' });
  const me = useMe();
  const isMine = me?.administers === true;
  const users = useUsers(isMine);
  const roles = useRoles(isMine);
  const changed = useCloud((state) => lastChangeOf(state, 'central'));
  const seen = useQuery({
    queryKey: ['central', 'user_sees', name, changed],
    queryFn: () => apiPost<Seen>('central/user_sees', { user: name }),
    placeholderData: (before) => before,
    staleTime: 0,
    enabled: isMine,
  });
  if (me && !isMine) return <Empty icon="lock" title="Only an administrator sees other people" />;
  if (users.error)
    return <Problem title="The user cannot be read" text={errorData(users.error).message} />;
  if (!users.data) return null;
  const user = users.data.find((each) => each.user === name);
  if (!user)
    return (
      <Empty icon="people" title={`There is no user ${name}`}>
        They may have been removed: the log says by whom.
      </Empty>
    );
  const entities = seen.data?.entities ?? [];
  return (
    <div className="content">
      <header className="page-head">
        <Link to="/people" className="crumb">
          People
        </Link>
        <div className="entity-title">
          <span className="avatar" aria-hidden="true">
            {name.slice(0, 1).toUpperCase()}
          </span>
          <h1>{name}</h1>
          <UserTags user={user} />
          <UserMenu user={user} roles={roles.data ?? []} onGone={() => goTo('/people')} />
        </div>
      </header>
      <div className="two-columns">
        <section className="card">
          <header className="card-head">
            <h2>As {name} sees it</h2>
            <span className="quiet">
              {user.admin
                ? 'Everything, as an administrator'
                : 'Choose one to see why, and why not'}
            </span>
          </header>
          {entities.length === 0 ? (
            <Empty icon="machine" title={`${name} sees nothing`}>
              Give them a role that is granted somewhere, or grant them something.
            </Empty>
          ) : (
            <Table columns={['Machine or hypervisor', 'May do']}>
              {entities.map(({ entity, name: called, permissions }) => (
                <tr key={entity}>
                  <th scope="row" onClick={() => seeAs.set(name)}>
                    <EntityLink id={entity} name={called} tab="permissions" />
                  </th>
                  <td className="tags-cell">
                    <FewTags tags={permissions} />
                  </td>
                </tr>
              ))}
            </Table>
          )}
        </section>
        <div className="stack">
          <section className="card">
            <Facts
              rows={[
                ['Last seen', user.lastSeen ? <Ago at={Date.parse(user.lastSeen)} /> : 'never'],
                ['Logs in by', user.hasPassword ? 'password' : 'link only'],
                ['Logged in', count(user.sessions, 'session')],
                ['Scheduled', count(user.jobs, 'verb')],
                ['Granted', count(user.grants, 'grant')],
              ]}
            />
          </section>
          <TokensCard {...(me?.user !== name && { user: name })} />
        </div>
      </div>
    </div>
  );
}
