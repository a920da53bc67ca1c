import { useCloud } from '../store/cloud.ts';
import { Empty, Tags } from '../ui/bits.tsx';
import { EntityLink } from '../ui/EntityLink.tsx';

interface Grant {
  readonly who: string;
  readonly scope?: string;
  readonly permissions: readonly string[];
}

export interface GrantsProps {
  readonly grants: readonly Grant[];
  readonly withScope?: boolean;
  readonly onChange?: (grant: Grant) => void;
}

export function Grants({ grants, withScope = false, onChange }: GrantsProps) {
  if (grants.length === 0)
    return (
      <Empty icon="lock" title="Nothing is granted here">
        Administrators may do everything. Others see it once something is granted to them.
      </Empty>
    );
  return (
    <div className="table-scroll">
      <table className="table">
        <thead>
          <tr>
            <th>Who</th>
            {withScope && <th>For</th>}
            <th>May do</th>
            {onChange && (
              <th>
                <span className="hidden">Change</span>
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {grants.map((grant) => (
            <tr key={`${grant.who} ${grant.scope}`}>
              <th scope="row">
                {grant.who.slice(grant.who.indexOf(':') + 1)}{' '}
                <span className="quiet">{grant.who.startsWith('role:') ? 'role' : 'user'}</span>
              </th>
              {withScope && (
                <td>
                  <Scope scope={grant.scope ?? ''} />
                </td>
              )}
              <td>
                <Tags
                  tags={grant.permissions.length > 0 ? grant.permissions : ['what the role says']}
                />
              </td>
              {onChange && (
                <td className="row-verbs">
                  <button type="button" className="button ghost" onClick={() => onChange(grant)}>
                    Change
                  </button>
                </td>
              )}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function Scope({ scope }: { readonly scope: string }) {
  const name = useCloud((state) => state.entities.get(scope)?.name);
  if (scope === 'all') return 'everything';
  if (scope.startsWith('tag:')) return <span className="tag">{scope.slice(4)}</span>;
  return <EntityLink id={scope} name={name ?? scope} />;
}
