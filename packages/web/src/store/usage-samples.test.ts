import { expect, test } from 'vitest';
import { addSample, noSamples, withGaps, withHistory } from './usage-samples.ts';

const use = (cpu: number) => ({
  cpu,
  memoryMiB: 0,
  diskReadBps: 0,
  diskWriteBps: 0,
  netRxBps: 0,
  netTxBps: 0,
});

test('two minutes are kept', () => {
  const samples = noSamples();
  for (let at = 1; at <= 200; at += 1) addSample(samples, { at, ...use(at) }, at * 1000);
  expect(samples.at).toHaveLength(121);
  expect(samples.cpu.at(-1)).toBe(200);
});

test('a sample that is no newer is left out', () => {
  const samples = noSamples();
  expect(addSample(samples, { at: 5, ...use(1) }, 5000)).toBe(true);
  expect(addSample(samples, { at: 5, ...use(2) }, 5000)).toBe(false);
  expect(samples.cpu).toEqual([1]);
});

test('what central has kept comes before what came since', () => {
  const samples = noSamples();
  addSample(samples, { at: 3, ...use(3) }, 3000);
  const all = withHistory(samples, [
    { at: 1000, ...use(1) },
    { at: 2000, ...use(2) },
    { at: 3000, ...use(99) },
  ]);
  expect(all.at).toEqual([1, 2, 3]);
  expect(all.cpu).toEqual([1, 2, 3]);
});

test('where nothing was heard for a while there is a gap', () => {
  const point = (minute: number) => ({
    ...{ at: minute * 60_000, cpu: minute, memoryMiB: 1 },
    ...{ diskReadBps: 0, diskWriteBps: 0, netRxBps: 0, netTxBps: 0 },
  });
  const { at, cpu } = withGaps([1, 2, 5].map(point), 60);
  expect(at).toEqual([60, 120, 180, 300]);
  expect(cpu).toEqual([1, 2, null, 5]);
});
