// What machines use, from the difference of two readings of libvirt's counters. Pure but for the reading itself.
import type { Connection, DomainStats } from '@skerry/libvirt';
import type { Usage } from '../bus/messages.ts';
import { vmId } from '../entity.ts';

interface Reading {
  readonly atMs: number;
  readonly cpuNs: number;
  readonly memoryKiB: number;
  readonly diskRead: number;
  readonly diskWrite: number;
  readonly netRx: number;
  readonly netTx: number;
}

/** Reads the counters of all running machines, and says what changed since the last time. */
export class UsageMeter {
  #last = new Map<string, Reading>();

  async read(connection: Connection, signal: AbortSignal): Promise<Usage[]> {
    const stats = await connection.domainStats({
      stats: ['cpu-total', 'balloon', 'interface', 'block'],
      active: true,
      noWait: true,
      signal,
    });
    return this.take(stats, performance.now());
  }

  /** A machine's first reading gives no usage. */
  take(stats: readonly DomainStats[], atMs: number): Usage[] {
    const readings = new Map(
      stats.map(({ domain, params }) => [domain.uuid, toReading(params, atMs)]),
    );
    const usages = [...readings].flatMap(([uuid, now]) => {
      const before = this.#last.get(uuid);
      return before ? [toUsage(uuid, before, now)] : [];
    });
    this.#last = readings;
    return usages;
  }
}

function toReading(params: DomainStats['params'], atMs: number): Reading {
  const sum = (prefix: string, suffix: string): number =>
    Object.entries(params)
      .filter(([key]) => key.startsWith(`${prefix}.`) && key.endsWith(`.${suffix}`))
      .reduce((total, [, value]) => total + Number(value), 0);
  return {
    atMs,
    cpuNs: Number(params['cpu.time'] ?? 0),
    memoryKiB: Number(params['balloon.rss'] ?? params['balloon.current'] ?? 0),
    diskRead: sum('block', 'rd.bytes'),
    diskWrite: sum('block', 'wr.bytes'),
    netRx: sum('net', 'rx.bytes'),
    netTx: sum('net', 'tx.bytes'),
  };
}

function toUsage(uuid: string, before: Reading, now: Reading): Usage {
  const seconds = Math.max(0.001, (now.atMs - before.atMs) / 1000);
  // A machine that was started anew counts from 0 again.
  const rate = (key: Exclude<keyof Reading, 'atMs'>): number =>
    Math.max(0, Math.round((now[key] - before[key]) / seconds));
  return {
    id: vmId(uuid),
    cpu: Math.round(rate('cpuNs') / 1e7) / 100,
    memoryMiB: Math.round(now.memoryKiB / 1024),
    diskReadBps: rate('diskRead'),
    diskWriteBps: rate('diskWrite'),
    netRxBps: rate('netRx'),
    netTxBps: rate('netTx'),
  };
}
