import { lazy, Suspense, useState } from 'react';
import { usageSpan } from '../store/ui.ts';
import type { Samples, Values } from '../store/usage-samples.ts';
import { useObservable } from '../store/use-observable.ts';
import { formatMiB, formatRate } from '../ui/format.ts';
import { type Span, SPANS, useSamples } from './use-samples.ts';

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
        {
          name: 'used',
          values: samples.cpu.map((used) => used && (used / Math.max(1, cpus)) * 100),
        },
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
      {charts.map((chart) => (
        <ChartCard
          key={chart.title}
          {...chart}
          samples={samples}
          version={version}
          span={span}
          none={span.isLive && !on ? 'It is off' : span.none}
        />
      ))}
    </section>
  );
}

interface ChartCardProps {
  readonly title: string;
  readonly lines: readonly { readonly name: string; readonly values: Values }[];
  readonly format: (value: number) => string;
  readonly max?: number | undefined;
  readonly samples: Samples;
  readonly version: number;
  readonly span: Span;
  /** Said while there are no points. */
  readonly none: string;
}

/** Its numbers are the newest, or those that the pointer is at. */
function ChartCard(props: ChartCardProps) {
  const { title, lines, format, max, samples, version, span, none } = props;
  const [point, setPoint] = useState<number | null>(null);
  const moment = point === null ? undefined : samples.at[point];
  return (
    <figure className="card chart-card">
      <figcaption>
        <span>
          {title}
          {moment !== undefined && (
            <small className="quiet"> {new Date(moment * 1000).toLocaleString()}</small>
          )}
        </span>
        <span className="chart-now">
          {lines.map(({ name, values }, at) => (
            <span key={name}>
              {lines.length > 1 && <i className={`line-${at}`} aria-hidden="true" />}
              {lines.length > 1 && `${name} `}
              <b>{numberAt(values, moment === undefined ? null : point, format)}</b>
            </span>
          ))}
        </span>
      </figcaption>
      <div className="chart">
        {samples.at.length < 2 ? (
          <p className="chart-none">{none}</p>
        ) : (
          <Suspense>
            <Chart
              at={samples.at}
              lines={lines.map(({ values }) => values)}
              version={version}
              seconds={span.seconds}
              format={format}
              max={max}
              onPoint={setPoint}
            />
          </Suspense>
        )}
      </div>
    </figure>
  );
}

/** In a gap there is none. */
function numberAt(values: Values, point: number | null, format: (value: number) => string): string {
  const value = point === null ? (values.findLast((each) => each !== null) ?? 0) : values[point];
  return typeof value === 'number' ? format(value) : '–';
}
