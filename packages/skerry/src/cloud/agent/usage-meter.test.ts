import type { DomainStats } from '@skerry/libvirt';
import { expect, test } from 'vitest';
import { type HostStats, UsageMeter } from './usage-meter.ts';

const stats = (params: Record<string, number | bigint>): DomainStats[] => [
  { domain: { uuid: 'u' }, params } as unknown as DomainStats,
];

const host = (cpuNs: bigint, cachedKiB = 0n): HostStats => ({
  cpu: { kernel: cpuNs, user: cpuNs, idle: 7n, iowait: 7n },
  memory: { total: 4096n, free: 1024n, buffers: 0n, cached: cachedKiB },
});

test('usage is the difference of two readings, over the time between them', () => {
  const meter = new UsageMeter('hv1');
  expect(meter.take(stats({ 'cpu.time': 0n }), host(0n), 0)).toEqual([]);
  const second = stats({
    'cpu.time': 1_000_000_000n,
    'balloon.rss': 2048n,
    'block.0.rd.bytes': 100n,
    'block.1.rd.bytes': 300n,
    'net.0.tx.bytes': 50n,
  });
  expect(meter.take(second, host(1_000_000_000n, 1024n), 2000)).toEqual([
    {
      id: 'vm:u',
      cpu: 0.5,
      memoryMiB: 2,
      diskReadBps: 200,
      diskWriteBps: 0,
      netRxBps: 0,
      netTxBps: 25,
    },
    {
      id: 'hypervisor:hv1',
      cpu: 1,
      memoryMiB: 2,
      diskReadBps: 200,
      diskWriteBps: 0,
      netRxBps: 0,
      netTxBps: 25,
    },
  ]);
});

test('a machine that was started anew has used nothing yet, not less than nothing', () => {
  const meter = new UsageMeter('hv1');
  meter.take(stats({ 'cpu.time': 5_000_000_000n }), host(0n), 0);
  expect(meter.take(stats({ 'cpu.time': 0n }), host(0n), 1000)[0]?.cpu).toBe(0);
});

test('a driver that counts nothing of its host gives what its machines use', () => {
  const meter = new UsageMeter('hv1');
  meter.take(stats({ 'cpu.time': 0n }), undefined, 0);
  const usages = meter.take(stats({ 'cpu.time': 1_000_000_000n }), undefined, 1000);
  expect(usages.map(({ id, cpu }) => [id, cpu])).toEqual([['vm:u', 1]]);
});
