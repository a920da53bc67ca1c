import { useState } from 'react';
import { errorData } from '../api/client.ts';
import type { GrantRow } from '../api/types.ts';
import { useMe } from '../shell/use-me.ts';
import { Empty, Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { toast } from '../ui/toasts.ts';
import { act } from './act.ts';
import { holderName } from './differences.ts';
import { GrantDialog, grantStep, removeStep } from './GrantDialog.tsx';
import { Grants } from './Grants.tsx';
import { RolesCard } from './RolesCard.tsx';
import { useGrants, useRoles, useUsers } from './use-people.ts';
import { UsersCard } from './UsersCard.tsx';

/** Users, roles, and what is granted to them, for who may administer. */
export function PeoplePage() {
  const me = useMe();
  const isMine = me?.administers === true;
  const users = useUsers(isMine);
  const roles = useRoles(isMine);
  const grants = useGrants(isMine);
  if (me && !isMine)
    return (
      <Empty icon="lock" title="Only an administrator sees all people">
        What you may do with a machine, and why, is on its page under Permissions. Your own password
        and tokens are under Your account.
      </Empty>
    );
  const error = users.error ?? roles.error ?? grants.error;
  if (error) return <Problem title="The people cannot be read" text={errorData(error).message} />;
  if (!users.data || !roles.data || !grants.data) return null;
  return (
    <div className="content">
      <header className="page-head">
        <h1>People</h1>
        <p className="page-lead">Who may do what. Nobody may do anything that is not given here.</p>
      </header>
      <UsersCard users={users.data} roles={roles.data} />
      <RolesCard roles={roles.data} users={users.data} grants={grants.data} />
      <GrantsCard grants={grants.data} />
    </div>
  );
}

function GrantsCard({ grants }: { readonly grants: readonly GrantRow[] }) {
  const [edited, setEdited] = useState<GrantRow | 'new'>();
  return (
    <section className="card">
      <header className="card-head">
        <h2>Grants</h2>
        <span className="quiet">Where roles and users may do what</span>
        <Button icon="lock" className="at-end" onClick={() => setEdited('new')}>
          Grant
        </Button>
      </header>
      <Grants
        grants={grants}
        withScope
        onChange={setEdited}
        onRemove={(grant) => void takeAway(grant)}
      />
      {edited && (
        <GrantDialog
          grants={grants}
          {...(edited !== 'new' && { grant: edited })}
          onClose={() => setEdited(undefined)}
        />
      )}
    </section>
  );
}

/** At once, as it can be taken back. */
export async function takeAway(grant: GrantRow, entity?: string): Promise<void> {
  const error = await act({
    title: `Taken from ${holderName(grant.who)}`,
    steps: [removeStep(grant, entity)],
    undo: [grantStep(grant, entity, [])],
  });
  if (error) toast({ tone: 'bad', title: 'It was not taken away', text: error.message });
}
