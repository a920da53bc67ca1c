// The points of a chart: those that come each second, or what central has kept of longer times.
import { useQuery } from '@tanstack/react-query';
import { apiGet, pathOf } from '../api/client.ts';
import type { UsageSample } from '../api/types.ts';
import { noSamples, type Samples, withGaps } from '../store/usage-samples.ts';
import { useUsage } from '../store/usage.ts';

/** How far back a chart goes. */
export interface Span {
  readonly name: string;
  /** On its button. */
  readonly label: string;
  /** `the last ...` */
  readonly words: string;
  readonly seconds: number;
  /** Between two points. */
  readonly stepSeconds: number;
  readonly isLive: boolean;
  /** While there are no points. */
  readonly none: string;
}

const MINUTE = 60;
const DAY = 24 * 60 * MINUTE;
const span = (name: string, label: string, words: string, seconds: number, step: number): Span => ({
  ...{ name, label, words, seconds, stepSeconds: step, isLive: false },
  none: `A point each ${step < 3600 ? `${step / MINUTE} min` : '3 hours'}: none yet`,
});
export const SPANS: readonly [Span, ...Span[]] = [
  {
    ...span('minutes', '2 min', 'two minutes', 2 * MINUTE, 1),
    ...{ isLive: true, none: 'The first points are on their way' },
  },
  span('hour', '1 hour', 'hour', 60 * MINUTE, MINUTE),
  span('day', '1 day', 'day', DAY, 10 * MINUTE),
  span('month', '30 days', 'thirty days', 30 * DAY, 180 * MINUTE),
];

const NONE = noSamples();

/** `version` says that there are others now. */
export function useSamples(id: string, { name, isLive, stepSeconds }: Span) {
  const live = useUsage(id);
  const { data, dataUpdatedAt } = useQuery({
    queryKey: ['usage', id, name],
    queryFn: async ({ signal }): Promise<Samples> =>
      withGaps(
        await apiGet<UsageSample[]>(`${pathOf(id)}/usage?span=${name}`, signal),
        stepSeconds,
      ),
    enabled: !isLive,
    // Central has a new one as often as that, and not later than it is of use.
    refetchInterval: Math.min(stepSeconds, 10 * MINUTE) * 1000,
  });
  return isLive ? live : { samples: data ?? NONE, version: dataUpdatedAt };
}
