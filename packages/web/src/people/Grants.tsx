import type { GrantRow } from '../api/types.ts';
import { useCloud } from '../store/cloud.ts';
import { Empty } from '../ui/bits.tsx';
import { Button } from '../ui/Button.tsx';
import { EntityLink } from '../ui/EntityLink.tsx';
import { Table } from '../ui/Table.tsx';
import { FewTags } from './FewTags.tsx';
import { holderName } from './differences.ts';

export interface GrantsProps {
  readonly grants: readonly GrantRow[];
  readonly withScope?: boolean;
  readonly onChange?: ((grant: GrantRow) => void) | undefined;
  readonly onRemove?: ((grant: GrantRow) => void) | undefined;
}

/** Who may do what, and with what. */
export function Grants({ grants, withScope = false, onChange, onRemove }: GrantsProps) {
  if (grants.length === 0)
    return (
      <Empty icon="lock" title="Nothing is granted here">
        Administrators may do everything. Others see it once something is granted to them.
      </Empty>
    );
  const columns = ['Who', ...(withScope ? ['For'] : []), 'May do', ...(onChange ? [null] : [])];
  return (
    <Table columns={columns}>
      {grants.map((grant) => {
        const isRole = grant.who.startsWith('role:');
        return (
          <tr key={`${grant.who} ${grant.scope}`}>
            <th scope="row">
              {holderName(grant.who)} <span className="quiet">{isRole ? 'role' : 'user'}</span>
            </th>
            {withScope && (
              <td>
                <Scope scope={grant.scope} />
              </td>
            )}
            <td className="tags-cell">
              {isRole && <span className="quiet">what the role says </span>}
              {isRole && grant.permissions.length > 0 && <span className="quiet">and </span>}
              <FewTags tags={grant.permissions} />
            </td>
            {onChange && (
              <td className="row-verbs">
                <Button look="ghost" onClick={() => onChange(grant)}>
                  Change
                </Button>
                {onRemove && (
                  <Button
                    look="ghost"
                    icon="trash"
                    label={`Take it from ${holderName(grant.who)}`}
                    onClick={() => onRemove(grant)}
                  />
                )}
              </td>
            )}
          </tr>
        );
      })}
    </Table>
  );
}

/** What a grant is for. */
export function Scope({ scope }: { readonly scope: string }) {
  const name = useCloud((state) => state.entities.get(scope)?.name);
  if (scope === 'all') return 'everything';
  if (scope.startsWith('tag:')) return <span className="tag">{scope.slice(4)}</span>;
  return <EntityLink id={scope} name={name ?? scope.slice(scope.indexOf(':') + 1)} />;
}
