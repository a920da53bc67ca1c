import { useEffect, useRef } from 'react';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { theme } from '../store/ui.ts';
import { useSystemDark } from './use-system-dark.ts';
import { useObservable } from '../store/use-observable.ts';

export interface ChartProps {
  readonly at: readonly number[];
  readonly lines: readonly (readonly number[])[];
  /** Another number when there are more points: the columns are changed in place. */
  readonly version: number;
  readonly format: (value: number) => string;
  readonly max?: number | undefined;
}

const HEIGHT = 116;
const SECONDS = 120;

export function Chart({ at, lines, version, format, max }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot>(undefined);
  const mode = `${useObservable(theme)} ${useSystemDark()}`;
  const count = lines.length;
  useEffect(() => {
    const element = place.current;
    if (!element) return undefined;
    const made = new uPlot(options(element, count, format, max), [[]], element);
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
    // The format is the same function for the same chart.
  }, [count, max, mode]);
  useEffect(() => {
    const now = at.at(-1) ?? 0;
    plot.current?.setData([at, ...lines] as uPlot.AlignedData, false);
    plot.current?.setScale('x', { min: now - SECONDS, max: now });
  }, [version, mode, count, at, lines]);
  return <div ref={place} />;
}

function options(
  element: HTMLElement,
  lines: number,
  format: (value: number) => string,
  max: number | undefined,
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
      y: { range: (_, __, top) => [0, max ?? Math.max(1024, (top ?? 0) * 1.15)] },
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

function clock(seconds: number): string {
  return new Date(seconds * 1000).toLocaleTimeString([], {
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
    hour12: false,
  });
}
