import { lazy, Suspense } from 'react';
import { useUsage } from '../store/usage.ts';
import { formatMiB, formatRate } from '../ui/format.ts';

const Chart = lazy(() => import('./Chart.tsx').then(({ Chart: found }) => ({ default: found })));

export interface UsageChartsProps {
  readonly id: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly on: boolean;
}

/** Two minutes of processor, memory, disk and network, a point each second. */
export function UsageCharts({ id, cpus, memoryMiB, on }: UsageChartsProps) {
  const { samples, version } = useUsage(id);
  const charts = [
    {
      title: 'Processor',
      lines: [
        { name: 'used', values: samples.cpu.map((used) => (used / Math.max(1, cpus)) * 100) },
      ],
      format: (value: number) => `${Math.round(value)} %`,
      max: 100,
    },
    {
      title: 'Memory',
      lines: [{ name: 'used', values: samples.memoryMiB }],
      format: formatMiB,
      max: memoryMiB,
    },
    {
      title: 'Disk',
      lines: [
        { name: 'read', values: samples.diskReadBps },
        { name: 'written', values: samples.diskWriteBps },
      ],
      format: formatRate,
    },
    {
      title: 'Network',
      lines: [
        { name: 'in', values: samples.netRxBps },
        { name: 'out', values: samples.netTxBps },
      ],
      format: formatRate,
    },
  ];
  const isWaiting = samples.at.length < 2;
  return (
    <section className="charts" aria-label="Use in the last two minutes">
      {charts.map(({ title, lines, format, max }) => (
        <figure key={title} className="card chart-card">
          <figcaption>
            <span>{title}</span>
            <span className="chart-now">
              {lines.map(({ name, values }, at) => (
                <span key={name}>
                  {lines.length > 1 && <i className={`line-${at}`} aria-hidden="true" />}
                  {lines.length > 1 && `${name} `}
                  <b>{format(values.at(-1) ?? 0)}</b>
                </span>
              ))}
            </span>
          </figcaption>
          <div className="chart">
            {isWaiting ? (
              <p className="chart-none">{on ? 'The first points are on their way' : 'It is off'}</p>
            ) : (
              <Suspense>
                <Chart
                  at={samples.at}
                  lines={lines.map(({ values }) => values)}
                  version={version}
                  format={format}
                  max={max}
                />
              </Suspense>
            )}
          </div>
        </figure>
      ))}
    </section>
  );
}
