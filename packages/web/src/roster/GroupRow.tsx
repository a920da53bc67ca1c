import { useCloud } from '../store/cloud.ts';
import { loads } from '../store/roster.ts';
import { hypervisorOf } from '../store/state.ts';
import { cursor, opened } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { Bar } from '../ui/bits.tsx';
import { EntityAnchor } from '../ui/EntityAnchor.tsx';
import { formatMiB } from '../ui/format.ts';
import { useDropTarget } from '../migrate/use-drop-target.ts';
import { Fold } from './Fold.tsx';
import { Lamp } from './Lamp.tsx';

export interface GroupRowProps {
  readonly name: string;
  readonly shown: number;
  readonly filtered: boolean;
}

export function GroupRow({ name, shown, filtered }: GroupRowProps) {
  const id = `hypervisor:${name}`;
  const host = useCloud((state) => hypervisorOf(state, name));
  const running = useCloud((state) => loads(state.entities).get(name)?.running ?? 0);
  const total = useCloud((state) => loads(state.entities).get(name)?.total ?? 0);
  const used = useCloud((state) => loads(state.entities).get(name)?.usedMiB ?? 0);
  const isOpen = useObservable(opened, (at) => at === id);
  const isCursor = useObservable(cursor, (at) => at === id);
  const drop = useDropTarget(name);
  const inside = (
    <>
      {host && <Lamp name={name} />}
      <span className="row-name">{name}</span>
      {host?.drained && <span className="tag">drained</span>}
      {drop.note ? (
        <span className="drop-note">{drop.note}</span>
      ) : (
        <span className="group-load">
          <span className="row-count">
            {filtered ? `${shown} of ${total}` : `${running} / ${total} on`}
          </span>
          {host && (
            <Bar
              part={used / Math.max(1, host.memoryMiB)}
              label={`${formatMiB(used)} of ${formatMiB(host.memoryMiB)} memory in use`}
            />
          )}
        </span>
      )}
    </>
  );
  return (
    <div
      className={`group-row ${isOpen ? 'open' : ''} ${isCursor ? 'cursor' : ''} ${drop.look}`}
      {...drop.handlers}
    >
      <Fold group={name} name={name} />
      {host ? (
        <EntityAnchor
          entity={id}
          className="row-link"
          aria-current={isOpen ? 'page' : undefined}
          draggable={false}
        >
          {inside}
        </EntityAnchor>
      ) : (
        <span className="row-link">{inside}</span>
      )}
    </div>
  );
}
