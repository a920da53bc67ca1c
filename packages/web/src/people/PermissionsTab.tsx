import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { apiGet, apiPost, errorData, pathOf } from '../api/client.ts';
import { explain } from '../api/explain.ts';
import type { EntityState } from '../api/types.ts';
import { cloud, useCloud } from '../store/cloud.ts';
import { lastChangeOf } from '../store/last-change.ts';
import { may, permissionsFor } from '../store/state.ts';
import { Problem } from '../ui/bits.tsx';
import { Icon } from '../ui/Icon.tsx';
import { VerbButton } from '../verbs/VerbButton.tsx';
import { request } from '../verbs/request.ts';
import { verbOf } from '../verbs/table.ts';
import { Grants } from './Grants.tsx';

interface Granted {
  readonly grants: readonly { readonly who: string; readonly permissions: readonly string[] }[];
}

/** Who may do what with it; and why somebody may or may not. */
export function PermissionsTab({ entity }: { readonly entity: EntityState }) {
  const me = useCloud((state) => state.user);
  const mayRead = useCloud((state) => may(permissionsFor(state, entity.id), 'permission_get'));
  const [user, setUser] = useState(me);
  const changed = useCloud((state) => lastChangeOf(state, entity.id));
  const grants = useQuery({
    queryKey: ['grants', entity.id, changed],
    queryFn: () => apiPost<Granted>(`${pathOf(entity.id)}/permission_get`),
    enabled: mayRead,
    placeholderData: (before) => before,
    staleTime: 0,
  });
  const users = useQuery({ queryKey: ['users'], queryFn: () => apiGet<string[]>('users') });
  const why = useQuery({
    queryKey: ['explain', entity.id, user, changed],
    queryFn: () => explain(entity, user),
    placeholderData: (before) => before,
  });
  const change = (grant: {
    readonly who: string;
    readonly permissions: readonly string[];
  }): void => {
    const verb = verbOf(entity.kind, 'permission_set');
    const now = cloud.get().entities.get(entity.id);
    if (verb && now) request([now], verb, grant);
  };
  return (
    <div className="two-columns">
      <section className="card">
        <header className="card-head">
          <h2>Granted for this one</h2>
          <VerbButton entity={entity} verb="permission_set" label="Grant" look="primary" />
        </header>
        {grants.error && (
          <Problem title="The permissions cannot be read" text={errorData(grants.error).message} />
        )}
        {mayRead ? (
          <Grants grants={grants.data?.grants ?? []} onChange={change} />
        ) : (
          <p className="quiet card-text">You may not see what others may do with it.</p>
        )}
      </section>
      <section className="card">
        <header className="card-head">
          <h2>Why, and why not</h2>
          <select
            aria-label="For whom"
            value={user}
            onChange={(event) => setUser(event.target.value)}
          >
            {(users.data ?? [me]).map((each) => (
              <option key={each} value={each}>
                {each === me ? `${each} (you)` : each}
              </option>
            ))}
          </select>
        </header>
        <ul className="explained">
          {(why.data ?? []).map(({ verb, allowed, because }) => (
            <li key={verb} className={allowed ? 'good' : 'bad'}>
              <Icon name={allowed ? 'check' : 'lock'} size={14} />
              <span>{verbOf(entity.kind, verb)?.title ?? verb}</span>
              <span className="quiet">{because}</span>
            </li>
          ))}
        </ul>
      </section>
    </div>
  );
}
