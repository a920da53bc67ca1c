import { useState } from 'react';
import { pathOf } from '../api/client.ts';
import type { GrantRow } from '../api/types.ts';
import { cloud } from '../store/cloud.ts';
import { act, type Step } from './act.ts';
import { DifferenceList } from './DifferenceList.tsx';
import { differences, holderName, isSame, scopeWords } from './differences.ts';
import { FormDialog } from './FormDialog.tsx';
import { PermissionPicker } from './PermissionPicker.tsx';
import { ScopeField } from './ScopeField.tsx';
import { useHolders } from './use-people.ts';

export interface GrantDialogProps {
  /** All there are here: what is granted already is shown when it is chosen. */
  readonly grants: readonly GrantRow[];
  /** The one that is changed; without it, a new one. */
  readonly grant?: GrantRow;
  /** The only entity it can be for. */
  readonly entity?: string;
  readonly onClose: () => void;
}

interface Edited {
  readonly before: GrantRow | undefined;
  readonly chosen: ReadonlySet<string>;
}

/** To whom, for what, and what they may do. */
export function GrantDialog({ grants, grant, entity, onClose }: GrantDialogProps) {
  const { users, roles } = useHolders();
  const [who, setWho] = useState(grant?.who ?? '');
  const [scope, setScope] = useState(grant?.scope ?? entity ?? 'all');
  const [edited, setEdited] = useState<Edited>();
  // As it was when one began: central refuses to replace what somebody has changed since.
  const now = grants.find((each) => each.who === who && each.scope === scope);
  const before = edited ? edited.before : now;
  const chosen = edited?.chosen ?? new Set(before?.permissions);
  const changes = differences(before?.permissions ?? [], chosen);
  const isRole = who.startsWith('role:');
  const inherited = isRole ? (roles[holderName(who)] ?? []) : [];
  // A role that had nothing here is granted as it is.
  const isNew = before === undefined && (isRole || chosen.size > 0);
  const nameOf = (id: string): string | undefined => cloud.get().entities.get(id)?.name;
  const forWhat = scopeWords(scope, nameOf);
  const after = { who, scope, permissions: [...chosen] };
  const isScopeReady = !['tag:', 'vm:', 'hypervisor:'].includes(scope);
  return (
    <FormDialog
      title={grant ? `Grant: ${holderName(who)} for ${forWhat}` : 'Grant'}
      action={before && chosen.size === 0 && !isRole ? 'Take it away' : 'Save'}
      wide
      off={who === '' || !isScopeReady || (isSame(changes) && !isNew)}
      onClose={onClose}
      onSubmit={() =>
        act({
          title: `${holderName(who)}, for ${forWhat}`,
          steps: [grantStep(after, entity, before?.permissions ?? [])],
          undo: [before ? grantStep(before, entity, after.permissions) : removeStep(after, entity)],
        })
      }
    >
      <div className="form-columns">
        <PermissionPicker
          value={chosen}
          onChange={(next) => setEdited({ before, chosen: next })}
          inherited={inherited}
          forMachine={scope.startsWith('vm:')}
        />
        <div className="form-side">
          <label className="field">
            <span>Who</span>
            <select
              value={who}
              required
              disabled={grant !== undefined}
              data-autofocus
              onChange={(event) => {
                setWho(event.target.value);
                setEdited(undefined);
              }}
            >
              <option value="" disabled>
                Choose a user or a role
              </option>
              <optgroup label="Roles">
                {Object.keys(roles).map((role) => (
                  <option key={role} value={`role:${role}`}>
                    {role}
                  </option>
                ))}
              </optgroup>
              <optgroup label="Users">
                {users.map((user) => (
                  <option key={user} value={`user:${user}`}>
                    {user}
                  </option>
                ))}
              </optgroup>
            </select>
            {isRole && (
              <span className="hint">Here everybody in the role may do what the role says.</span>
            )}
          </label>
          {entity === undefined && (
            <ScopeField
              value={scope}
              isFixed={grant !== undefined}
              onChange={(next) => {
                setScope(next);
                setEdited(undefined);
              }}
            />
          )}
          <DifferenceList
            of={[
              ['grant', differences([], isNew && isRole ? [holderName(who)] : [])],
              ['permission', changes],
            ]}
            note={`For ${forWhat}, at once.`}
          />
        </div>
      </div>
    </FormDialog>
  );
}

/**
 * A grant as a verb: of central, or of the entity for who may set its permissions alone.
 * @param expect what was granted until then
 */
export function grantStep(
  { who, scope, permissions }: GrantRow,
  entity: string | undefined,
  expect: readonly string[],
): Step {
  if (permissions.length === 0 && who.startsWith('user:'))
    return removeStep({ who, scope, permissions }, entity);
  return entity === undefined
    ? { verb: 'grant_set', params: { who, scope, permissions, expect } }
    : { verb: 'permission_set', params: { who, permissions, expect }, path: pathOf(entity) };
}

export function removeStep({ who, scope }: GrantRow, entity?: string): Step {
  return entity === undefined
    ? { verb: 'grant_remove', params: { who, scope } }
    : { verb: 'permission_set', params: { who, remove: true }, path: pathOf(entity) };
}
