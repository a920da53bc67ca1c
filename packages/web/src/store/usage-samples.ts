// The last two minutes of what is on the screen: columns of numbers, as charts take them.
import type { Usage, UsageSample } from '../api/types.ts';

export const FIELDS = [
  'cpu',
  'memoryMiB',
  'diskReadBps',
  'diskWriteBps',
  'netRxBps',
  'netTxBps',
] as const;
export type UsageField = (typeof FIELDS)[number];

/** Oldest first. `at` in seconds since 1970; null is a gap, as uPlot takes it. */
export type Samples = { readonly at: number[] } & Readonly<Record<UsageField, Values>>;
export type Values = (number | null)[];

const KEPT = 121;

export function noSamples(): Samples {
  return {
    at: [],
    cpu: [],
    memoryMiB: [],
    diskReadBps: [],
    diskWriteBps: [],
    netRxBps: [],
    netTxBps: [],
  };
}

/** Adds a sample; one that is no newer than the last is left out. Changes `samples`. */
export function addSample(samples: Samples, usage: Usage | UsageSample, atMs: number): boolean {
  const at = atMs / 1000;
  if (at <= (samples.at.at(-1) ?? 0)) return false;
  samples.at.push(at);
  for (const field of FIELDS) samples[field].push(usage[field]);
  if (samples.at.length > KEPT) {
    samples.at.shift();
    for (const field of FIELDS) samples[field].shift();
  }
  return true;
}

/** What central kept from before, in front of what came since. */
export function withHistory(samples: Samples, history: readonly UsageSample[]): Samples {
  const all = noSamples();
  const first = samples.at[0] ?? Infinity;
  for (const sample of history) if (sample.at / 1000 < first) addSample(all, sample, sample.at);
  samples.at.forEach((at, index) => {
    const usage = Object.fromEntries(FIELDS.map((field) => [field, samples[field][index] ?? 0]));
    addSample(all, { ...(usage as unknown as UsageSample), at }, at * 1000);
  });
  return all;
}

/** Points that are further apart than a step and a half have a gap between them: charts draw no line over it. */
export function withGaps(points: readonly UsageSample[], stepSeconds: number): Samples {
  const all = noSamples();
  for (const point of points) {
    const at = point.at / 1000;
    const before = all.at.at(-1);
    if (before !== undefined && at - before > 1.5 * stepSeconds) {
      all.at.push(before + stepSeconds);
      for (const field of FIELDS) all[field].push(null);
    }
    all.at.push(at);
    for (const field of FIELDS) all[field].push(point[field]);
  }
  return all;
}
