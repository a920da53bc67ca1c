import { lazy, Suspense } from 'react';
import { usageSpan } from '../store/ui.ts';
import { useObservable } from '../store/use-observable.ts';
import { formatMiB, formatRate } from '../ui/format.ts';
import { SPANS, useSamples } from './use-samples.ts';

const Chart = lazy(() => import('./Chart.tsx').then(({ Chart: found }) => ({ default: found })));

export interface UsageChartsProps {
  readonly id: string;
  readonly cpus: number;
  readonly memoryMiB: number;
  readonly on: boolean;
}

/** Processor, memory, disk and network: the last two minutes as they come, or further back. */
export function UsageCharts({ id, cpus, memoryMiB, on }: UsageChartsProps) {
  const chosen = useObservable(usageSpan);
  const span = SPANS.find(({ name }) => name === chosen) ?? SPANS[0];
  const { samples, version } = useSamples(id, span);
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
    <section className="charts" aria-label={`Use in the last ${span.words}`}>
      <div className="segments chart-span" role="group" aria-label="How far back">
        {SPANS.map(({ name, label }) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === span.name}
            onClick={() => usageSpan.set(name)}
          >
            {label}
          </button>
        ))}
      </div>
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
              <p className="chart-none">{span.isLive && !on ? 'It is off' : span.none}</p>
            ) : (
              <Suspense>
                <Chart
                  at={samples.at}
                  lines={lines.map(({ values }) => values)}
                  version={version}
                  seconds={span.seconds}
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
