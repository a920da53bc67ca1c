import { cloud } from '../store/cloud.ts';

const KINDS = [
  ['all', 'Everything'],
  ['tag', 'A tag'],
  ['hypervisor', 'A hypervisor'],
  ['vm', 'A machine'],
] as const;

export interface ScopeFieldProps {
  readonly value: string;
  readonly isFixed: boolean;
  readonly onChange: (scope: string) => void;
}

/** What a grant is for: everything, all with a tag, a hypervisor with its machines, one machine. */
export function ScopeField({ value, isFixed, onChange }: ScopeFieldProps) {
  const colon = value.indexOf(':');
  const kind = colon < 0 ? 'all' : value.slice(0, colon);
  const entities = [...cloud.get().entities.values()];
  const tags = [...new Set(entities.flatMap((each) => each.tags))].toSorted();
  const choices = entities
    .filter((each) => each.kind === kind)
    .toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <div className="field">
      <label htmlFor="scope-kind">For</label>
      <div className="scope-field">
        <select
          id="scope-kind"
          value={kind}
          disabled={isFixed}
          onChange={(event) =>
            onChange(event.target.value === 'all' ? 'all' : `${event.target.value}:`)
          }
        >
          {KINDS.map(([name, label]) => (
            <option key={name} value={name}>
              {label}
            </option>
          ))}
        </select>
        {kind === 'tag' && (
          <input
            aria-label="Tag"
            placeholder="prod"
            list="scope-tags"
            value={value.slice(4)}
            disabled={isFixed}
            required
            autoComplete="off"
            onChange={(event) => onChange(`tag:${event.target.value.trim()}`)}
          />
        )}
        {(kind === 'hypervisor' || kind === 'vm') && (
          <select
            aria-label={kind === 'vm' ? 'Machine' : 'Hypervisor'}
            value={value}
            disabled={isFixed}
            required
            onChange={(event) => onChange(event.target.value)}
          >
            <option value={`${kind}:`} disabled>
              Choose one
            </option>
            {choices.map(({ id, name }) => (
              <option key={id} value={id}>
                {name}
              </option>
            ))}
          </select>
        )}
      </div>
      <datalist id="scope-tags">
        {tags.map((each) => (
          <option key={each} value={each} />
        ))}
      </datalist>
      <span className="hint">
        {
          {
            all: 'Every machine and hypervisor, and the cloud itself',
            tag: 'Whoever may set tags decides which machines have it',
            hypervisor: 'With every machine that is on it',
            vm: 'Wherever it moves to',
          }[kind as 'all' | 'tag' | 'hypervisor' | 'vm']
        }
      </span>
    </div>
  );
}
