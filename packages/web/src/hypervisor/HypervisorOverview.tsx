import { useMemo } from 'react';
import type { HypervisorState } from '../api/types.ts';
import { UsageCharts } from '../graphs/UsageCharts.tsx';
import { useCloud } from '../store/cloud.ts';
import { loads } from '../store/roster.ts';
import { Ago, Facts } from '../ui/bits.tsx';
import { formatBytes, formatMiB } from '../ui/format.ts';
import { HypervisorTile } from '../overview/HypervisorTile.tsx';

function poolWords({ name, active, availableBytes }: HypervisorState['pools'][number]): string {
  return active ? `${name}, ${formatBytes(availableBytes)} free` : `${name} (not active)`;
}

export function HypervisorOverview({ host }: { readonly host: HypervisorState }) {
  const entities = useCloud((state) => state.entities);
  const load = useMemo(() => loads(entities).get(host.name), [entities, host.name]);
  return (
    <div className="overview-grid">
      <section className="card facts-card" aria-label="Facts">
        <Facts
          rows={[
            ['Machines', `${load?.running ?? 0} running of ${load?.total ?? 0}`],
            [
              'Memory given out',
              `${formatMiB(load?.usedMiB ?? 0)} of ${formatMiB(host.memoryMiB)}`,
            ],
            ['Processors', `${host.cpus}, ${host.cpuModel}`],
            ['Machines come by', host.migrationUri ?? 'nothing: none can be migrated to it'],
            [
              'Networks',
              host.networks
                .map(({ name, active }) => (active ? name : `${name} (down)`))
                .join(', ') || 'none',
            ],
            ['Storage', host.pools.map(poolWords).join(', ') || 'no pool'],
            ['Agent', host.agentVersion],
            ['Agent started', <Ago key="started" at={host.agentStartedAt} />],
          ]}
        />
      </section>
      <HypervisorTile name={host.name} />
      <UsageCharts id={host.id} cpus={host.cpus} memoryMiB={host.memoryMiB} on />
    </div>
  );
}
