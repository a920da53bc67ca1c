import { useMemo } from 'react';
import { useCloud } from '../store/cloud.ts';
import { hypervisorGroups, isOn } from '../store/roster.ts';
import { mayAnywhere } from '../store/state.ts';
import { formatMiB } from '../ui/format.ts';
import { HypervisorTile } from './HypervisorTile.tsx';
import { NothingYet } from './NothingYet.tsx';

/** The whole cloud at a glance: hypervisors, with their machines as large as their memory. */
export function OverviewPage() {
  const entities = useCloud((state) => state.entities);
  const phase = useCloud((state) => state.phase.is);
  const parked = useCloud((state) => state.parked.length);
  const groups = useCloud(hypervisorGroups);
  const mayMove = useCloud((state) => mayAnywhere(state, 'migrate'));
  const totals = useMemo(() => totalsOf(entities.values()), [entities]);
  if (phase === 'connecting') return <div className="waiting-page" aria-busy="true" />;
  return (
    <div className="content">
      <header className="page-head">
        <h1>Overview</h1>
        {mayMove && groups.length > 1 && (
          <p className="page-lead">Drag a machine onto another hypervisor to move it there.</p>
        )}
      </header>
      <dl className="totals">
        <Total label="Running" value={String(totals.running)} of={`of ${totals.vms}`} />
        <Total label="Paused" value={String(totals.paused)} />
        <Total label="Crashed" value={String(totals.crashed)} bad={totals.crashed > 0} />
        <Total label="Parked" value={String(parked)} />
        <Total
          label="Memory given out"
          value={formatMiB(totals.usedMiB)}
          {...(totals.memoryMiB > 0 && { of: `of ${formatMiB(totals.memoryMiB)}` })}
        />
      </dl>
      {groups.length === 0 ? (
        <NothingYet />
      ) : (
        <div className="tiles">
          {groups.map(({ name }) => (
            <HypervisorTile key={name} name={name} />
          ))}
        </div>
      )}
    </div>
  );
}

interface TotalProps {
  readonly label: string;
  readonly value: string;
  readonly of?: string;
  readonly bad?: boolean;
}

function Total({ label, value, of, bad = false }: TotalProps) {
  return (
    <div className={bad ? 'total bad' : 'total'}>
      <dt>{label}</dt>
      <dd>
        {value} {of && <small>{of}</small>}
      </dd>
    </div>
  );
}

function totalsOf(
  entities: Iterable<Parameters<typeof isOn>[0] | { kind: 'hypervisor'; memoryMiB: number }>,
) {
  const sum = { vms: 0, running: 0, paused: 0, crashed: 0, usedMiB: 0, memoryMiB: 0 };
  for (const each of entities) {
    if (each.kind === 'hypervisor') sum.memoryMiB += each.memoryMiB;
    else {
      sum.vms += 1;
      if (each.state === 'running') sum.running += 1;
      if (each.state === 'paused') sum.paused += 1;
      if (each.state === 'crashed') sum.crashed += 1;
      if (isOn(each)) sum.usedMiB += each.memoryMiB;
    }
  }
  return sum;
}
