import { useState } from 'react';
import type { KnownPermission } from '../api/types.ts';
import { scoreWords } from '../store/search.ts';
import { usePermissions } from './use-people.ts';

export interface PermissionPickerProps {
  readonly value: ReadonlySet<string>;
  readonly onChange: (value: ReadonlySet<string>) => void;
  /** What a role gives already: shown, and not to be chosen. */
  readonly inherited?: readonly string[];
  /** Only what makes sense for a machine: not what is only for hypervisors or the cloud. */
  readonly forMachine?: boolean;
}

const GROUPS: readonly (readonly [KnownPermission['about'], string])[] = [
  ['vm', 'Machines'],
  ['any', 'Machines and hypervisors'],
  ['hypervisor', 'Hypervisors'],
  ['central', 'The cloud'],
];

/** Every permission by its title, with the name that central knows it by. */
export function PermissionPicker(props: PermissionPickerProps) {
  const { value, onChange, inherited = [], forMachine = false } = props;
  const [text, setText] = useState('');
  const known = usePermissions();
  const hasAll = value.has('all');
  const all = known.find(({ permission }) => permission === 'all');
  const others = known.filter(
    (each) =>
      each !== all &&
      (!forMachine || each.about === 'vm' || each.about === 'any') &&
      (text === '' || scoreWords(text, `${each.title} ${each.permission} ${each.summary}`) > 0),
  );
  const toggle = (permission: string): void => {
    const next = new Set(value);
    if (!next.delete(permission)) next.add(permission);
    onChange(next);
  };
  const box = (each: KnownPermission) => (
    <Box
      key={each.permission}
      permission={each}
      isOn={value.has(each.permission)}
      note={noteOf(each.permission)}
      onToggle={() => toggle(each.permission)}
    />
  );
  const noteOf = (permission: string): string | undefined => {
    if (inherited.includes(permission) || inherited.includes('all')) return 'the role gives it';
    return hasAll && permission !== 'all' ? 'everything is given' : undefined;
  };
  return (
    <fieldset className="picker">
      <legend>May do</legend>
      {all && box(all)}
      <input
        type="search"
        aria-label="Find a permission"
        placeholder="Find a permission"
        value={text}
        onChange={(event) => setText(event.target.value)}
      />
      <div className="picker-list">
        {GROUPS.map(([about, title]) => {
          const mine = others.filter((each) => each.about === about);
          return (
            mine.length > 0 && (
              <div key={about} role="group" aria-label={title}>
                <h3>{title}</h3>
                {mine.map(box)}
              </div>
            )
          );
        })}
        {others.length === 0 && <p className="quiet">No permission is called so.</p>}
      </div>
    </fieldset>
  );
}

interface BoxProps {
  readonly permission: KnownPermission;
  readonly isOn: boolean;
  /** Why it cannot be chosen. */
  readonly note: string | undefined;
  readonly onToggle: () => void;
}

function Box({ permission: { permission, title, summary }, isOn, note, onToggle }: BoxProps) {
  return (
    <label className="picker-box" title={summary}>
      <input
        type="checkbox"
        checked={isOn || note !== undefined}
        disabled={note !== undefined}
        onChange={onToggle}
      />
      <span className="picker-title">{title}</span>
      <span className="picker-name">{note ?? permission}</span>
    </label>
  );
}
