import type { AuditEntry } from '../api/types.ts';
import { Ago } from '../ui/bits.tsx';
import { EntityLink } from '../ui/EntityLink.tsx';
import { formatDuration } from '../ui/format.ts';
import { Icon } from '../ui/Icon.tsx';
import { useVerbs, verbOf } from '../verbs/table.ts';
import { titleOf } from './log-filter.ts';

export interface LogTableProps {
  readonly entries: readonly AuditEntry[];
  readonly withEntity: boolean;
}

/** Who did what, newest first. */
export function LogTable({ entries, withEntity }: LogTableProps) {
  useVerbs();
  return (
    <div className="table-scroll">
      <table className="table log-table">
        <thead>
          <tr>
            <th>When</th>
            <th>Who</th>
            <th>What</th>
            {withEntity && <th>To</th>}
            <th>Outcome</th>
            <th className="number">Took</th>
          </tr>
        </thead>
        <tbody>
          {entries.map((entry) => (
            <tr key={entry.id} className={entry.outcome}>
              <td className="nowrap">
                <Ago at={entry.at} />
              </td>
              <td className="nowrap">
                {entry.by.user} <span className="quiet">{entry.by.via}</span>
              </td>
              <th scope="row">
                {titleOf(entry)}
                <Params entry={entry} />
              </th>
              {withEntity && (
                <td>
                  <EntityLink id={entry.entity} name={entry.name} />
                </td>
              )}
              <td>
                <span className={`outcome-words ${entry.outcome}`}>
                  <Icon
                    name={{ done: 'check', failed: 'warn', denied: 'lock' }[entry.outcome]}
                    size={14}
                  />
                  {entry.outcome}
                </span>
                {entry.message && <span className="log-message">{entry.message}</span>}
              </td>
              <td className="number nowrap">{formatDuration(entry.durationMs)}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

const SHOWN = 80;

function Params({ entry: { entity, verb, params } }: { readonly entry: AuditEntry }) {
  // Not what central adds for the agents: people are asked for no such thing.
  const asked = verbOf(entity.split(':')[0] ?? '', verb)?.params.properties;
  const text = Object.entries((params ?? {}) as Record<string, unknown>)
    .filter(([name]) => !asked || name in asked)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
  if (text === '') return null;
  return (
    <span className="log-params">{text.length > SHOWN ? `${text.slice(0, SHOWN)}…` : text}</span>
  );
}
