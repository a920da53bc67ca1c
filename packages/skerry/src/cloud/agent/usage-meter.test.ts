import type { DomainStats } from '@skerry/libvirt';
import { expect, test } from 'vitest';
import { UsageMeter } from './usage-meter.ts';

const stats = (params: Record<string, number | bigint>): DomainStats[] => [
  { domain: { uuid: 'u' }, params } as unknown as DomainStats,
];

test('usage is the difference of two readings, over the time between them', () => {
  const meter = new UsageMeter();
  expect(meter.take(stats({ 'cpu.time': 0n }), 0)).toEqual([]);
  const second = stats({
    'cpu.time': 1_000_000_000n,
    'balloon.rss': 2048n,
    'block.0.rd.bytes': 100n,
    'block.1.rd.bytes': 300n,
    'net.0.tx.bytes': 50n,
  });
  expect(meter.take(second, 2000)).toEqual([
    {
      id: 'vm:u',
      cpu: 0.5,
      memoryMiB: 2,
      diskReadBps: 200,
      diskWriteBps: 0,
      netRxBps: 0,
      netTxBps: 25,
    },
  ]);
});

test('a machine that was started anew has used nothing yet, not less than nothing', () => {
  const meter = new UsageMeter();
  meter.take(stats({ 'cpu.time': 5_000_000_000n }), 0);
  expect(meter.take(stats({ 'cpu.time': 0n }), 1000)[0]?.cpu).toBe(0);
});
