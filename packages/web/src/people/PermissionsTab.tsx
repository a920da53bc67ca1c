import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiPost, errorData, pathOf } from '../api/client.ts';
import { explain } from '../api/explain.ts';
import type { EntityState, GrantRow } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { lastChangeOf } from '../store/last-change.ts';
import { may, permissionsFor } from '../store/state.ts';
import { seeAs } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Problem } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { Icon } from '../ui/Icon.tsx';
import { verbOf } from '../verbs/table.ts';
import { GrantDialog } from './GrantDialog.tsx';
import { Grants } from './Grants.tsx';
import { takeAway } from './PeoplePage.tsx';
import { useHolders } from './use-people.ts';

interface Granted {
  readonly grants: readonly GrantRow[];
}

/** Who may do what with it; and why somebody may or may not. */
export function PermissionsTab({ entity }: { readonly entity: EntityState }) {
  return (
    <div className="two-columns">
      <GrantedCard entity={entity} />
      <WhyCard entity={entity} />
    </div>
  );
}

function GrantedCard({ entity: { id } }: { readonly entity: EntityState }) {
  const mine = useCloud((state) => permissionsFor(state, id));
  const [edited, setEdited] = useState<GrantRow | 'new'>();
  const [mayRead, maySet] = [may(mine, 'permission_get'), may(mine, 'permission_set')];
  const changed = useChanged(id);
  const { data, error } = useQuery({
    queryKey: ['grants', id, changed],
    queryFn: () => apiPost<Granted>(`${pathOf(id)}/permission_get`),
    enabled: mayRead,
    placeholderData: (before) => before,
    staleTime: 0,
  });
  const grants = data?.grants ?? [];
  return (
    <section className="card">
      <header className="card-head">
        <h2>Granted for this one</h2>
        <Button
          icon="lock"
          look={maySet ? 'primary' : 'plain'}
          off={!maySet}
          title={
            maySet
              ? 'Let somebody do something with it'
              : "you lack the permission 'permission_set'"
          }
          onClick={() => setEdited('new')}
        >
          Grant
        </Button>
      </header>
      {error && <Problem title="The permissions cannot be read" text={errorData(error).message} />}
      {mayRead ? (
        <Grants
          grants={grants}
          onChange={maySet ? setEdited : undefined}
          onRemove={(grant) => void takeAway(grant, id)}
        />
      ) : (
        <p className="quiet card-text">You may not see what others may do with it.</p>
      )}
      {edited && (
        <GrantDialog
          grants={grants}
          {...(edited !== 'new' && { grant: edited })}
          entity={id}
          onClose={() => setEdited(undefined)}
        />
      )}
    </section>
  );
}

function WhyCard({ entity }: { readonly entity: EntityState }) {
  const me = useCloud((state) => state.user);
  const chosen = useObservable(seeAs);
  const { users } = useHolders();
  const mayAsk = useCloud((state) => may(permissionsFor(state, entity.id), 'permission_get'));
  const user = mayAsk && chosen !== null ? chosen : me;
  const changed = useChanged(entity.id);
  const why = useQuery({
    queryKey: ['explain', entity.id, user, changed],
    queryFn: () => explain(entity, user),
    placeholderData: (before) => before,
  });
  const choices = mayAsk ? [...new Set([...users, user])].toSorted() : [me];
  return (
    <section className="card">
      <header className="card-head">
        <h2>Why, and why not</h2>
        <select
          aria-label="For whom"
          value={user}
          onChange={(event) => seeAs.set(event.target.value)}
        >
          {choices.map((each) => (
            <option key={each} value={each}>
              {each === me ? `${each} (you)` : each}
            </option>
          ))}
        </select>
      </header>
      {why.error && <Problem title="It is not known" text={errorData(why.error).message} />}
      <ul className="explained">
        {(why.data ?? []).map(({ verb, allowed, because }) => (
          <li key={verb} className={allowed ? 'good' : 'bad'}>
            <Icon name={allowed ? 'check' : 'lock'} size={14} />
            <span>
              <span className="hidden">{allowed ? 'may: ' : 'may not: '}</span>
              {verbOf(entity.kind, verb)?.title ?? verb}
            </span>
            <span className="quiet">{because}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

/** Another one when something was done to it, or to what people may do. */
function useChanged(id: string): string {
  return useCloud((state) => `${lastChangeOf(state, id)} ${lastChangeOf(state, 'central')}`);
}
