import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { theme } from '../store/ui.ts';
import type { Values } from '../store/usage-samples.ts';
import { useSystemDark } from './use-system-dark.ts';
import { useObservable } from '../store/use-observable.ts';

export interface ChartProps {
  readonly at: readonly number[];
  readonly lines: readonly Values[];
  /** Another number when there are more points: the columns are changed in place. */
  readonly version: number;
  /** How far back it goes. */
  readonly seconds: number;
  readonly format: (value: number) => string;
  readonly max?: number | undefined;
  /** Which point the pointer is at; null when it is not over the chart. */
  readonly onPoint: (index: number | null) => void;
}

const HEIGHT = 116;

export function Chart({ at, lines, version, seconds, format, max, onPoint }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const mode = `${useObservable(theme)} ${useSystemDark()}`;
  const count = lines.length;
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const made = new uPlot(
      {
        ...options(element, count, format, max, clockOf(seconds)),
        hooks: { setCursor: [({ cursor }) => onPoint(cursor.idx ?? null)] },
      },
      [[]],
      element,
    );
    plot.current = made;
    const sizes = new ResizeObserver(() =>
      made.setSize({ width: element.clientWidth, height: HEIGHT }),
    );
    sizes.observe(element);
    return () => {
      sizes.disconnect();
      made.destroy();
      plot.current = undefined;
    };
    // The functions are the same for the same chart.
  }, [count, max, mode, seconds]);
  useEffect(() => {
    const now = at.at(-1) ?? 0;
    plot.current?.setData([at, ...lines] as uPlot.AlignedData, false);
    plot.current?.setScale('x', { min: now - seconds, max: now });
  }, [version, mode, count, at, lines, seconds]);
  return <div ref={place} />;
}

function options(
  element: HTMLElement,
  lines: number,
  format: (value: number) => string,
  max: number | undefined,
  clock: (seconds: number) => string,
): uPlot.Options {
  const colour = (name: string): string => colourOf(element, name);
  const axis = {
    stroke: colour('--text-3'),
    font: '11px "Inter Variable", system-ui, sans-serif',
    ticks: { show: false },
    grid: { stroke: colour('--line'), width: 1 },
  };
  return {
    width: element.clientWidth,
    height: HEIGHT,
    legend: { show: false },
    cursor: { y: false, points: { size: 6 } },
    padding: [8, 4, 0, 0],
    scales: {
      x: { time: true },
      // A line at the known end is not cut in half by the edge.
      y: {
        range: (_, __, top) =>
          max === undefined
            ? [0, Math.max(1024, (top ?? 0) * 1.15)]
            : [0, Math.max(max, top ?? 0) * 1.04],
      },
    },
    axes: [
      {
        ...axis,
        grid: { show: false },
        size: 22,
        values: (_, ticks) => ticks.map(clock),
        space: 90,
      },
      {
        ...axis,
        size: 62,
        space: 36,
        values: (_, ticks) => ticks.map(format),
        // A known end is a line of its own, and its half.
        ...(max && { splits: () => [0, max / 2, max] }),
      },
    ],
    series: [
      {},
      ...Array.from({ length: lines }, (_, at) => ({
        stroke: colour(`--chart-${at}`),
        width: 1.5,
        points: { show: false },
        ...(at === 0 && { fill: colour('--chart-fill') }),
      })),
    ],
  };
}

/** A token as a canvas takes it: it does not know light-dark(). */
function colourOf(element: HTMLElement, name: string): string {
  const probe = element.appendChild(document.createElement('i'));
  probe.style.color = `var(${name})`;
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}

/** How moments are written: to the second in minutes, without it in a day, as dates in a month. */
function clockOf(span: number): (seconds: number) => string {
  const parts: Intl.DateTimeFormatOptions =
    span > 2 * 86_400
      ? { day: 'numeric', month: 'short' }
      : { hour: '2-digit', minute: '2-digit', hour12: false };
  const format = new Intl.DateTimeFormat([], {
    ...parts,
    ...(span < 600 && { second: '2-digit' }),
  });
  return (seconds) => format.format(seconds * 1000);
}
