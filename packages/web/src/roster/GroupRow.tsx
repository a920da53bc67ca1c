import { Link } from '@tanstack/react-router';
import { useMemo } from 'react';
import { useCloud } from '../store/cloud.ts';
import { loads } from '../store/roster.ts';
import { hypervisorOf } from '../store/state.ts';
import { collapsed, cursor } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Bar } from '../ui/bits.tsx';
import { formatMiB } from '../ui/format.ts';
import { Icon } from '../ui/Icon.tsx';
import { useDropTarget } from '../migrate/use-drop-target.ts';
import { Lamp } from './Lamp.tsx';

export interface GroupRowProps {
  readonly name: string;
  readonly shown: number;
  readonly filtered: boolean;
}

export function GroupRow({ name, shown, filtered }: GroupRowProps) {
  const id = `hypervisor:${name}`;
  const host = useCloud((state) => hypervisorOf(state, name));
  const entities = useCloud((state) => state.entities);
  const load = useMemo(() => loads(entities).get(name), [entities, name]);
  const folded = useObservable(collapsed, (all) => all.includes(name));
  const isCursor = useObservable(cursor, (at) => at === id);
  const drop = useDropTarget(name);
  const total = load?.total ?? 0;
  const used = load?.usedMiB ?? 0;
  return (
    <div className={`group-row ${isCursor ? 'cursor' : ''} ${drop.look}`} {...drop.handlers}>
      <button
        type="button"
        className="fold"
        aria-expanded={!folded}
        aria-label={`${folded ? 'Show' : 'Hide'} the machines of ${name}`}
        onClick={() =>
          collapsed.update((all) => (folded ? all.filter((each) => each !== name) : [...all, name]))
        }
      >
        <Icon name={folded ? 'chevron' : 'down'} size={14} />
      </button>
      <Link to="/hypervisor/$name/{-$tab}" params={{ name }} className="row-link" draggable={false}>
        <Lamp name={name} />
        <span className="row-name">{name}</span>
        {host?.drained && <span className="tag">drained</span>}
        {drop.note ? (
          <span className="drop-note">{drop.note}</span>
        ) : (
          <span className="group-load">
            <span className="row-count">
              {filtered ? `${shown} of ${total}` : `${load?.running ?? 0} / ${total} on`}
            </span>
            {host && (
              <Bar
                part={used / Math.max(1, host.memoryMiB)}
                label={`${formatMiB(used)} of ${formatMiB(host.memoryMiB)} memory in use`}
              />
            )}
          </span>
        )}
      </Link>
    </div>
  );
}
